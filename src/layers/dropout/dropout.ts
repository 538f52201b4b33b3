import { ValueError } from '../../ir/errors.ts';
import { where } from '../../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { Layer } from '../base/layer.ts';
import type { Kept } from '../base/shapes.ts';

export interface DropoutOptions {
  /** What errors, summaries and paths call the layer; none by default. */
  readonly name?: string;
}

/**
 * Sets elements to zero at random while training and divides the others by 1 - rate, so that sums keep their
 * size on average and nothing is left to do in inference ("inverted" dropout; Srivastava et al. 2014). Keeps
 * the shape.
 *
 * @throws ValueError where the rate, the probability of a zero, is not in 0 <= rate < 1.
 */
export class Dropout extends Layer {
  static override readonly kind: string = 'Dropout';
  readonly rate: number;
  declare readonly gives: Kept<this['given']>;

  constructor(rate: number, options: DropoutOptions = {}) {
    super(options.name);
    if (!(rate >= 0 && rate < 1)) {
      throw new ValueError(`[Dropout] got rate ${rate}, wanted a probability with 0 <= rate < 1.`);
    }
    this.rate = rate;
  }

  override get keepsShape(): boolean {
    return true;
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    if (!ctx.training || this.rate === 0) return x;
    const keep = ctx.rng.bernoulli(x.shape, 1 - this.rate);
    return where(keep, x.mul(1 / (1 - this.rate)), 0);
  }
}
