import { checkCount, readOptions } from '../ir/arguments.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkNotNegative } from './check.ts';
import { decayed, Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';
import { squarable } from './squarable.ts';

export interface AdagradOptions extends OptimizerOptions {
  /** What the sums of squares start with; 0 by default. */
  readonly initialAccumulator?: number;
  /** Added to the square root; 1e-10 by default. */
  readonly epsilon?: number;
  /** Adds weightDecay * p to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

/**
 * Adagrad (Duchi et al. 2011), for sparse gradients such as those of embeddings:
 *
 *     s = s + g^2
 *     p = p - learningRate * g / (sqrt(initialAccumulator + s) + epsilon)
 *
 * Elements of g are limited to -2^62 .. 2^62 (4.6e18), whose squares float32 can hold.
 *
 * The learning rate is 0.01 by default.
 */
export class Adagrad extends Optimizer<'sum'> {
  static override readonly kind: string = 'Adagrad';
  protected override readonly notNegative = ['sum'];
  readonly #settings: Required<Omit<AdagradOptions, 'clip'>>;

  constructor(parameters: readonly Parameter[], options?: AdagradOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, {
      ...{ learningRate: 0.01, initialAccumulator: 0, epsilon: 1e-10, weightDecay: 0 },
      clip: {},
    });
    super(parameters, settings, ['sum']);
    const { initialAccumulator, epsilon, weightDecay } = settings;
    checkNotNegative(new.target.kind, { initialAccumulator, epsilon, weightDecay });
    this.#settings = settings;
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    slots: Slots<'sum'>,
    learningRate: number,
  ): Update<'sum'> {
    const { initialAccumulator, epsilon, weightDecay } = this.#settings;
    const g = squarable(decayed(gradient, p, weightDecay));
    const sum = slots.sum.add(g.square());
    const root = (initialAccumulator === 0 ? sum : sum.add(initialAccumulator)).sqrt();
    return { value: p.sub(g.div(root.add(epsilon)).mul(learningRate)), slots: { sum } };
  }
}
