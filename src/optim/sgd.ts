import { checkCount, readOptions } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkNotNegative, fractionAt } from './check.ts';
import { decayed, Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';
import type { Schedule } from './schedules.ts';

export interface SGDOptions extends OptimizerOptions {
  /** A number, or a function of the number of updates so far; required. */
  readonly learningRate: number | Schedule;
  /** The fraction of the previous direction that each step keeps, a number or a schedule; 0 by default. */
  readonly momentum?: number | Schedule;
  /** Whether to use Nesterov momentum, which needs a momentum above 0; false by default. */
  readonly nesterov?: boolean;
  /** Adds weightDecay * p to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent, with momentum as in PyTorch (Sutskever et al. 2013):
 *
 *     b = momentum * b + g
 *     p = p - learningRate * b
 *
 * With `nesterov`, g + momentum * b replaces b in the last line.
 */
export class SGD extends Optimizer {
  static override readonly kind: string = 'SGD';
  readonly #settings: { momentum: number | Schedule; nesterov: boolean; weightDecay: number };

  constructor(parameters: readonly Parameter[], options: SGDOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, {
      learningRate: undefined,
      momentum: 0,
      nesterov: false,
      weightDecay: 0,
      clip: {},
    });
    super(parameters, settings, settings.momentum !== 0 ? ['momentum'] : []);
    this.#settings = settings;
    fractionAt('SGD', 'momentum', settings.momentum, 0);
    checkNotNegative('SGD', { weightDecay: settings.weightDecay });
    if (settings.nesterov && settings.momentum === 0) {
      throw new ValueError('[SGD] got nesterov without momentum. Give a momentum, such as 0.9.');
    }
  }

  protected override update(p: Tensor, gradient: Tensor, slots: Slots, learningRate: number): Update {
    const { nesterov, weightDecay } = this.#settings;
    const g = decayed(gradient, p, weightDecay);
    if (slots.momentum === undefined) return { value: p.sub(g.mul(learningRate)), slots };
    const momentum = fractionAt('SGD', 'momentum', this.#settings.momentum, this.step);
    const b = slots.momentum.mul(momentum).add(g);
    const direction = nesterov ? g.add(b.mul(momentum)) : b;
    return { value: p.sub(direction.mul(learningRate)), slots: { momentum: b } };
  }
}
