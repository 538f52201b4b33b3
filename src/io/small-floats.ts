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

/** The codes of the nearest binary16 of float32 values, ties to even; infinity from 65520 on. */
export function halfCodes(values: Float32Array): Uint16Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const codes = new Uint16Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    const size = bits[i]! & 0x7fffffff;
    // From 2^-14 to below 65520 exponents differ by a constant. Below, binary16 are multiples of 2^-24, and so are float32
    // from 0.5 to 1.
    const code =
      size > 0x7f800000
        ? 0x7e00
        : size >= 0x477ff000
          ? 0x7c00
          : size >= 0x38800000
            ? (size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13
            : bitsOf(Math.abs(values[i]!) + 0.5) - 0x3f000000;
    codes[i] = ((bits[i]! >>> 16) & 0x8000) | code;
  }
  return codes;
}

/** The codes of the nearest bfloat16 of float32 values, ties to even. */
export function bfloat16Codes(values: Float32Array): Uint16Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const codes = new Uint16Array(values.length);
  for (let i = 0; i < codes.length; i++) {
    const b = bits[i]!;
    codes[i] = (b & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  }
  return codes;
}
