import { standardize } from '../../tensor/ops/reduction/standardize.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Normalization, type NormalizationOptions } from './base.ts';

export interface LayerNormOptions extends NormalizationOptions {}

/**
 * Layer normalisation (Ba et al. 2016): y = gamma (x - mean) / sqrt(variance + epsilon) + beta with the mean
 * and the variance over the last axis, of `features` elements, each row by itself. The same in training and
 * elsewhere. Keeps the shape.
 */
export class LayerNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'LayerNorm';
  constructor(features: C, options: LayerNormOptions = {}) {
    super(features, options);
  }

  protected override normalize(x: Tensor): Tensor {
    const [gamma, beta] = [this.gamma as Tensor | null, this.beta as Tensor | null];
    return standardize(x, -1, gamma ?? undefined, beta ?? undefined, { epsilon: this.epsilon });
  }
}
