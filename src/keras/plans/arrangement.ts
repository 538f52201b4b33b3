import { Reshape } from '../../layers/shape/reshape.ts';
import { constantPad } from '../../tensor/ops/arrangement/join.ts';
import { broadcastTo, reshape, slice, transpose } from '../../tensor/ops/arrangement/views.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Operation } from '../operation-layer.ts';
import { Refusal, type Settings, shown } from '../settings.ts';
import { channelsLast, type MakePlan, plain } from './plan.ts';

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

export const zeroPadding =
  (spatial: number): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    const widths = margins(settings, 'padding', spatial);
    const className = `ZeroPadding${spatial}D`;
    return plain(rank, () => new Operation(className, name, (x) => constantPad(x, [none, ...widths, none])));
  };

export const cropping =
  (spatial: number): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    const widths = margins(settings, 'cropping', spatial);
    const crop = (x: Tensor): Tensor =>
      slice(x, null, ...widths.map(([a, b], i) => [a, (x.shape[i + 1] ?? 0) - b] as const));
    return plain(rank, () => new Operation(`Cropping${spatial}D`, name, crop));
  };

export const upSampling =
  (spatial: number): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    settings.only('interpolation', 'nearest');
    const factors = settings.counts('size', spatial, 2);
    const enlarge = (x: Tensor): Tensor => {
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
    return plain(rank, () => new Operation(`UpSampling${spatial}D`, name, enlarge));
  };

export const reshaping: MakePlan = ({ settings, name }) => {
  // TensorFlow.js writes null for -1.
  const given = settings.get('target_shape');
  const shape = Array.isArray(given) ? given.map((d) => d ?? -1) : given;
  const isDimension = (d: unknown): boolean =>
    Number.isInteger(d) && (d as number) >= -1 && (d as number) <= 0x7fffffff;
  if (!Array.isArray(shape) || !shape.every(isDimension) || shape.filter((d) => d === -1).length > 1)
    throw new Refusal(`target_shape ${shown(shape)}`);
  return plain(1 + shape.length, () => new Reshape(shape, { name }));
};

export const permuting: MakePlan = ({ settings, name }) => {
  const dims = settings.get('dims');
  const list = Array.isArray(dims) ? dims : [];
  if (list.length === 0 || list.length > 16 || list.some((_, i) => !list.includes(i + 1)))
    throw new Refusal(`dims ${shown(dims)}`);
  return plain(1 + list.length, () => new Operation('Permute', name, (x) => transpose(x, [0, ...list])));
};

export const repeating: MakePlan = ({ settings, name }) => {
  const n = settings.count('n');
  const repeat = (x: Tensor): Tensor => {
    const [batch = 0, features = 0] = x.shape;
    return broadcastTo(reshape(x, [batch, 1, features]), [batch, n, features]);
  };
  return plain(3, () => new Operation('RepeatVector', name, repeat));
};
