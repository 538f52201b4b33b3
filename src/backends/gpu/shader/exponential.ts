/**
 * exp, expm1, tanh and erf. Polynomials: Cephes 2.2 (S. L. Moshier, 1992), single precision: expf.c, tanhf.c, ndtrf.c.
 *
 * Compilers may fuse a * b + c and reorder sums of floats. So no sum here depends on the order of its terms, and every
 * step that must be exact uses integers. The device's own exp may have an error of 3 + 2 |x| units in the last place,
 * and its tanh may be NaN for large arguments.
 */
export const exponential = {
  /** The integer nearest to x / ln 2; |x| < 2^7. */
  nd_exp_count: `fn nd_exp_count(x: f32) -> i32 {
  return i32(floor(x * 1.44269504 + 0.5));
}`,

  /**
   * x - n ln 2, in integers of 2^-24 units; the difference of ln 2 to 11629080 units is subtracted as a float. A
   * float of at least 1/2 is a whole number of units. Smaller ones lose half a unit at most, and none for n = 0,
   * where the result is x.
   */
  nd_exp_rest: `fn nd_exp_rest(x: f32, n: i32) -> f32 {
  let units: i32 = i32(x * 16777216.0) - n * 11629080;
  return select(f32(units) * 5.9604644775390625e-8 + f32(n) * 1.9046543e-9, x, n == 0);
}`,

  /** e^r - 1 for |r| <= ln(2) / 2. */
  nd_exp_part: `fn nd_exp_part(r: f32) -> f32 {
  let low: f32 = ((1.9875691500e-4 * r + 1.3981999507e-3) * r + 8.3334519073e-3) * r;
  return r + r * r * (((low + 4.1665795894e-2) * r + 1.6666665459e-1) * r + 5.0000001201e-1);
}`,

  nd_exp: `fn nd_exp(x: f32) -> f32 {
  if (nd_isnan(x)) {
    return x;
  }
  if (x > 88.8) {
    return nd_inf();
  }
  if (x < -104.0) {
    return 0.0;
  }
  let n: i32 = nd_exp_count(x);
  return nd_scale(1.0 + nd_exp_part(nd_exp_rest(x, n)), n);
}`,

  /**
   * e^x - 1 = 2^n (e^r - 1) + (2^n - 1). For n = 0 it is e^r - 1 alone, since a compiler could reorder the sum and
   * lose all digits. Below 2^-25 it is x, which keeps denormals and -0.
   */
  nd_expm1: `fn nd_expm1(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  if (m < 0x33000000u || m > 0x7f800000u) {
    return x;
  }
  if (x > 88.8) {
    return nd_inf();
  }
  if (x < -17.4) {
    return -1.0;
  }
  let n: i32 = nd_exp_count(x);
  let part: f32 = nd_exp_part(nd_exp_rest(x, n));
  if (n == 0) {
    return part;
  }
  if (n > 30) {
    return nd_scale(1.0 + part, n);
  }
  let power: f32 = bitcast<f32>((n + 127) << 23u);
  return power * part + (power - 1.0);
}`,

  /** x + x^3 P(x^2) up to 0.625, then 1 - 2 / (e^2x + 1), and 1 from 9.02 on. */
  nd_tanh: `fn nd_tanh(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  if (m < 0x39800000u || m > 0x7f800000u) {
    return x;
  }
  let size: f32 = nd_bits(m);
  var y: f32 = 1.0;
  if (size < 0.625) {
    let z: f32 = size * size;
    let low: f32 = ((-5.70498872745e-3 * z + 2.06390887954e-2) * z - 5.37397155531e-2) * z;
    y = size + size * z * ((low + 1.33314422036e-1) * z - 3.33332819422e-1);
  } else if (size < 9.02) {
    y = 1.0 - 2.0 / (nd_exp(2.0 * size) + 1.0);
  }
  return nd_bits(nd_sign_bit(x) | bitcast<u32>(y));
}`,

  /** 1 / (1 + e^-x); e^x where that is the same, since e^-x overflows. */
  nd_sigmoid: `fn nd_sigmoid(x: f32) -> f32 {
  if (x < -80.0) {
    return nd_exp(x);
  }
  return 1.0 / (1.0 + nd_exp(-x));
}`,

  /** max(x, 0) + log(1 + e^-|x|) */
  nd_softplus: `fn nd_softplus(x: f32) -> f32 {
  let y: f32 = nd_log1p(nd_exp(-nd_abs(x)));
  return select(y, x + y, x > 0.0);
}`,

  /**
   * x T(x^2) up to 1, then 1 - erfc(x) with erfc(x) = e^(-x^2) P(1/x^2) / x, and 1 from 4 on. Near the denormals it
   * is computed on the bits.
   */
  nd_erf: `fn nd_erf(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  if (m == 0u || m > 0x7f800000u) {
    return x;
  }
  let size: f32 = nd_bits(m);
  let z: f32 = size * size;
  var y: f32 = 1.0;
  if (m < 0x0d000000u) {
    let v: i32 = nd_lift(m);
    y = nd_scale(bitcast<f32>((v & 0x7fffff) | 0x3f800000) * 1.128379167, (v >> 23u) - 127);
  } else if (size < 1.0) {
    let low: f32 = ((7.853861353153693e-5 * z - 8.010193625184903e-4) * z + 5.188327685732524e-3) * z;
    let middle: f32 = ((low - 2.685381193529856e-2) * z + 1.128358514861418e-1) * z;
    y = size * ((middle - 3.761262582423300e-1) * z + 1.128379165726710);
  } else if (size < 4.0) {
    let q: f32 = 1.0 / size;
    let t: f32 = q * q;
    var p: f32 = 0.0;
    if (size < 2.0) {
      p = (((2.326819970068386e-2 * t - 1.387039388740657e-1) * t + 3.687424674597105e-1) * t
        - 5.824733027278666e-1) * t + 6.210004621745983e-1;
      p = (((p * t - 4.944515323274145e-1) * t + 3.404879937665872e-1) * t - 2.741127028184656e-1) * t
        + 5.638259427386472e-1;
    } else {
      p = ((-1.047766399936249e+1 * t + 1.297719955372516e+1) * t - 7.495518717768503) * t
        + 2.921019019210786;
      p = (((p * t - 1.015265279202700) * t + 4.218463358204948e-1) * t - 2.820767439740514e-1) * t
        + 5.641895067754075e-1;
    }
    y = 1.0 - nd_exp(-z) * q * p;
  }
  return nd_bits(nd_sign_bit(x) | bitcast<u32>(y));
}`,
};
