import { checkArray, checkCount, readOptions } from '../ir/arguments.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFraction, checkNotNegative } from './check.ts';
import { Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';

export interface LionOptions extends OptimizerOptions {
  /** The fraction of m in the direction, and the fraction of m that each step keeps; [0.9, 0.99] by default. */
  readonly betas?: readonly [number, number];
  /** Decoupled weight decay: p decreases by learningRate * weightDecay * p; 0 by default. */
  readonly weightDecay?: number;
}

/**
 * Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2):
 *
 *     p = p - learningRate * (sign(beta1 * m + (1 - beta1) * g) + weightDecay * p)
 *     m = beta2 * m + (1 - beta2) * g
 *
 * Each step changes each element by the learning rate, which is therefore 3 to 10 times smaller than Adam's: 1e-4 by
 * default.
 */
export class Lion extends Optimizer<'m'> {
  static override readonly kind: string = 'Lion';
  readonly #settings: Required<Omit<LionOptions, keyof OptimizerOptions>>;

  constructor(parameters: readonly Parameter[], options?: LionOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, {
      learningRate: 1e-4,
      betas: [0.9, 0.99],
      weightDecay: 0,
      clip: {},
    });
    super(parameters, settings, ['m']);
    const { betas, weightDecay } = settings;
    checkArray('Lion', 'betas', betas, '[0.9, 0.99]');
    checkFraction('Lion', { 'betas[0]': betas[0], 'betas[1]': betas[1] });
    checkNotNegative('Lion', { weightDecay });
    this.#settings = { betas, weightDecay };
  }

  protected override update(p: Tensor, g: Tensor, slots: Slots<'m'>, learningRate: number): Update<'m'> {
    const [beta1, beta2] = this.#settings.betas;
    const direction = slots.m
      .mul(beta1)
      .add(g.mul(1 - beta1))
      .sign();
    const m = slots.m.mul(beta2).add(g.mul(1 - beta2));
    const value = p.mul(1 - learningRate * this.#settings.weightDecay).sub(direction.mul(learningRate));
    return { value, slots: { m } };
  }
}
