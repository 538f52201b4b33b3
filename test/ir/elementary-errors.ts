import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cosh,
  erfinv,
  setBackend,
  sinh,
  softplus,
  type Tensor,
  tan,
  tensor,
} from '../../src/index.ts';
import { erf } from '../../src/ir/math/index.ts';

/** An elementary function of float32 numbers, and what is promised of its results. */
export interface Promised {
  readonly apply: (x: Tensor) => Tensor;
  /** In double precision. */
  readonly exact: (x: number) => number;
  /** The largest error in units in the last place of the exact result. */
  readonly ulps: number;
  readonly monotone: boolean;
  /** f(-x) = -f(x), or f(-x) = f(x), bit by bit. */
  readonly parity?: 'odd' | 'even';
}

export const promised: Readonly<Record<string, Promised>> = {
  exp: { apply: (x) => x.exp(), exact: Math.exp, ulps: 1, monotone: true },
  expm1: { apply: (x) => x.expm1(), exact: Math.expm1, ulps: 2, monotone: false },
  log: { apply: (x) => x.log(), exact: Math.log, ulps: 1, monotone: true },
  log1p: { apply: (x) => x.log1p(), exact: Math.log1p, ulps: 1.5, monotone: false },
  tanh: { apply: (x) => x.tanh(), exact: Math.tanh, ulps: 1.5, monotone: true, parity: 'odd' },
  sigmoid: { apply: (x) => x.sigmoid(), exact: (x) => 1 / (1 + Math.exp(-x)), ulps: 2.5, monotone: true },
  softplus: {
    apply: softplus,
    exact: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    ulps: 3,
    monotone: false,
  },
  erf: { apply: (x) => x.erf(), exact: exactErf, ulps: 1.5, monotone: false, parity: 'odd' },
  sin: { apply: (x) => x.sin(), exact: Math.sin, ulps: 2.5, monotone: false, parity: 'odd' },
  cos: { apply: (x) => x.cos(), exact: Math.cos, ulps: 2.5, monotone: false, parity: 'even' },
  tan: { apply: tan, exact: Math.tan, ulps: 5, monotone: false, parity: 'odd' },
  asin: { apply: asin, exact: Math.asin, ulps: 3, monotone: false, parity: 'odd' },
  acos: { apply: acos, exact: Math.acos, ulps: 1.5, monotone: false },
  atan: { apply: atan, exact: Math.atan, ulps: 1.5, monotone: false, parity: 'odd' },
  sinh: { apply: sinh, exact: Math.sinh, ulps: 3, monotone: false, parity: 'odd' },
  cosh: { apply: cosh, exact: Math.cosh, ulps: 3, monotone: false, parity: 'even' },
  asinh: { apply: asinh, exact: Math.asinh, ulps: 2.5, monotone: false, parity: 'odd' },
  acosh: { apply: acosh, exact: Math.acosh, ulps: 2.5, monotone: false },
  atanh: { apply: atanh, exact: Math.atanh, ulps: 3, monotone: false, parity: 'odd' },
  erfinv: { apply: erfinv, exact: inverseOfErf, ulps: 6, monotone: false, parity: 'odd' },
};

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** erf in double precision; its series near 0, where two terms are exact, and beyond 6, where it is 1 to the last bit. */
function exactErf(x: number): number {
  const size = Math.abs(x);
  if (size < 1e-4) return TWO_OVER_ROOT_PI * x * (1 - (x * x) / 3);
  return size > 6 ? Math.sign(x) : erf(x);
}

/** Newton's method on erf, from an approximation by Winitzki (2008). */
function inverseOfErf(x: number): number {
  if (Math.abs(x) >= 1 || x === 0 || Number.isNaN(x))
    return Math.abs(x) === 1 ? x / 0 : x === 0 ? x : Number.NaN;
  const log = Math.log1p(-x * x);
  const half = 2 / (Math.PI * 0.147) + log / 2;
  let y = Math.sign(x) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
  if (Math.abs(x) < 1e-4) return (x * Math.sqrt(Math.PI)) / 2 + (x * x * x * Math.sqrt(Math.PI) ** 3) / 24;
  for (let i = 0; i < 6; i++) y -= ((erf(y) - x) * Math.sqrt(Math.PI) * Math.exp(y * y)) / 2;
  return y;
}

/** What was found over many arguments. */
export interface Found {
  /** The largest error in ulps, and where; 0 if all results are correctly rounded. */
  worst: number;
  at: number;
  arguments: number;
  /** Descriptions of wrong results, at most ten. */
  problems: string[];
}

/** Floats between 0 and Infinity, by their bits. */
const END = 0x7f800000;
const CHUNK = 1 << 22;
/** An ulp of a float, divided by the float, is larger. */
const leastUlp = 2 ** -24;
/** Adjacent numbers in a sample: functions must be monotone from one to the next. */
const ADJACENT = 16;

/**
 * Compares a function with its exact values in WebAssembly, at all float32 numbers or at 16 adjacent ones in every `stride`,
 * of both signs; at every `compareStride`th of them it also compares the bits of both CPU backends.
 */
export async function findErrors(name: string, stride: number, compareStride: number): Promise<Found> {
  const { apply, exact, ulps, monotone, parity } = promised[name]!;
  const found: Found = { worst: 0, at: 0, arguments: 0, problems: [] };
  const report = (problem: string): void => {
    if (found.problems.length < 10) found.problems.push(`${name}${problem}`);
  };
  const compare = (x: Float32Array, y: Float32Array): void => {
    for (let i = 0; i < x.length; i++) {
      const got = y[i]!;
      const wanted = exact(x[i]!);
      // An ulp is at least |wanted| / 2^24: most errors are certainly below the largest one so far.
      if (Math.abs(got - wanted) < Math.abs(wanted) * leastUlp * found.worst) continue;
      const error = Object.is(got, Math.fround(wanted)) ? 0 : errorOf(got, wanted);
      if (error > found.worst) Object.assign(found, { worst: error, at: x[i]! });
      // The exact values have errors of their own, far below 0.01 ulp.
      if (!(error <= ulps + 0.01)) report(`(${x[i]}) = ${got}, wanted ${wanted}: ${error} ulp`);
    }
  };
  const comparePair = (x: Float32Array, y: Float32Array, opposite: Float32Array): void => {
    for (let i = 0; i < x.length; i++) {
      const wanted = parity === 'odd' ? -y[i]! : y[i]!;
      if (!Object.is(opposite[i], wanted)) report(`(${-x[i]!}) = ${opposite[i]}, but (${x[i]}) = ${y[i]}`);
    }
  };
  const run = Math.min(stride, ADJACENT);
  const total = Math.ceil((END + 1) / stride) * run;
  const previous = [NaN, NaN];
  for (let start = 0; start < total; start += CHUNK) {
    const count = Math.min(CHUNK, total - start);
    const bits = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const number = start + i;
      const place = stride === 1 ? number : Math.floor(number / run) * stride + (number % run);
      bits[i] = Math.min(place, END);
    }
    // The last argument of all is infinite.
    if (start + count === total) bits[count - 1] = END;
    const positive = new Float32Array(bits.buffer);
    const values: Float32Array[] = [];
    for (const sign of [0, 1]) {
      const x = sign === 0 ? positive : positive.map((a) => -a);
      const y = await on('wasm', x, apply);
      values.push(y);
      if (sign === 1 && parity !== undefined) comparePair(positive, values[0]!, y);
      else compare(x, y);
      for (let i = 0; monotone && i < count; i++) {
        const got = y[i]!;
        if (sign === 0 ? got < previous[0]! : got > previous[1]!) {
          report(`(${x[i]}) = ${got}, not monotone: it is ${previous[sign]} for the number before`);
        }
        previous[sign] = got;
      }
      const few = new Float32Array(Math.ceil(count / compareStride));
      for (let i = 0; i < few.length; i++) few[i] = x[i * compareStride]!;
      const reference = await on('js', few, apply);
      for (let i = 0; i < few.length; i++) {
        const got = y[i * compareStride]!;
        if (!Object.is(got, reference[i])) report(`(${few[i]}) = ${got}, on the js backend ${reference[i]}`);
      }
    }
    found.arguments += 2 * count;
  }
  return found;
}

async function on(
  backend: 'js' | 'wasm',
  x: Float32Array,
  apply: (x: Tensor) => Tensor,
): Promise<Float32Array> {
  await setBackend(backend);
  return apply(tensor(x)).dataSync() as Float32Array;
}

const scratch = new DataView(new ArrayBuffer(8));

/**
 * |got - wanted| in units in the last place of `wanted` as float32, for results that are not correctly rounded; Infinity for a
 * wrong NaN, infinity or sign of zero.
 */
function errorOf(got: number, wanted: number): number {
  if (wanted === 0 || !Number.isFinite(wanted) || Number.isNaN(got)) return Infinity;
  // Beyond the range the next number is 2^128, which Infinity stands for.
  const limit = 2 ** 128;
  const value = Math.max(-limit, Math.min(limit, got));
  const target = Math.max(-limit, Math.min(limit, wanted));
  scratch.setFloat64(0, target);
  const exponent = Math.min(((scratch.getInt32(0) >>> 20) & 2047) - 1023, 127);
  return Math.abs(value - target) / 2 ** Math.max(exponent - 23, -149);
}
