/** Logarithms and powers. The device's log may have an error of 2^-21 near 1, and its pow uses log2 and exp2. */
export const logarithm = {
  /**
   * The n of x = 2^n f with sqrt(1/2) <= f < sqrt(2), from the result of `nd_lift` for x > 0. 0x3f3504f3 are the
   * bits of sqrt(1/2). Source: FreeBSD's msun, e_logf.c.
   */
  nd_log_count: `fn nd_log_count(v: i32) -> i32 {
  return (v - 0x3f3504f3) >> 23u;
}`,

  /**
   * n ln 2 + ln(1 + f) for 1 + f between sqrt(1/2) and sqrt(2). Polynomial: Cephes 2.2 (S. L. Moshier, 1992), logf.c.
   */
  nd_log_sum: `fn nd_log_sum(n: i32, f: f32) -> f32 {
  let z: f32 = f * f;
  let low: f32 = ((7.0376836292e-2 * f - 1.1514610310e-1) * f + 1.1676998740e-1) * f - 1.2420140846e-1;
  let middle: f32 = ((low * f + 1.4249322787e-1) * f - 1.6668057665e-1) * f + 2.0000714765e-1;
  let tail: f32 = f * z * ((middle * f - 2.4999993993e-1) * f + 3.3333331174e-1) - 0.5 * z;
  let k: f32 = f32(n);
  return k * 0.693359375 + (f + (tail - k * 2.12194440e-4));
}`,

  nd_log: `fn nd_log(x: f32) -> f32 {
  let u: u32 = bitcast<u32>(x);
  if (nd_magnitude(x) == 0u) {
    return nd_bits(0xff800000u);
  }
  if (u > 0x7f800000u) {
    return nd_nan();
  }
  if (u == 0x7f800000u) {
    return x;
  }
  let v: i32 = nd_lift(u);
  let n: i32 = nd_log_count(v);
  return nd_log_sum(n, bitcast<f32>(v - n * 8388608) - 1.0);
}`,

  /** Where 1 + x needs no scaling, ln(1 + x) is computed from x itself. Below 2^-25 it is x. */
  nd_log1p: `fn nd_log1p(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  let u: u32 = bitcast<u32>(x);
  if (m < 0x33000000u || m > 0x7f800000u || u == 0x7f800000u) {
    return x;
  }
  if (u == 0xbf800000u) {
    return nd_bits(0xff800000u);
  }
  if (u > 0xbf800000u) {
    return nd_nan();
  }
  let v: i32 = bitcast<i32>(1.0 + x);
  let n: i32 = nd_log_count(v);
  return nd_log_sum(n, select(bitcast<f32>(v - n * 8388608) - 1.0, x, n == 0));
}`,

  /** The parity of a number from the bits of its magnitude: 0 for no integer, 1 for odd, 2 for even. */
  nd_parity: `fn nd_parity(m: u32) -> i32 {
  if (m >= 0x4b800000u) {
    return 2;
  }
  if (m < 0x3f800000u) {
    return 0;
  }
  let places: u32 = 150u - (m >> 23u);
  let significand: u32 = nd_significand(m);
  if ((significand & ((1u << places) - 1u)) != 0u) {
    return 0;
  }
  return 2 - i32((significand >> places) & 1u);
}`,

  /**
   * log2(1 + f) / f in units of 2^-31, from f in units of 2^-24, for 1 + f between sqrt(1/2) and sqrt(2). It is
   * (1 - f/2 + f^2/3) / ln 2 - f^3 T(f). Only the last term is computed in floats. T is a minimax fit by Lawson's
   * iteration on 400 Chebyshev nodes; the error of the term is below 2^-30.
   */
  nd_log2_slope: `fn nd_log2_slope(units: i32) -> u32 {
  let f: f32 = f32(units) * 5.9604644775390625e-8;
  let low: f32 = ((0.089038014 * f - 0.15307136) * f + 0.15439872) * f - 0.15912376;
  let middle: f32 = ((low * f + 0.17951193) * f - 0.20611237) * f + 0.2404728;
  let last: f32 = f * f * f * ((middle * f - 0.2885392) * f + 0.3606736);
  let size: u32 = nd_size(units) << 8u;
  let second: i32 = i32(nd_high(size, 0xb8aa3b29u) >> 1u);
  let third: u32 = nd_high(nd_high(size, size), 0x7b1c2771u) >> 1u;
  let rest: i32 = select(second, -second, units > 0) - i32(last * 2147483648.0);
  return 0xb8aa3b29u + third + u32(rest);
}`,

  /** Word i of a number with three words, the lowest first; 0 for i > 2. */
  nd_word: `fn nd_word(i: u32, w0: u32, w1: u32, w2: u32) -> u32 {
  return select(select(w0, w1, i == 1u), select(w2, 0u, i > 2u), i > 1u);
}`,

  /**
   * 2^(y log2 x) for x > 0, from the bits of x and |y|; `negative` is y < 0. log2 x is an integer in units of 2^-55. Its
   * product with the significand of y has 87 bits, of which those around the binary point are used: in float32 the
   * exponent of a power near 2^128 would have an error of 2^-17.
   */
  nd_pow_size: `fn nd_pow_size(x: u32, y: u32, negative: bool) -> f32 {
  let v: i32 = nd_lift(x);
  let n: i32 = nd_log_count(v);
  let units: i32 = i32((bitcast<f32>(v - n * 8388608) - 1.0) * 16777216.0);
  let slope: u32 = nd_log2_slope(units);
  var lo: u32 = nd_size(units) * slope;
  var hi: u32 = nd_high(nd_size(units), slope);
  if (units < 0) {
    hi = 0u - hi - select(0u, 1u, lo != 0u);
    lo = 0u - lo;
  }
  hi += u32(n) << 23u;
  let below: bool = (hi & 0x80000000u) != 0u;
  if (below) {
    hi = 0u - hi - select(0u, 1u, lo != 0u);
    lo = 0u - lo;
  }
  let down: bool = below != negative;
  let e: i32 = i32(y >> 23u) - 127;
  let power: f32 = f32(hi) * 1.1920928955078125e-7 + f32(lo) * 2.7755575615628914e-17;
  if (e > 31 || (e > -40 && power * nd_bits(y) > 200.0)) {
    return select(nd_inf(), 0.0, down);
  }
  if (e < -39) {
    return 1.0;
  }
  let factor: u32 = nd_significand(y);
  let w0: u32 = lo * factor;
  let carry: u32 = nd_high(lo, factor);
  let w1: u32 = hi * factor + carry;
  let w2: u32 = nd_high(hi, factor) + select(0u, 1u, w1 < carry);
  let places: u32 = u32(46 - e);
  let word: u32 = places >> 5u;
  let bit: u32 = places & 31u;
  let a: u32 = nd_word(word, w0, w1, w2);
  let b: u32 = nd_word(word + 1u, w0, w1, w2);
  let c: u32 = nd_word(word + 2u, w0, w1, w2);
  let fraction: u32 = (a >> bit) | ((b << 1u) << (31u - bit));
  let count: i32 = i32(((b >> bit) | ((c << 1u) << (31u - bit))) + (fraction >> 31u));
  let r: f32 = f32(bitcast<i32>(fraction)) * 1.6138590e-10;
  return nd_scale(1.0 + nd_exp_part(select(r, -r, down)), select(count, -count, down));
}`,

  /** x^y, with the special values of C99, F.9.4.4. */
  nd_pow: `fn nd_pow(x: f32, y: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  let n: u32 = nd_magnitude(y);
  if (n == 0u || bitcast<u32>(x) == 0x3f800000u) {
    return 1.0;
  }
  if (m > 0x7f800000u || n > 0x7f800000u) {
    return nd_nan();
  }
  let parity: i32 = nd_parity(n);
  let s: u32 = select(0u, nd_sign_bit(x), parity == 1);
  let negative: bool = nd_sign_bit(y) != 0u;
  if (m == 0u || m == 0x7f800000u) {
    return nd_bits(select(s, s | 0x7f800000u, (m == 0u) == negative));
  }
  if (m == 0x3f800000u && parity != 0) {
    return nd_bits(s | 0x3f800000u);
  }
  if (n == 0x7f800000u) {
    return nd_bits(select(0u, 0x7f800000u, (m < 0x3f800000u) == negative));
  }
  if (parity == 0 && nd_sign_bit(x) != 0u) {
    return nd_nan();
  }
  return nd_bits(s | bitcast<u32>(nd_pow_size(m, n, negative)));
}`,
};
