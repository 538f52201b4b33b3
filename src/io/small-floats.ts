// Floating-point numbers of 8 and 16 bits, by their codes. To read one, exponent and fraction are put at their places in a
// float32; multiplying by a power of two then corrects the bias of the exponent, which is exact.

const floats = /* @__PURE__ */ new Float32Array(1);
const integers = /* @__PURE__ */ new Int32Array(floats.buffer);

function float32(bits: number): number {
  integers[0] = bits;
  return floats[0]!;
}

function bitsOf(x: number): number {
  floats[0] = x;
  return integers[0]!;
}

const two48 = 0x1_0000_0000_0000;

/** IEEE 754 binary16. */
export function halfValue(code: number): number {
  const bits = ((code & 0x8000) << 16) | ((code & 0x7fff) << 13);
  return (code & 0x7c00) === 0x7c00 ? float32(bits | 0x7f800000) : float32(bits) * two48 * two48 * 0x10000;
}

/** The upper half of a float32. */
export const bfloat16Value = (code: number): number => float32(code << 16);

/** Sign, 4 bits of exponent, 3 of fraction; no infinities (Micikevicius et al. 2022, "FP8 formats for deep learning"). */
export const e4m3Value = (code: number): number =>
  (code & 0x7f) === 0x7f
    ? Number.NaN
    : float32(((code & 0x80) << 24) | ((code & 0x7f) << 20)) * two48 * two48 * 0x1000000;

/** A power of two from 2^-127 to 2^127 (OCP Microscaling Formats 1.0). */
export const e8m0Value = (code: number): number =>
  code === 255 ? Number.NaN : float32(code === 0 ? 0x400000 : code << 23);

/** The code of the nearest binary16 of a float32, ties to even; infinity from 65520 on. */
export function halfCode(x: number): number {
  const bits = bitsOf(x);
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(x);
  if (Number.isNaN(x)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 binary16 are multiples of 2^-24, and so are float32 from 0.5 to 1.
  if (size < 1 / 16384) return sign | (bitsOf(size + 0.5) - 0x3f000000);
  return sign | (((bits & 0x7fffffff) - 0x38000000 + 0xfff + ((bits >>> 13) & 1)) >>> 13);
}

/** The code of the nearest bfloat16 of a float32, ties to even. */
export function bfloat16Code(x: number): number {
  const bits = bitsOf(x);
  return Number.isNaN(x) ? 0x7fc0 : ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
