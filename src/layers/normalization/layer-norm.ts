import { checkCount } from '../../ir/arguments.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Arrangement, Normalization, type NormalizationOptions } from './base.ts';

export interface LayerNormOptions extends NormalizationOptions {}

/**
 * Layer normalization (Ba et al. 2016): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance
 * over the last axis of `features` elements, for each row. Training and inference are the same. Keeps the shape.
 */
export class LayerNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'LayerNorm';
  constructor(features: C, options: LayerNormOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(features, options);
  }

  protected override arrangement(shape: Shape): Arrangement {
    return { view: shape, axes: [shape.length - 1] };
  }
}
