import { constantPad } from '../../tensor/ops/arrangement/join.ts';
import { broadcastTo, reshape, slice, transpose } from '../../tensor/ops/arrangement/views.ts';
import { elu, leakyRelu, relu, softmax } from '../../tensor/ops/elementwise/activation.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import { exp } from '../../tensor/ops/elementwise/math.ts';
import { max, mean } from '../../tensor/ops/reduction/reduce.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal, type Settings, shown } from '../settings.ts';
import type { Makers } from './configured.ts';

type Maker = Makers<(x: Tensor) => Tensor>[string];

/** Pairs [before, after] for each axis: from a number, a number for each axis, or pairs. A single axis has one pair. */
function margins(settings: Settings, key: string, spatial: number): [number, number][] {
  const value = settings.get(key) ?? 1;
  const isWidth = (n: unknown): n is number =>
    Number.isInteger(n) && (n as number) >= 0 && (n as number) <= 1e6;
  const isPair = (pair: unknown): pair is [number, number] =>
    Array.isArray(pair) && pair.length === 2 && pair.every(isWidth);
  if (isWidth(value)) return new Array<[number, number]>(spatial).fill([value, value]);
  if (spatial === 1 && isPair(value)) return [value];
  if (Array.isArray(value) && value.length === spatial) {
    if (value.every(isWidth)) return value.map((n) => [n, n]);
    if (value.every(isPair)) return value;
  }
  throw new Refusal(`${key} ${shown(value)}`);
}

const none = [0, 0] as const;

const zeroPadding = (spatial: number): Maker => ({
  reads: ['padding'],
  make: (settings) => {
    const widths = margins(settings, 'padding', spatial);
    return (x) => constantPad(x, [none, ...widths, none]);
  },
});

const cropping = (spatial: number): Maker => ({
  reads: ['cropping'],
  make: (settings) => {
    const widths = margins(settings, 'cropping', spatial);
    return (x) => slice(x, null, ...widths.map(([a, b], i) => [a, (x.shape[i + 1] ?? 0) - b] as const));
  },
});

const upSampling = (spatial: number): Maker => ({
  reads: ['size', 'interpolation'],
  make: (settings) => {
    settings.only('interpolation', 'nearest');
    const factors = settings.counts('size', spatial, 2);
    return (x) => {
      const [n, ...rest] = x.shape as [number, ...number[]];
      const sizes = rest.slice(0, spatial);
      const channels = rest.slice(spatial);
      const repeated = broadcastTo(reshape(x, [n, ...sizes.flatMap((d) => [d, 1]), ...channels]), [
        n,
        ...sizes.flatMap((d, i) => [d, factors[i]!]),
        ...channels,
      ]);
      return reshape(repeated, [n, ...sizes.map((d, i) => d * factors[i]!), ...channels]);
    };
  },
});

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
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  ELU: {
    reads: ['alpha'],
    make: (settings) => {
      const alpha = settings.number('alpha', 1);
      return (x) => elu(x, alpha);
    },
  },
  GlobalAveragePooling1D: keptAxes(mean, 1),
  GlobalAveragePooling2D: keptAxes(mean, 1, 2),
  GlobalMaxPooling1D: keptAxes(max, 1),
  GlobalMaxPooling2D: keptAxes(max, 1, 2),
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
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  exponential: { reads: [], make: () => (x) => exp(x) },
  /** That of Keras 2 and TensorFlow.js: Keras 3 has clip(x / 6 + 1 / 2, 0, 1). */
  hard_sigmoid: { reads: [], make: () => (x) => x.mul(0.2).add(0.5).maximum(0).minimum(1) },
}))();
