import { ValueError } from '../../ir/errors.ts';
import { ones, zeros } from '../../tensor/creation.ts';
import { floating } from '../../tensor/ops/elementwise/elementwise.ts';
import { moments, standardizeBy } from '../../tensor/ops/reduction/standardize.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { axesUpTo } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { shapeError } from '../base/errors.ts';
import { Normalization, type NormalizationOptions } from './base.ts';

export interface BatchNormOptions extends NormalizationOptions {
  /**
   * How much of a running statistic each step keeps: running = momentum * running + (1 - momentum) * batch,
   * as in Keras; 0.9 by default. PyTorch calls 1 - momentum so: its default of 0.1 is 0.9 here.
   */
  readonly momentum?: number;
}

/**
 * Batch normalisation (Ioffe & Szegedy 2015): y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each
 * channel, the last axis, of an input of two axes or more. Keeps the shape.
 *
 * While training, mean and variance are those of the batch over all other axes, and the step moves the
 * running ones towards them (the variance with Bessel's correction, as in PyTorch). Elsewhere the running
 * ones are used, as one scale and one shift that join the kernel of the layer before. So they are, and do not
 * move, where the layer is frozen: a model that is fine-tuned keeps the statistics that it was trained with,
 * as in Keras.
 *
 * @throws ShapeError where a training batch has one value a channel: that has no variance.
 */
export class BatchNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'BatchNorm';
  readonly momentum: number;
  readonly runningMean: Parameter<[C]>;
  readonly runningVariance: Parameter<[C]>;

  constructor(features: C, options: BatchNormOptions = {}) {
    super(features, options);
    const { momentum = 0.9 } = options;
    if (!(momentum >= 0 && momentum < 1)) {
      throw new ValueError(`[BatchNorm] got momentum ${momentum}, wanted a number with 0 <= momentum < 1.`);
    }
    this.momentum = momentum;
    const running = { trainable: false };
    this.runningMean = new Parameter<[C]>(zeros([features]), { ...running, name: 'runningMean' });
    this.runningVariance = new Parameter<[C]>(ones([features]), { ...running, name: 'runningVariance' });
  }

  protected override normalize(x: Tensor, ctx: Context): Tensor {
    const [gamma, beta] = [this.gamma as Tensor | null, this.beta as Tensor | null];
    if (!ctx.training || this.frozen) {
      const reciprocal = (this.runningVariance as Tensor).add(this.epsilon).rsqrt();
      const scale = gamma === null ? reciprocal : gamma.mul(reciprocal);
      const centre = (this.runningMean as Tensor).mul(scale);
      return x.mul(scale).add(beta === null ? centre.neg() : beta.sub(centre));
    }
    const count = x.size / this.features;
    if (count < 2) {
      throw shapeError(
        this,
        `a training batch [${x.shape.join(', ')}] with ${count} ${count === 1 ? 'value' : 'values'} a channel has no variance, ` +
          'wanted 2 or more. Choose a batch size that leaves no single sample for the last batch.',
      );
    }
    const batch = moments(floating(x), axesUpTo(x.rank - 1));
    this.#move(ctx, this.runningMean, batch.mean);
    this.#move(ctx, this.runningVariance, batch.variance.mul(count / (count - 1)));
    return standardizeBy(floating(x), batch, gamma ?? undefined, beta ?? undefined, this.epsilon);
  }

  #move(ctx: Context, running: Parameter<[C]>, batch: Tensor): void {
    const kept = (ctx.latest(running) as Tensor).mul(this.momentum);
    const moved = kept.add(batch.reshape([this.features]).mul(1 - this.momentum));
    ctx.assign(running, moved as Tensor<[C]>);
  }
}
