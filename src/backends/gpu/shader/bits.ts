/** Floats taken apart and put together as integers, which no compiler rounds, flushes or assumes away. */
export const bits = {
  /** A float with these bits. The argument of a call is no constant, so WGSL lets it be infinite or NaN. */
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

  /** Zero, or the sign bit. */
  nd_sign_bit: `fn nd_sign_bit(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x80000000u;
}`,

  /** By its bits: compilers that assume that there is no NaN drop x != x. */
  nd_isnan: `fn nd_isnan(x: f32) -> bool {
  return nd_magnitude(x) > 0x7f800000u;
}`,

  /** m 2^(e - 150) as bits, exactly; 0 < m < 2^24 and e >= 1, the result finite. */
  nd_compose: `fn nd_compose(m: u32, e: i32) -> u32 {
  let u: u32 = bitcast<u32>(f32(m));
  let exponent: i32 = i32(u >> 23u) + e - 150;
  return select(m << (u32(e - 1) & 31u), (u & 0x7fffffu) | (u32(exponent) << 23u), exponent > 0);
}`,

  /** Significand of a magnitude's bits as an integer: the number is this times 2^(max(exponent, 1) - 150). */
  nd_significand: `fn nd_significand(m: u32) -> u32 {
  return select((m & 0x7fffffu) | 0x800000u, m, m < 0x800000u);
}`,

  /**
   * The bits of a positive number as if there were no denormals: their exponent field goes on below 0. So v
   * >> 23 is the exponent, biased by 127, and the lowest 23 bits are the fraction, of every number but 0.
   */
  nd_lift: `fn nd_lift(m: u32) -> i32 {
  return select(i32(m), bitcast<i32>(f32(m)) - 1249902592, m < 0x800000u);
}`,

  /** x 2^k by the bits, for a normal x; infinite above the range, rounded to a denormal below it. */
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
