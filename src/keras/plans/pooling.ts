import type { Layer } from '../../layers/base/layer.ts';
import { Refusal, type Settings, shown } from '../settings.ts';
import { operation } from './operation.ts';
import { channelsLast, type MakePlan, plain } from './plan.ts';

export type PoolClass = new (size: never, options: never) => Layer;

/** Maxima and means of windows. */
export const pooling =
  (spatial: number, make: PoolClass): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    settings.only('padding', 'valid', 'same');
    const size = settings.counts('pool_size', spatial, 2);
    const stride = settings.counts('strides', spatial, size);
    const padding = settings.get('padding') ?? 'valid';
    return plain(rank, () => new make(size as never, { stride, padding, name } as never));
  };

/** Maxima and means of channels. */
export const globalPooling =
  (make: new (options: { name: string }) => Layer): MakePlan =>
  (input) => {
    const { settings, name } = input;
    channelsLast(settings);
    return settings.flag('keepdims', false) ? operation()(input) : plain(2, () => new make({ name }));
  };

/** Layers that enlarge the spatial axes. */
export const upSampling =
  (spatial: number, make: PoolClass): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    settings.only('interpolation', 'nearest', 'bilinear');
    const size = settings.counts('size', spatial, 2);
    const method = settings.get('interpolation') ?? 'nearest';
    return plain(rank, () => new make(size as never, { method, name } as never));
  };

/** Layers that put zeros around the spatial axes, or cut margins off. @param key Keras's name of the margins. */
export const margins =
  (spatial: number, key: 'padding' | 'cropping', make: PoolClass): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    const widths = readMargins(settings, key, spatial);
    return plain(rank, () => new make(widths as never, { name } as never));
  };

/** Pairs [before, after] for each axis: from a number, a number for each axis, or pairs. A single axis has one pair. */
function readMargins(settings: Settings, key: string, spatial: number): [number, number][] {
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
