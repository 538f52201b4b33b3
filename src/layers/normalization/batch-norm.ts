import { checkCount, type Known, refusal, reportAs } from '../../ir/arguments.ts';
import { sizeOf } from '../../ir/view.ts';
import { ones, zeros } from '../../tensor/creation.ts';
import type { Moments } from '../../tensor/ops/reduction/standardize.ts';
import { Parameter } from '../../tensor/parameter.ts';
import { axesUpTo, type Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { shapeError } from '../base/errors.ts';
import { type Arrangement, Normalization, type NormalizationOptions, normalizationOptions } from './base.ts';

export interface BatchNormOptions extends NormalizationOptions {
  /**
   * The fraction of a running statistic that each step keeps: running = momentum * running + (1 - momentum) * batch, as
   * in Keras; 0.9 by default. PyTorch's momentum is 1 - momentum: its default of 0.1 is 0.9 here.
   */
  readonly momentum?: number;
}

const batchNormOptions: Known<BatchNormOptions> = { ...normalizationOptions, momentum: 0 };

/**
 * Batch normalization (Ioffe & Szegedy 2015): y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each
 * channel, the last axis, of an input with two axes or more. Keeps the shape.
 *
 * In training, mean and variance are those of the batch over all other axes, and the step moves the running
 * statistics towards them (the variance with Bessel's correction, as in PyTorch). Inference uses the running
 * statistics, as one scale and one shift that fuse into the layer before. A frozen layer uses them in training too
 * and does not move them, as in Keras: a model that is fine-tuned keeps the statistics that it was trained with.
 *
 * @throws ShapeError if a training batch has one value per channel, which has no variance.
 */
export class BatchNorm<const C extends number = number> extends Normalization<C> {
  static override readonly kind: string = 'BatchNorm';
  readonly momentum: number;
  readonly runningMean: Parameter<[C]>;
  readonly runningVariance: Parameter<[C]>;

  constructor(features: C, options: BatchNormOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    super(features, options, batchNormOptions);
    const { momentum = 0.9 } = options;
    if (!(typeof momentum === 'number' && momentum >= 0 && momentum < 1)) {
      throw refusal(this.type, 'momentum', momentum, 'a number with 0 <= momentum < 1');
    }
    this.momentum = momentum;
    const running = { trainable: false };
    const [mean, variance] = reportAs(this.type, () => [zeros([features]), ones([features])] as const);
    this.runningMean = new Parameter<[C]>(mean as Tensor<[C]>, { ...running, name: 'runningMean' });
    this.runningVariance = new Parameter<[C]>(variance as Tensor<[C]>, {
      ...running,
      name: 'runningVariance',
    });
  }

  protected override arrangement(shape: Shape): Arrangement {
    return { view: shape, axes: axesUpTo(shape.length - 1) };
  }

  checkTrainingBatch(shape: Shape): void {
    const count = sizeOf(shape) / this.features;
    if (this.frozen || count >= 2) return;
    throw shapeError(
      this,
      `a training batch [${shape.join(', ')}] with ${count} ${count === 1 ? 'value' : 'values'} per channel has no variance, ` +
        'wanted 2 or more. If it is the last batch of an epoch, set dropLast: true, or choose another batchSize.',
    );
  }

  protected override normalize(x: Tensor, ctx: Context): Tensor {
    if (!ctx.training || this.frozen) return this.#normalizeByRunning(x);
    this.checkTrainingBatch(x.shape);
    return super.normalize(x, ctx);
  }

  /** One scale and one shift, which fuse into the layer before. */
  #normalizeByRunning(x: Tensor): Tensor {
    const [gamma, beta] = [this.gamma as Tensor | null, this.beta as Tensor | null];
    const reciprocal = (this.runningVariance as Tensor).add(this.epsilon).rsqrt();
    const scale = gamma === null ? reciprocal : gamma.mul(reciprocal);
    const shift = (this.runningMean as Tensor).mul(scale);
    return x.mul(scale).add(beta === null ? shift.neg() : beta.sub(shift));
  }

  protected override observe({ mean, variance }: Moments, count: number, ctx: Context): void {
    this.#move(ctx, this.runningMean, mean);
    this.#move(ctx, this.runningVariance, variance.mul(count / (count - 1)));
  }

  #move(ctx: Context, running: Parameter<[C]>, batch: Tensor): void {
    const kept = (ctx.latest(running) as Tensor).mul(this.momentum);
    const moved = kept.add(batch.reshape([this.features]).mul(1 - this.momentum));
    ctx.assign(running, moved as Tensor<[C]>);
  }
}
