import { checkCount, checkOptions } from '../ir/arguments.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Adam, type AdamOptions, adamDefaults } from './adam.ts';
import { checkNotNegative } from './check.ts';
import type { Slots, Update } from './optimizer.ts';

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019): p decreases by learningRate * weightDecay * p before
 * Adam's step, and the decay does not enter Adam's running means. The learning rate is 1e-3 and weightDecay 0.01 by
 * default.
 */
export class AdamW extends Adam {
  static override readonly kind: string = 'AdamW';
  readonly #decay: number;

  constructor(parameters: readonly Parameter[], options: AdamOptions = {}) {
    checkCount(new.target.kind, arguments.length, 2);
    checkOptions('AdamW', options, adamDefaults);
    const { weightDecay = 0.01, ...rest } = options;
    super(parameters, rest);
    checkNotNegative('AdamW', { weightDecay });
    this.#decay = weightDecay;
    this.options = { ...this.options, weightDecay };
  }

  protected override update(p: Tensor, g: Tensor, slots: Slots, learningRate: number, t: number): Update {
    const shrunk = this.#decay === 0 ? p : p.mul(1 - learningRate * this.#decay);
    return super.update(shrunk, g, slots, learningRate, t);
  }
}
