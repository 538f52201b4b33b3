import { checkCount, readOptions } from '../ir/arguments.ts';
import { pow } from '../ir/math/index.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkMoments, type MomentOptions, momentDefaults, moments } from './moments.ts';
import { Optimizer, type Slots, type Update } from './optimizer.ts';

/** Options of `RAdam`; the learning rate is 1e-3 by default. */
export type RAdamOptions = MomentOptions;

/**
 * Adam whose steps are rectified while few gradients determine their sizes, which replaces a warm-up (Liu et al. 2020,
 * algorithm 2). With step t from 1, m and v as in Adam, and q = 2 / (1 - beta2) - 1:
 *
 *     n = q - 2 t beta2^t / (1 - beta2^t)
 *     r = sqrt((n - 4) (n - 2) q / ((q - 4) (q - 2) n))
 *     p = p - learningRate * r * m / (1 - beta1^t) * sqrt(1 - beta2^t) / (sqrt(v) + epsilon)    if n > 5
 *     p = p - learningRate * m / (1 - beta1^t)                                                  otherwise
 *
 * As in PyTorch, epsilon is added before the bias of v is corrected.
 *
 * Elements of g are limited to -2^62 .. 2^62 (4.6e18), whose squares float32 can hold.
 *
 * The learning rate is 1e-3 by default.
 */
export class RAdam extends Optimizer<'m' | 'v'> {
  static override readonly kind: string = 'RAdam';
  protected override readonly notNegative = ['v'];
  readonly #settings: Required<RAdamOptions>;

  constructor(parameters: readonly Parameter[], options?: RAdamOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, { learningRate: 1e-3, ...momentDefaults });
    super(parameters, settings, ['m', 'v']);
    checkMoments(new.target.kind, settings);
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
    const { m, v } = moments(p, gradient, slots, betas, weightDecay);
    const rate = learningRate / (1 - pow(beta1, t));
    const rectification = rectificationAt(t, beta2);
    const isRectified = rectification !== null;
    // One expression for both cases, so that all steps run the same plan.
    const divisor = v
      .sqrt()
      .mul(isRectified ? 1 : 0)
      .add(isRectified ? epsilon : 1);
    const factor = isRectified ? rectification * Math.sqrt(1 - pow(beta2, t)) : 1;
    return { value: p.sub(m.div(divisor).mul(rate * factor)), slots: { m, v } };
  }
}

/** r of step t; null while the variance of the step size is not defined. */
function rectificationAt(t: number, beta2: number): number | null {
  const q = 2 / (1 - beta2) - 1;
  const power = pow(beta2, t);
  const n = q - (2 * t * power) / (1 - power);
  if (!(n > 5)) return null;
  return Math.sqrt((((n - 4) * (n - 2)) / ((q - 4) * (q - 2))) * (q / n));
}
