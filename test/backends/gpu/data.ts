import type { DType, TypedArray } from '../../../src/ir/dtype.ts';
import { dtypes } from '../../../src/ir/dtype.ts';
import { sizeOf } from '../../../src/ir/view.ts';
import { fromArray } from '../../../src/tensor/creation.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

/** A generator of numbers in [0, 1), determined by the seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A leaf with random elements. */
export function made(
  shape: readonly number[],
  seed: number,
  element: (random: () => number, i: number) => number = (random) => 4 * random() - 2,
  dtype: DType = 'float32',
): Tensor {
  const random = randomNumbers(seed);
  const data: TypedArray = dtypes[dtype].allocate(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = element(random, i);
  return fromArray(data, shape, dtype);
}

/** A random int32 of the whole range. */
export const anyInteger = (random: () => number): number => Math.floor(random() * 2 ** 32) - 2 ** 31;

/** A random whole number from `from` to `to`, both included. */
export const whole =
  (from: number, to: number) =>
  (random: () => number): number =>
    from + Math.floor(random() * (to - from + 1));
