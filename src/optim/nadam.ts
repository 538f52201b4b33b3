import { checkCount, readOptions } from '../ir/arguments.ts';
import { pow } from '../ir/math/index.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkNotNegative } from './check.ts';
import { checkMoments, type MomentOptions, momentDefaults, moments } from './moments.ts';
import { Optimizer, type Slots, type Update } from './optimizer.ts';

export interface NAdamOptions extends MomentOptions {
  /** How fast the momentum rises from beta1 / 2 to beta1; 0.004 by default. */
  readonly momentumDecay?: number;
}

/**
 * Adam with Nesterov momentum (Dozat 2016), as in PyTorch. With step t from 1, m and v as in Adam:
 *
 *     u(t) = beta1 * (1 - 0.96^(t * momentumDecay) / 2)
 *     d = (1 - u(t)) / (1 - u(1) ... u(t)) * g + u(t + 1) / (1 - u(1) ... u(t + 1)) * m
 *     p = p - learningRate * d / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * Elements of g are limited to -2^62 .. 2^62 (4.6e18), whose squares float32 can hold.
 *
 * The learning rate is 2e-3 by default.
 */
export class NAdam extends Optimizer<'m' | 'v'> {
  static override readonly kind: string = 'NAdam';
  protected override readonly notNegative = ['v'];
  readonly #settings: Required<NAdamOptions>;
  /** u(1) ... u(t), the same for all Parameters that have done t steps. */
  #product = { t: 0, value: 1 };

  constructor(parameters: readonly Parameter[], options?: NAdamOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, {
      ...{ learningRate: 2e-3, momentumDecay: 0.004 },
      ...momentDefaults,
    });
    super(parameters, settings, ['m', 'v']);
    checkMoments(new.target.kind, settings);
    checkNotNegative(new.target.kind, { momentumDecay: settings.momentumDecay });
    this.#settings = settings;
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    slots: Slots<'m' | 'v'>,
    learningRate: number,
    t: number,
  ): Update<'m' | 'v'> {
    const { betas, epsilon, weightDecay } = this.#settings;
    const { g, m, v } = moments(p, gradient, slots, betas, weightDecay);
    const [now, next] = [this.#momentum(t), this.#momentum(t + 1)];
    const product = this.#productUntil(t);
    const direction = g.mul((1 - now) / (1 - product)).add(m.mul(next / (1 - product * next)));
    const root = v.sqrt().mul(1 / Math.sqrt(1 - pow(betas[1], t)));
    return { value: p.sub(direction.div(root.add(epsilon)).mul(learningRate)), slots: { m, v } };
  }

  /** u(t). */
  #momentum(t: number): number {
    const { betas, momentumDecay } = this.#settings;
    return betas[0] * (1 - 0.5 * pow(0.96, t * momentumDecay));
  }

  #productUntil(t: number): number {
    let product = this.#product.t <= t ? this.#product : { t: 0, value: 1 };
    while (product.t < t)
      product = { t: product.t + 1, value: product.value * this.#momentum(product.t + 1) };
    this.#product = product;
    return product.value;
  }
}
