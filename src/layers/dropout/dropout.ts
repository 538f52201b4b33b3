import { checkCount, checkProbability, readOptions } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { Layer } from '../base/layer.ts';
import type { Kept } from '../base/shapes.ts';

export interface DropoutOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/**
 * In training, sets random elements to zero and divides the others by 1 - rate, which keeps the expected value
 * ("inverted" dropout; Srivastava et al. 2014). In inference it returns its input. Keeps the shape.
 *
 * @throws ValueError unless 0 <= rate < 1, the probability of a zero.
 */
export class Dropout extends Layer {
  static override readonly kind: string = 'Dropout';
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

  override forward(x: Tensor, ctx: Context): Tensor {
    checkTensor(this.type, x);
    if (!ctx.training || this.rate === 0) return x;
    const keep = ctx.rng.bernoulli(x.shape, 1 - this.rate);
    return where(keep, x.mul(1 / (1 - this.rate)), 0);
  }
}
