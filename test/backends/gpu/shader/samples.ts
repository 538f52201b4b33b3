import type { ScalarType } from '../../../../src/ir/dtype.ts';
import { fillBits } from '../../../../src/ir/philox.ts';

// Arguments for the shader functions as 32-bit words: special values, and random ones that are the same in every run.

const SPECIAL_FLOATS = [
  0,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  // Denormals, and the smallest and largest normal numbers.
  1.401298464324817e-45,
  -1e-44,
  1e-40,
  -1e-40,
  1.1754942106924411e-38,
  1.1754943508222875e-38,
  -1.1754943508222875e-38,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  1e30,
  // Where reciprocals are denormal.
  8.507059173023462e37,
  -1.7014118346046923e38,
  // Around one, halves, integers, odd and even, up to those that are all even.
  1,
  -1,
  0.9999999403953552,
  -1.0000001192092896,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  2,
  3,
  -3,
  -7.25,
  8388607.5,
  -16777215,
  16777216,
  // Beyond 32-bit integers.
  2147483520,
  -2147483648,
  4294967040,
  4294967296,
  -1e-5,
  // Around the ends of the range of exp, expm1, tanh and erf.
  88.72283172607422,
  88.7228469848633,
  -87.33654022216797,
  -103.97208404541016,
  -104,
  9.02,
  3.99,
];

const SPECIAL_INTEGERS = [
  0, 1, -1, 2, -2, 3, -7, 31, 32, 33, 255, 256, 65535, 65536, 65537, 16777217, -16777217,
];
const EXTREME_INTEGERS = [0x7fffffff, -0x80000000, -0x7fffffff, 0x7fffff80, 0x55555555, 0x40000000];

/** `count` random words of a stream. */
export function randomWords(count: number, stream: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(count);
  fillBits(words, 0, count, 20, 26, stream, 0, 0);
  return words;
}

export function bitsOf(values: ArrayLike<number>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(Float32Array.from(values).buffer);
}

/** Arguments of one function: `count` per parameter, starting with all combinations of special values. */
export function samples(types: readonly ScalarType[], count: number): Uint32Array<ArrayBuffer>[] {
  const columns = types.map(() => new Uint32Array(count));
  const special = types.map(specials);
  const combinations = special.reduce((product, values) => product * values.length, 1);
  const first = Math.min(combinations, count / 2);
  for (let i = 0, rest = 0; i < first; i++) {
    rest = i;
    for (const [k, values] of special.entries()) {
      columns[k]![i] = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
    }
  }
  for (const [k, type] of types.entries()) columns[k]!.set(random(type, count - first, k), first);
  if (types.join() === 'f32,f32') pairs(columns[0]!, columns[1]!, first);
  return columns;
}

function specials(type: ScalarType): ArrayLike<number> {
  if (type === 'bool') return [0, 1];
  if (type === 'f32') return bitsOf(SPECIAL_FLOATS);
  return Uint32Array.from([...SPECIAL_INTEGERS, ...EXTREME_INTEGERS], (value) => value >>> 0);
}

/** Random words, alternating with numbers of typical magnitudes. */
function random(type: ScalarType, count: number, stream: number): Uint32Array {
  const words = randomWords(count, stream);
  const [x] = [new Float32Array(1)];
  const bits = new Uint32Array(x.buffer);
  return words.map((word, i) => {
    if (type === 'bool') return word & 1;
    if (type !== 'f32') return i % 2 === 0 ? word : (word % 2001) - 1000;
    const unit = word / 2 ** 31 - 1;
    // In turn: any exponent; the range where exp is neither 0 nor infinite; near 0; multiples of pi/2; multiples of 1/2.
    if (i % 5 === 0) return word;
    if (i % 5 === 1) x[0] = unit * 105;
    if (i % 5 === 2) x[0] = unit * 2;
    if (i % 5 === 3) x[0] = Math.round(unit * 1000) * (Math.PI / 2);
    if (i % 5 === 4) x[0] = Math.round(unit * 20) / 2;
    return bits[0]!;
  });
}

/** Replaces every second random pair by one that is hard for pow, div or mod. */
function pairs(a: Uint32Array<ArrayBuffer>, b: Uint32Array<ArrayBuffer>, first: number): void {
  const [x, y] = [new Float32Array(a.buffer), new Float32Array(b.buffer)];
  for (let i = first; i < a.length; i += 2) {
    const kind = (i >> 1) % 4;
    const unit = (Math.imul(b[i]!, 0x9e3779b9) >>> 0) / 2 ** 32;
    // Powers of any magnitude, with any base and with a base near 1.
    if (kind < 2) {
      a[i] = kind === 0 ? a[i]! & 0x7fffffff : 0x3f7f0000 + (a[i]! & 0x1ffff);
      y[i] = ((unit - 0.5) * 280) / Math.log2(x[i]!);
    }
    // Similar exponents, and denormals.
    if (kind === 2) b[i] = (b[i]! & 0x807fffff) | (a[i]! & 0x7f800000);
    if (kind === 3) {
      a[i] = a[i]! & 0x81ffffff;
      b[i] = b[i]! & 0x81ffffff;
    }
  }
}
