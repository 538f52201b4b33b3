import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkNotNegative, checkShare, shareAt } from './check.ts';
import { decayed, Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';
import type { Schedule } from './schedules.ts';

export interface RMSpropOptions extends OptimizerOptions {
  /** How much of the running mean of g^2 is kept; 0.99 by default. */
  readonly alpha?: number;
  /** Added to the root; 1e-8 by default. */
  readonly epsilon?: number;
  /** How much of the earlier direction is kept, a number or a schedule; 0 by default. */
  readonly momentum?: number | Schedule;
  /** Subtracts the square of the running mean of g, so that the root is a deviation; false by default. */
  readonly centered?: boolean;
  /** Adds weightDecay * p to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

type Settings = Required<Omit<RMSpropOptions, 'clip'>>;

/**
 * RMSprop (Tieleman & Hinton 2012; momentum and centering as in Graves 2013), PyTorch's form:
 *
 *     v = alpha * v + (1 - alpha) * g^2
 *     d = g / (sqrt(v) + epsilon)                   (centered: sqrt(v - mean^2), mean = alpha * mean + (1 -
 *   alpha) * g)
 *     p = p - learningRate * d                      (momentum: b = momentum * b + d in place of d)
 *
 * The learning rate is 0.01 by default.
 */
export class RMSprop extends Optimizer {
  static override readonly kind: string = 'RMSprop';
  readonly #settings: Settings;

  constructor(parameters: readonly Parameter[], options: RMSpropOptions = {}) {
    const settings = {
      ...{ learningRate: 0.01, alpha: 0.99, epsilon: 1e-8, momentum: 0, centered: false, weightDecay: 0 },
      ...options,
    };
    super(parameters, settings, [
      'square',
      ...(settings.centered ? ['mean'] : []),
      ...(settings.momentum !== 0 ? ['momentum'] : []),
    ]);
    this.#settings = settings;
    checkShare('RMSprop', { alpha: settings.alpha });
    shareAt('RMSprop', 'momentum', settings.momentum, 0);
    checkNotNegative('RMSprop', { epsilon: settings.epsilon, weightDecay: settings.weightDecay });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    slots: Slots,
    learningRate: number,
    t: number,
  ): Update {
    const { alpha, epsilon, weightDecay } = this.#settings;
    const g = decayed(gradient, p, weightDecay);
    const next: Record<string, Tensor> = { square: slots.square!.mul(alpha).add(g.square().mul(1 - alpha)) };
    let variance = next.square!;
    if (slots.mean !== undefined) {
      next.mean = slots.mean.mul(alpha).add(g.mul(1 - alpha));
      variance = variance.sub(next.mean.square());
    }
    let direction = g.div(variance.sqrt().add(epsilon));
    if (slots.momentum !== undefined) {
      const momentum = shareAt('RMSprop', 'momentum', this.#settings.momentum, t - 1);
      direction = slots.momentum.mul(momentum).add(direction);
      next.momentum = direction;
    }
    return { value: p.sub(direction.mul(learningRate)), slots: next };
  }
}
