import { checkArray, checkCount, readOptions } from '../ir/arguments.ts';
import { pow } from '../ir/math/index.ts';
import { maximum } from '../tensor/ops/elementwise/arithmetic.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFraction, checkNotNegative, fractionAt } from './check.ts';
import { moments } from './moments.ts';
import { Optimizer, type OptimizerOptions, type Slots, type Update } from './optimizer.ts';
import type { Schedule } from './schedules.ts';

export interface AdamOptions extends OptimizerOptions {
  /**
   * The fractions of the running means of g and g^2 that each step keeps; [0.9, 0.999] by default. The first may be
   * a schedule.
   */
  readonly betas?: readonly [number | Schedule, number];
  /** Added to the square root; 1e-8 by default. */
  readonly epsilon?: number;
  /** Adam adds weightDecay * p to the gradient; 0 by default. AdamW decouples it; 0.01 by default. */
  readonly weightDecay?: number;
  /** Whether to divide by the largest v so far (AMSGrad, Reddi et al. 2018); false by default. */
  readonly amsgrad?: boolean;
}

type Settings = Required<Omit<AdamOptions, 'clip'>>;

export const adamDefaults: Required<AdamOptions> = {
  learningRate: 1e-3,
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  clip: {},
};

/**
 * Adam (Kingma & Ba 2015, algorithm 1), with step t from 1:
 *
 *     m = beta1 * m + (1 - beta1) * g
 *     v = beta2 * v + (1 - beta2) * g^2
 *     p = p - learningRate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * Elements of g are limited to -2^62 .. 2^62 (4.6e18), whose squares float32 can hold. Since the formula does not depend on
 * the scale of g, a larger gradient gives the step that it gives in exact arithmetic. (In PyTorch v overflows, and the
 * element never moves again.)
 *
 * The learning rate is 1e-3 by default.
 */
export class Adam extends Optimizer {
  static override readonly kind: string = 'Adam';
  protected readonly settings: Settings;
  protected override readonly notNegative = ['v', 'largest'];
  /** 1 - beta^t, the same for all Parameters of a step. */
  #corrections = { t: 0, m: 0, v: 0 };

  constructor(parameters: readonly Parameter[], options?: AdamOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    const settings = readOptions(new.target.kind, options, adamDefaults);
    super(parameters, settings, ['m', 'v', ...(settings.amsgrad ? ['largest'] : [])]);
    this.settings = settings;
    checkArray(new.target.kind, 'betas', settings.betas, '[0.9, 0.999]');
    fractionAt(new.target.kind, 'betas[0]', settings.betas[0], 0);
    checkFraction(new.target.kind, { 'betas[1]': settings.betas[1] });
    checkNotNegative(new.target.kind, { epsilon: settings.epsilon, weightDecay: settings.weightDecay });
  }

  protected override update(
    p: Tensor,
    gradient: Tensor,
    slots: Slots,
    learningRate: number,
    t: number,
  ): Update {
    const { betas, epsilon, weightDecay } = this.settings;
    const beta1 = fractionAt('Adam', 'betas[0]', betas[0], this.step);
    const beta2 = betas[1];
    if (this.#corrections.t !== t) this.#corrections = { t, m: 1 - pow(beta1, t), v: 1 - pow(beta2, t) };
    const corrections = this.#corrections;
    const { m, v } = moments(p, gradient, slots as Slots<'m' | 'v'>, [beta1, beta2], weightDecay);
    const largest = slots.largest && maximum(slots.largest, v);
    const rate = learningRate / corrections.m;
    const root = (largest ?? v).sqrt().mul(1 / Math.sqrt(corrections.v));
    const value = p.sub(m.div(root.add(epsilon)).mul(rate));
    return { value, slots: largest ? { m, v, largest } : { m, v } };
  }
}
