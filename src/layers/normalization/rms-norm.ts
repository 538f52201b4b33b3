import { checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { floating } from '../../tensor/ops/elementwise/elementwise.ts';
import { rsqrt } from '../../tensor/ops/elementwise/math.ts';
import { mean } from '../../tensor/ops/reduction/reduce.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Arrangement, Normalization, type NormalizationOptions } from './base.ts';

export interface RMSNormOptions extends Omit<NormalizationOptions, 'center' | 'betaInitializer'> {
  /** Added to the mean of the squares; 1e-6 by default. */
  readonly epsilon?: number;
}

const rmsNormOptions: Known<RMSNormOptions> = {
  epsilon: 0,
  scale: true,
  gammaInitializer: 0,
  name: '',
  rng: 0,
};

/**
 * Root mean square normalization (Zhang & Sennrich 2019): y = gamma x / sqrt(mean(x^2) + epsilon), with the mean over the last
 * axis of `features` elements, for each row. It subtracts no mean and has no beta. Training and inference are the same. Keeps
 * the shape.
 */
export class RMSNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'RMSNorm';
  constructor(features: C, options: RMSNormOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    checkOptions(new.target.kind, options, rmsNormOptions);
    const { epsilon = 1e-6, ...rest } = options;
    super(features, { ...rest, epsilon, center: false }, undefined, arguments);
  }

  protected override arrangement(shape: Shape): Arrangement {
    return { view: shape, axes: [shape.length - 1] };
  }

  protected override normalize(x: Tensor): Tensor {
    const values = floating(x);
    const y = values.mul(rsqrt(mean(values.square(), -1, { keepDims: true }).add(this.epsilon)));
    return this.gamma === null ? y : y.mul(this.gamma as Tensor);
  }
}
