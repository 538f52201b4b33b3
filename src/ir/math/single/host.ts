import { type SingleArithmetic, SQRT_HALF, singleFormat } from '../arithmetic.ts';
import { powerOfTwo } from '../double/bits.ts';
import { numbers } from '../double/host.ts';

const round = Math.fround;
const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** Numbers that are float32. */
export const floats: SingleArithmetic<number, boolean> = {
  ...numbers,
  format: singleFormat,
  constant: round,
  add: (a, b) => round(a + b),
  sub: (a, b) => round(a - b),
  mul: (a, b) => round(a * b),
  div: (a, b) => round(a / b),
  split: (a) => {
    float[0] = a;
    const bits = word[0]! - SQRT_HALF;
    word[0] = (bits & 0x7fffff) + SQRT_HALF;
    return { k: bits >> 23, fraction: float[0] };
  },
  powerOfTwo: (n) => round(powerOfTwo(n)),
  scale: (a, k) => round(a * powerOfTwo(k)),
  quarterTurns: (n, sine, cosine) => {
    const y = n & 1 ? cosine : sine;
    return n & 2 ? -y : y;
  },
  withSign: (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : a),
  inDouble: (compute, ...args) => compute(numbers, ...args).map(round),
};
