/** Sine and cosine of every float. WGSL allows the device's own an error of 2^-11, and any result for |x| > pi. */
export const trigonometric = {
  /**
   * Reduces |x| = n pi/2 + r, from the bits of |x| >= pi/4, to (r, n modulo 4). Computes x / (2 pi) in integers from the
   * bits of 1 / (2 pi) that contribute less than a full turn: M. H. Payne and R. N. Hanek, "Radian reduction for
   * trigonometric functions", SIGNUM Newsletter 18 (1983). 62 bits of the quarter turn are enough for every float.
   */
  nd_quarters: `fn nd_quarters(m: u32) -> vec4<f32> {
  let a: u32 = (m << 8u) | 0x80000000u;
  let e: u32 = (m >> 23u) - 126u;
  let word: u32 = e >> 5u;
  let bit: u32 = e & 31u;
  var h: u32 = 0u;
  var i: u32 = 0x28be60dbu;
  var j: u32 = 0x9391054au;
  var k: u32 = 0x7f09d5f4u;
  if (word == 1u) {
    h = 0x28be60dbu;
    i = 0x9391054au;
    j = 0x7f09d5f4u;
    k = 0x7d4d3770u;
  } else if (word == 2u) {
    h = 0x9391054au;
    i = 0x7f09d5f4u;
    j = 0x7d4d3770u;
    k = 0x36d8a566u;
  } else if (word == 3u) {
    h = 0x7f09d5f4u;
    i = 0x7d4d3770u;
    j = 0x36d8a566u;
    k = 0x4f10e410u;
  } else if (word == 4u) {
    h = 0x7d4d3770u;
    i = 0x36d8a566u;
    j = 0x4f10e410u;
    k = 0x7f9458eau;
  }
  h = (h << bit) | ((i >> 1u) >> (31u - bit));
  i = (i << bit) | ((j >> 1u) >> (31u - bit));
  j = (j << bit) | ((k >> 1u) >> (31u - bit));
  let carry: u32 = nd_high(a, j);
  var lo: u32 = a * i + carry;
  let turn: u32 = a * h + nd_high(a, i) + select(0u, 1u, lo < carry);
  var n: u32 = turn >> 30u;
  var hi: u32 = turn & 0x3fffffffu;
  let over: bool = hi >= 0x20000000u;
  if (over) {
    n = (n + 1u) & 3u;
    hi = 0x40000000u - hi - select(0u, 1u, lo != 0u);
    lo = 0u - lo;
  }
  let r: f32 = (f32(hi) * 9.313225746154785e-10 + f32(lo) * 2.168404344971009e-19) * 1.57079632679;
  return vec4<f32>(select(r, -r, over), f32(n), 0.0, 0.0);
}`,

  /** sin(n pi/2 + r) for |r| <= pi/4. Polynomials: Cephes 2.2 (S. L. Moshier, 1992), sinf.c. */
  nd_quarter_sine: `fn nd_quarter_sine(r: f32, n: u32) -> f32 {
  let z: f32 = r * r;
  let sine: f32 = r + r * z * ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1);
  let tail: f32 = (2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2;
  let cosine: f32 = 1.0 - (0.5 * z - z * z * tail);
  let y: f32 = select(sine, cosine, (n & 1u) == 1u);
  return select(y, -y, (n & 2u) == 2u);
}`,

  /** sin(|x| + n pi/2) from the bits of |x|, finite. */
  nd_sine: `fn nd_sine(m: u32, n: u32) -> f32 {
  if (m < 0x3f490fdbu) {
    return nd_quarter_sine(nd_bits(m), n);
  }
  let q: vec4<f32> = nd_quarters(m);
  return nd_quarter_sine(q.x, u32(q.y) + n);
}`,

  nd_sin: `fn nd_sin(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  if (m < 0x39800000u) {
    return x;
  }
  if (m >= 0x7f800000u) {
    return nd_nan();
  }
  return nd_bits(nd_sign_bit(x) ^ bitcast<u32>(nd_sine(m, 0u)));
}`,

  nd_cos: `fn nd_cos(x: f32) -> f32 {
  let m: u32 = nd_magnitude(x);
  if (m >= 0x7f800000u) {
    return nd_nan();
  }
  return nd_sine(m, 1u);
}`,
};
