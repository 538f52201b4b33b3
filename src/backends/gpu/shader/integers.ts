/**
 * The integer operations as src/ir/expr.ts defines them, and random words. Division uses magnitudes: `%` of negative
 * numbers and division by zero are undefined in GLSL and defined differently in WGSL.
 */
export const integers = {
  /** |a|, which is 2^31 for the smallest i32. */
  nd_size: `fn nd_size(a: i32) -> u32 {
  return u32(select(a, -a, a < 0));
}`,

  nd_abs_i32: `fn nd_abs_i32(a: i32) -> i32 {
  return select(a, -a, a < 0);
}`,

  nd_sign_i32: `fn nd_sign_i32(a: i32) -> i32 {
  return select(a >> 31u, 1, a > 0);
}`,

  nd_div_u32: `fn nd_div_u32(a: u32, b: u32) -> u32 {
  return select(a / max(b, 1u), 0u, b == 0u);
}`,

  nd_mod_u32: `fn nd_mod_u32(a: u32, b: u32) -> u32 {
  return a % max(b, 1u);
}`,

  /** The smallest i32 divided by -1 wraps to itself. */
  nd_div_i32: `fn nd_div_i32(a: i32, b: i32) -> i32 {
  let q: i32 = i32(nd_div_u32(nd_size(a), nd_size(b)));
  return select(q, -q, (a ^ b) < 0);
}`,

  nd_mod_i32: `fn nd_mod_i32(a: i32, b: i32) -> i32 {
  let r: i32 = i32(nd_mod_u32(nd_size(a), nd_size(b)));
  let rest: i32 = select(r, -r, a < 0);
  return select(rest, rest + b, rest != 0 && (rest ^ b) < 0);
}`,

  /** The upper 32 bits of a product, from products of 16-bit halves. */
  nd_high: `fn nd_high(a: u32, b: u32) -> u32 {
  let a0: u32 = a & 0xffffu;
  let a1: u32 = a >> 16u;
  let b0: u32 = b & 0xffffu;
  let b1: u32 = b >> 16u;
  let middle: u32 = a1 * b0 + ((a0 * b0) >> 16u);
  let other: u32 = a0 * b1 + (middle & 0xffffu);
  return a1 * b1 + (middle >> 16u) + (other >> 16u);
}`,

  /** Word i of the stream that `fillBits` in src/ir/philox.ts generates. */
  nd_philox: `fn nd_philox(i: u32, c1: u32, c2: u32, c3: u32, key0: u32, key1: u32) -> u32 {
  var a: u32 = i >> 2u;
  var b: u32 = c1;
  var c: u32 = c2;
  var d: u32 = c3;
  var k0: u32 = key0;
  var k1: u32 = key1;
  for (var n: i32 = 0; n < 10; n += 1) {
    let mixed0: u32 = nd_high(0xcd9e8d57u, c) ^ b ^ k0;
    let mixed2: u32 = nd_high(0xd2511f53u, a) ^ d ^ k1;
    b = 0xcd9e8d57u * c;
    d = 0xd2511f53u * a;
    a = mixed0;
    c = mixed2;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  let word: u32 = i & 3u;
  return select(select(a, b, word == 1u), select(c, d, word == 3u), word > 1u);
}`,
};
