/**
 * The float operations as src/ir/expr.ts defines them. Comparisons and the functions that need them use the bits, since
 * a compiler may assume that there is no NaN and turn a < b into !(a >= b), and devices may treat a denormal as zero.
 */
export const floats = {
  /** Maps floats to integers with the same order. Both zeros have the same integer. */
  nd_key: `fn nd_key(x: f32) -> i32 {
  let i: i32 = bitcast<i32>(x);
  return select(i, -(i & 0x7fffffff), i < 0);
}`,

  nd_lt: `fn nd_lt(a: f32, b: f32) -> bool {
  return nd_key(a) < nd_key(b) && !nd_isnan(a) && !nd_isnan(b);
}`,

  nd_le: `fn nd_le(a: f32, b: f32) -> bool {
  return nd_key(a) <= nd_key(b) && !nd_isnan(a) && !nd_isnan(b);
}`,

  /** Only a NaN with the same bits could compare as equal, so one NaN test is enough. */
  nd_eq: `fn nd_eq(a: f32, b: f32) -> bool {
  return nd_key(a) == nd_key(b) && !nd_isnan(a);
}`,

  nd_ne: `fn nd_ne(a: f32, b: f32) -> bool {
  return nd_key(a) != nd_key(b) || nd_isnan(a);
}`,

  /** `nd_key` with -0 below +0. */
  nd_order: `fn nd_order(x: f32) -> i32 {
  let i: i32 = bitcast<i32>(x);
  return i ^ ((i >> 31u) & 0x7fffffff);
}`,

  nd_max: `fn nd_max(a: f32, b: f32) -> f32 {
  let u: u32 = select(bitcast<u32>(b), bitcast<u32>(a), nd_order(a) > nd_order(b));
  return nd_bits(select(u, 0x7fc00000u, nd_isnan(a) || nd_isnan(b)));
}`,

  nd_min: `fn nd_min(a: f32, b: f32) -> f32 {
  let u: u32 = select(bitcast<u32>(b), bitcast<u32>(a), nd_order(a) < nd_order(b));
  return nd_bits(select(u, 0x7fc00000u, nd_isnan(a) || nd_isnan(b)));
}`,

  nd_abs: `fn nd_abs(x: f32) -> f32 {
  return nd_bits(nd_magnitude(x));
}`,

  /** Zeros of either sign and NaN are returned unchanged. */
  nd_sign: `fn nd_sign(x: f32) -> f32 {
  let keeps: bool = nd_magnitude(x) == 0u || nd_isnan(x);
  return nd_bits(select(nd_sign_bit(x) | 0x3f800000u, bitcast<u32>(x), keeps));
}`,

  nd_floor: `fn nd_floor(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  let s: u32 = nd_sign_bit(x);
  let u: u32 = bitcast<u32>(floor(x)) | s;
  return nd_bits(select(u, select(s, 0xbf800000u, m != 0u && s != 0u), m < 0x800000u));
}`,

  nd_ceil: `fn nd_ceil(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  let s: u32 = nd_sign_bit(x);
  let u: u32 = bitcast<u32>(ceil(x)) | s;
  return nd_bits(select(u, select(s, 0x3f800000u, m != 0u && s == 0u), m < 0x800000u));
}`,

  /** Rounds half to even. From 2^23 on every float is an integer. */
  nd_round: `fn nd_round(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  if (m >= 0x4b000000u) {
    return x;
  }
  let whole: i32 = i32(nd_bits(m));
  let part: f32 = nd_bits(m) - f32(whole);
  let up: bool = part > 0.5 || (part == 0.5 && (whole & 1) == 1);
  return nd_bits(nd_sign_bit(x) | bitcast<u32>(f32(select(whole, whole + 1, up))));
}`,

  nd_sqrt: `fn nd_sqrt(x: f32) -> f32 {
  let u: u32 = bitcast<u32>(x);
  if (nd_magnitude(x) == 0u || u == 0x7f800000u) {
    return x;
  }
  if (u > 0x7f800000u) {
    return nd_nan();
  }
  if (u < 0x800000u) {
    return sqrt(f32(u) * 2.0) * 2.6469779601696886e-23;
  }
  return sqrt(x);
}`,

  /**
   * Uses the division of the device unless it could flush the reciprocal of b or a denormal argument to zero, which is
   * rare.
   */
  nd_div_f32: `fn nd_div_f32(a: f32, b: f32) -> f32 {
  let m: u32 = nd_magnitude(a);
  let n: u32 = nd_magnitude(b);
  if (n >= 0x800000u && n < 0x7e800000u && (m >= 0x800000u || m == 0u) && m < 0x7f800000u) {
    return a / b;
  }
  let s: u32 = nd_sign_bit(a) ^ nd_sign_bit(b);
  if (m > 0x7f800000u || n > 0x7f800000u || (m == n && (m == 0u || m == 0x7f800000u))) {
    return nd_nan();
  }
  if (m == 0x7f800000u || n == 0u) {
    return nd_bits(s | 0x7f800000u);
  }
  if (m == 0u || n == 0x7f800000u) {
    return nd_bits(s);
  }
  let i: i32 = nd_lift(m);
  let j: i32 = nd_lift(n);
  let x: f32 = bitcast<f32>((i & 0x7fffff) | 0x3f800000);
  let y: f32 = bitcast<f32>((j & 0x7fffff) | 0x3f800000);
  return nd_bits(s | bitcast<u32>(nd_scale(x / y, (i >> 23u) - (j >> 23u))));
}`,

  /**
   * Exact, by long division of the significands. As in Python the remainder has the sign of the divisor, and a finite
   * number modulo an infinite one of the other sign is infinite.
   */
  nd_mod_f32: `fn nd_mod_f32(a: f32, b: f32) -> f32 {
  let m: u32 = nd_magnitude(a);
  let n: u32 = nd_magnitude(b);
  let s: u32 = nd_sign_bit(b);
  let differ: bool = nd_sign_bit(a) != s;
  if (m >= 0x7f800000u || n > 0x7f800000u || n == 0u) {
    return nd_nan();
  }
  if (m == 0u) {
    return nd_bits(s);
  }
  let e: i32 = max(i32(n >> 23u), 1);
  var left: i32 = max(i32(m >> 23u), 1) - e;
  if (left < 0) {
    if (n < 0x0d000000u && differ) {
      let unit: i32 = max(i32(m >> 23u), 1);
      let sum: f32 = f32(nd_significand(n)) * f32(1u << u32(-left)) - f32(nd_significand(m));
      return nd_bits(s | bitcast<u32>(nd_scale(sum, unit - 150)));
    }
    return select(a, a + b, differ);
  }
  let divisor: u32 = nd_significand(n);
  var rest: u32 = nd_significand(m) % divisor;
  while (left > 0) {
    let count: i32 = min(left, 8);
    rest = (rest << u32(count)) % divisor;
    left -= count;
  }
  if (rest == 0u) {
    return nd_bits(s);
  }
  return nd_bits(s | nd_compose(select(rest, divisor - rest, differ), e));
}`,

  /** Rounds toward zero, saturates, and gives 0 for NaN. */
  nd_f32_to_i32: `fn nd_f32_to_i32(x: f32) -> i32 {
  let m: u32 = nd_magnitude(x);
  if (m > 0x7f800000u) {
    return 0;
  }
  if (m >= 0x4f000000u) {
    return select(bitcast<i32>(0x80000000u), 0x7fffffff, nd_sign_bit(x) == 0u);
  }
  return i32(x);
}`,

  nd_f32_to_u32: `fn nd_f32_to_u32(x: f32) -> u32 {
  if (bitcast<i32>(x) < 0 || nd_isnan(x)) {
    return 0u;
  }
  if (nd_magnitude(x) >= 0x4f800000u) {
    return 0xffffffffu;
  }
  return u32(x);
}`,

  /** x != 0, so true for denormals and for NaN. */
  nd_f32_to_bool: `fn nd_f32_to_bool(x: f32) -> bool {
  return nd_magnitude(x) != 0u;
}`,
};
