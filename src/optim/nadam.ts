import { checkArray, checkCount, readOptions } from '../ir/arguments.ts';
import { pow } from '../ir/math/index.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFraction, checkNotNegative } from './check.ts';
import { decayed, Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';
import { squarable } from './squarable.ts';

export interface NAdamOptions extends OptimizerOptions {
  /** The fractions of the running means of g and g^2 that each step keeps; [0.9, 0.999] by default. */
  readonly betas?: readonly [number, number];
  /** Added to the square root; 1e-8 by default. */
  readonly epsilon?: number;
  /** How fast the momentum rises from beta1 / 2 to beta1; 0.004 by default. */
  readonly momentumDecay?: number;
  /** Adds weightDecay * p to the gradient; 0 by default. */
  readonly weightDecay?: number;
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
  readonly #settings: Required<Omit<NAdamOptions, 'clip'>>;
  /** u(1) ... u(t), the same for all Parameters that have done t steps. */
  #product = { t: 0, value: 1 };

  constructor(parameters: readonly Parameter[], options?: NAdamOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, {
      ...{ learningRate: 2e-3, betas: [0.9, 0.999] as const, epsilon: 1e-8 },
      ...{ momentumDecay: 0.004, weightDecay: 0, clip: {} },
    });
    super(parameters, settings, ['m', 'v']);
    const { betas, epsilon, momentumDecay, weightDecay } = settings;
    checkArray(new.target.kind, 'betas', betas, '[0.9, 0.999]');
    checkFraction(new.target.kind, { 'betas[0]': betas[0], 'betas[1]': betas[1] });
    checkNotNegative(new.target.kind, { epsilon, momentumDecay, weightDecay });
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
    const [beta1, beta2] = betas;
    const g = squarable(decayed(gradient, p, weightDecay));
    const [now, next] = [this.#momentum(t), this.#momentum(t + 1)];
    const product = this.#productUntil(t);
    const m = slots.m.mul(beta1).add(g.mul(1 - beta1));
    const v = slots.v.mul(beta2).add(g.square().mul(1 - beta2));
    const direction = g.mul((1 - now) / (1 - product)).add(m.mul(next / (1 - product * next)));
    const root = v.sqrt().mul(1 / Math.sqrt(1 - pow(beta2, t)));
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
