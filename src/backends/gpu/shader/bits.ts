/** Functions on the bits of floats, as integers: compilers do not round or flush them, and make no assumptions about them. */
export const bits = {
  /** A float with these bits. WGSL rejects constants that are infinite or NaN, but a function argument is no constant. */
  nd_bits: `fn nd_bits(u: u32) -> f32 {
  return bitcast<f32>(u);
}`,

  nd_inf: `fn nd_inf() -> f32 {
  return nd_bits(0x7f800000u);
}`,

  nd_nan: `fn nd_nan() -> f32 {
  return nd_bits(0x7fc00000u);
}`,

  /** The bits of |x|. */
  nd_magnitude: `fn nd_magnitude(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x7fffffffu;
}`,

  /** The sign bit, in place. */
  nd_sign_bit: `fn nd_sign_bit(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x80000000u;
}`,

  /** Tests the bits, since compilers that assume that there is no NaN remove x != x. */
  nd_isnan: `fn nd_isnan(x: f32) -> bool {
  return nd_magnitude(x) > 0x7f800000u;
}`,

  /** The bits of m 2^(e - 150), exactly, for 0 < m < 2^24, e >= 1 and a finite result. */
  nd_compose: `fn nd_compose(m: u32, e: i32) -> u32 {
  let u: u32 = bitcast<u32>(f32(m));
  let exponent: i32 = i32(u >> 23u) + e - 150;
  return select(m << (u32(e - 1) & 31u), (u & 0x7fffffu) | (u32(exponent) << 23u), exponent > 0);
}`,

  /** The significand of a magnitude's bits as an integer: the number is this times 2^(max(exponent, 1) - 150). */
  nd_significand: `fn nd_significand(m: u32) -> u32 {
  return select((m & 0x7fffffu) | 0x800000u, m, m < 0x800000u);
}`,

  /**
   * The bits of a positive number as if denormals were normal, with exponent fields below 0. So for every
   * number but 0, v >> 23 is the exponent, biased by 127, and the lowest 23 bits are the fraction.
   */
  nd_lift: `fn nd_lift(m: u32) -> i32 {
  return select(i32(m), bitcast<i32>(f32(m)) - 1249902592, m < 0x800000u);
}`,

  /** x 2^k for a normal x, computed on the bits; infinite above the range, rounded to a denormal below it. */
  nd_scale: `fn nd_scale(x: f32, k: i32) -> f32 {
  let u: u32 = bitcast<u32>(x);
  let s: u32 = u & 0x80000000u;
  let e: i32 = i32((u >> 23u) & 255u) + k;
  if (e > 254) {
    return nd_bits(s | 0x7f800000u);
  }
  if (e > 0) {
    return nd_bits((u & 0x807fffffu) | (u32(e) << 23u));
  }
  let lost: u32 = u32(min(1 - e, 25));
  return nd_bits(s | ((((u & 0x7fffffu) | 0x800000u) + (1u << (lost - 1u))) >> lost));
}`,
};
