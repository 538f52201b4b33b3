import type { Layer } from '../../layers/base/layer.ts';
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
