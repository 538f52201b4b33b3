import { concat } from '../../tensor/ops/arrangement/join.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal } from '../settings.ts';
import type { Makers } from './configured.ts';

/** A layer that makes one tensor of several. */
export type Merge = (inputs: readonly Tensor[]) => Tensor;

const simple = (merge: Merge): Makers<Merge>[string] => ({ reads: [], make: () => merge });
const fold = (join: (a: Tensor, b: Tensor) => Tensor): Makers<Merge>[string] =>
  simple((inputs) => inputs.reduce(join));

const sum: Merge = (inputs) => inputs.reduce((a, b) => a.add(b));

/** The layers with several inputs, by Keras's classes. */
export const merges: Makers<Merge> = /* @__PURE__ */ (() => ({
  Add: simple(sum),
  Average: simple((inputs) => sum(inputs).mul(1 / inputs.length)),
  Concatenate: {
    reads: ['axis'],
    make: (settings) => {
      const axis = settings.number('axis', -1);
      // The samples of a batch must not be joined.
      if (!Number.isInteger(axis) || axis === 0) throw new Refusal(`axis ${axis}`);
      return (inputs) => concat(inputs, axis);
    },
  },
  Maximum: fold((a, b) => a.maximum(b)),
  Minimum: fold((a, b) => a.minimum(b)),
  Multiply: fold((a, b) => a.mul(b)),
  Subtract: fold((a, b) => a.sub(b)),
}))();
