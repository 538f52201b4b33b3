import { checkCount, checkProbability, readOptions } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { Kept, PartialShape } from '../base/shapes.ts';
import type { DropoutOptions } from './dropout.ts';

/**
 * Dropout of whole channels (Tompson et al. 2015): in training, sets random channels of each sample to zero and
 * divides the others by 1 - rate. Adjacent elements of a feature map are correlated, so dropping single elements
 * has little effect. For sequences [N, length, C], images [N, height, width, C] and other inputs with three axes or
 * more. Keeps the shape.
 *
 * @throws ValueError unless 0 <= rate < 1, the probability of a zero.
 */
export class SpatialDropout extends Layer {
  static override readonly kind: string = 'SpatialDropout';
  readonly rate: number;
  declare readonly gives: Kept<this['given']>;

  constructor(rate: number, options?: DropoutOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(readOptions(new.target.kind, options, { name: '' }).name, arguments);
    checkProbability(this.type, 'rate', rate);
    this.rate = rate;
  }

  override get keepsShape(): boolean {
    return true;
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape !== null) this.#check(inputShape);
    return inputShape;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    this.#check(x.shape);
    if (!ctx.training || this.rate === 0) return x;
    const channels = x.shape.map((d, i) => (i === 0 || i === x.rank - 1 ? d : 1));
    return where(ctx.rng.bernoulli(channels, 1 - this.rate), x.mul(1 / (1 - this.rate)), 0);
  }

  #check(shape: PartialShape): void {
    if (shape.length >= 3) return;
    throw shapeError(
      this,
      `input ${showPartial(shape)} has no spatial axes, wanted [N, ..., channels]. Use Dropout for [N, features].`,
    );
  }
}
