import { checkCount, readOptions } from '../ir/arguments.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFraction, checkNotNegative, fractionAt } from './check.ts';
import { decayed, Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';
import type { Schedule } from './schedules.ts';
import { squarable } from './squarable.ts';

export interface RMSpropOptions extends OptimizerOptions {
  /** The fraction of the running mean of g^2 that each step keeps; 0.99 by default. */
  readonly alpha?: number;
  /** Added to the square root; 1e-8 by default. */
  readonly epsilon?: number;
  /** The fraction of the previous direction that each step keeps, a number or a schedule; 0 by default. */
  readonly momentum?: number | Schedule;
  /** Whether to divide by the standard deviation of g instead of the root of the mean of g^2; false by default. */
  readonly centered?: boolean;
  /** Adds weightDecay * p to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

type Settings = Required<Omit<RMSpropOptions, 'clip'>>;

/**
 * RMSprop (Tieleman & Hinton 2012; momentum and centering as in Graves 2013), as in PyTorch:
 *
 *     v = alpha * v + (1 - alpha) * g^2
 *     d = g / (sqrt(v) + epsilon)
 *     p = p - learningRate * d
 *
 * With `centered`, the variance v - mean^2 replaces v in the second line, with mean = alpha * mean + (1 - alpha) * g. It is
 * computed as variance = alpha * (variance + (1 - alpha) * (g - mean)^2) from the mean before the step (West 1979), which is
 * the same but never negative. With `momentum`, b = momentum * b + d replaces d in the last line.
 *
 * Elements of g are limited to -2^62 .. 2^62 (4.6e18), whose squares float32 can hold.
 *
 * The learning rate is 0.01 by default.
 */
export class RMSprop extends Optimizer {
  static override readonly kind: string = 'RMSprop';
  protected override readonly notNegative = ['square', 'variance'];
  readonly #settings: Settings;

  constructor(parameters: readonly Parameter[], options?: RMSpropOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, {
      ...{ learningRate: 0.01, alpha: 0.99, epsilon: 1e-8, momentum: 0, centered: false, weightDecay: 0 },
      clip: {},
    });
    super(parameters, settings, [
      ...(settings.centered ? ['mean', 'variance'] : ['square']),
      ...(settings.momentum !== 0 ? ['momentum'] : []),
    ]);
    this.#settings = settings;
    checkFraction('RMSprop', { alpha: settings.alpha });
    fractionAt('RMSprop', 'momentum', settings.momentum, 0);
    checkNotNegative('RMSprop', { epsilon: settings.epsilon, weightDecay: settings.weightDecay });
  }

  protected override update(p: Tensor, gradient: Tensor, slots: Slots, learningRate: number): Update {
    const { alpha, epsilon, weightDecay } = this.#settings;
    const g = squarable(decayed(gradient, p, weightDecay));
    const next: Record<string, Tensor> = {};
    if (slots.mean === undefined) {
      next.square = slots.square!.mul(alpha).add(g.square().mul(1 - alpha));
    } else {
      const difference = g.sub(slots.mean);
      next.mean = slots.mean.mul(alpha).add(g.mul(1 - alpha));
      next.variance = slots.variance!.add(difference.square().mul(1 - alpha)).mul(alpha);
    }
    let direction = g.div((next.square ?? next.variance!).sqrt().add(epsilon));
    if (slots.momentum !== undefined) {
      const momentum = fractionAt('RMSprop', 'momentum', this.#settings.momentum, this.step);
      direction = slots.momentum.mul(momentum).add(direction);
      next.momentum = direction;
    }
    return { value: p.sub(direction.mul(learningRate)), slots: next };
  }
}
