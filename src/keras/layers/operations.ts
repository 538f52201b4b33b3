import { broadcastTo, reshape, transpose } from '../../tensor/ops/arrangement/views.ts';
import { elu, leakyRelu, relu, softmax } from '../../tensor/ops/elementwise/activation.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import { exp } from '../../tensor/ops/elementwise/math.ts';
import { max, mean } from '../../tensor/ops/reduction/reduce.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal, shown } from '../settings.ts';
import type { Makers } from './configured.ts';

type Maker = Makers<(x: Tensor) => Tensor>[string];

const permuting: Maker = {
  reads: ['dims'],
  make: (settings) => {
    const dims = settings.get('dims');
    const list = Array.isArray(dims) ? dims : [];
    if (list.length === 0 || list.length > 16 || list.some((_, i) => !list.includes(i + 1)))
      throw new Refusal(`dims ${shown(dims)}`);
    return (x) => transpose(x, [0, ...list]);
  },
};

const repeating: Maker = {
  reads: ['n'],
  make: (settings) => {
    const n = settings.count('n');
    return (x) => {
      const [batch = 0, features = 0] = x.shape;
      return broadcastTo(reshape(x, [batch, 1, features]), [batch, n, features]);
    };
  },
};

/** Pooling over all positions that keeps their axes. */
const keptAxes = (
  pool: (x: Tensor, axes: number[], options: { keepDims: true }) => Tensor,
  ...axes: number[]
): Maker => ({
  reads: [],
  make: () => (x) => pool(x, axes, { keepDims: true }),
});

/** The layers that are functions of a tensor, by Keras's classes, and the activations that are no layers there. */
export const operations: Makers<(x: Tensor) => Tensor> = /* @__PURE__ */ (() => ({
  ELU: {
    reads: ['alpha'],
    make: (settings) => {
      const alpha = settings.number('alpha', 1);
      return (x) => elu(x, alpha);
    },
  },
  GlobalAveragePooling1D: keptAxes(mean, 1),
  GlobalAveragePooling2D: keptAxes(mean, 1, 2),
  GlobalAveragePooling3D: keptAxes(mean, 1, 2, 3),
  GlobalMaxPooling1D: keptAxes(max, 1),
  GlobalMaxPooling2D: keptAxes(max, 1, 2),
  GlobalMaxPooling3D: keptAxes(max, 1, 2, 3),
  LeakyReLU: {
    reads: ['alpha', 'negative_slope'],
    make: (settings) => {
      const slope = settings.number(settings.get('alpha') === undefined ? 'negative_slope' : 'alpha', 0.3);
      return (x) => leakyRelu(x, slope);
    },
  },
  Permute: permuting,
  ReLU: {
    reads: ['max_value', 'negative_slope', 'threshold'],
    make: (settings) => {
      const [slope, threshold] = [settings.number('negative_slope', 0), settings.number('threshold', 0)];
      const most = settings.get('max_value') === undefined ? null : settings.number('max_value');
      return (x) => {
        const above = most === null ? x : x.minimum(most);
        if (threshold === 0 && slope === 0) return relu(above);
        const below = slope === 0 ? 0 : x.sub(threshold).mul(slope);
        return where(x.greater(threshold), above, below);
      };
    },
  },
  RepeatVector: repeating,
  Rescaling: {
    reads: ['scale', 'offset'],
    make: (settings) => {
      const [scale, offset] = [settings.number('scale', 1), settings.number('offset', 0)];
      return (x) => x.mul(scale).add(offset);
    },
  },
  Softmax: {
    reads: ['axis'],
    make: (settings) => {
      const axis = settings.get('axis');
      const [only] = Array.isArray(axis) && axis.length === 1 ? axis : [axis ?? -1];
      if (!Number.isInteger(only)) throw new Refusal('several axes');
      return (x) => softmax(x, only as number);
    },
  },
  exponential: { reads: [], make: () => (x) => exp(x) },
  /** That of Keras 2 and TensorFlow.js: Keras 3 has clip(x / 6 + 1 / 2, 0, 1). */
  hard_sigmoid: { reads: [], make: () => (x) => x.mul(0.2).add(0.5).maximum(0).minimum(1) },
}))();
