import { concat } from '../tensor/ops/arrangement/join.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Refusal, type Settings } from './settings.ts';

/** A layer that makes one tensor of several. */
export type Merge = (inputs: readonly Tensor[]) => Tensor;

const fold = (join: (a: Tensor, b: Tensor) => Tensor) => (): Merge => (inputs) => inputs.reduce(join);

const sum = (inputs: readonly Tensor[]): Tensor => inputs.reduce((a, b) => a.add(b));

/** The layers with several inputs, by Keras's classes. */
export const merges: Readonly<Record<string, (settings: Settings) => Merge>> = {
  Add: () => sum,
  Average: () => (inputs) => sum(inputs).mul(1 / inputs.length),
  Concatenate: (settings) => {
    const axis = settings.number('axis', -1);
    // The samples of a batch must not be joined.
    if (!Number.isInteger(axis) || axis === 0) throw new Refusal(`axis ${axis}`);
    return (inputs) => concat(inputs, axis);
  },
  Maximum: fold((a, b) => a.maximum(b)),
  Minimum: fold((a, b) => a.minimum(b)),
  Multiply: fold((a, b) => a.mul(b)),
  Subtract: fold((a, b) => a.sub(b)),
};
