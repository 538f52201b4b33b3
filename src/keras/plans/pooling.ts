import type { Layer } from '../../layers/base/layer.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Operation } from '../operation-layer.ts';
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
  (
    spatial: number,
    make: new (options: { name: string }) => Layer,
    reduce: (x: Tensor, axes: readonly number[], options: { keepDims: true }) => Tensor,
  ): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    if (!settings.flag('keepdims', false)) return plain(2, () => new make({ name }));
    const axes = spatial === 1 ? [1] : [1, 2];
    return plain(
      rank,
      () => new Operation('GlobalPooling', name, (x) => reduce(x, axes, { keepDims: true })),
    );
  };
