import { checkCount, describe, readOptions } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { keepSlots, type Optimizer, type OptimizerParts, type Slots, type Update } from './optimizer.ts';
import { describeInner, OuterOptimizer, partsOf } from './outer-optimizer.ts';

export interface LookaheadOptions {
  /** How many steps of the inner optimizer come before the slow weights move; 5 by default. */
  readonly every?: number;
  /** The fraction of the way to the fast weights that the slow weights move, 0 < alpha <= 1; 0.5 by default. */
  readonly alpha?: number;
}

/**
 * Lookahead (Zhang et al. 2019, algorithm 1): the inner optimizer makes `every` steps, then
 *
 *     slow = slow + alpha * (p - slow)
 *     p = slow
 *
 * where `slow` begins with the initial values. The learning rate and `clip` of the inner optimizer become those of this
 * one.
 *
 * ```ts
 * const optimizer = new Lookahead(new Adam(model.parameters()), { every: 5 });
 * ```
 *
 * @throws ValueError if the inner optimizer has done steps already.
 */
export class Lookahead extends OuterOptimizer {
  static override readonly kind: string = 'Lookahead';
  readonly optimizers: readonly [Optimizer];
  protected override readonly notNegative: readonly string[];
  readonly #update: OptimizerParts['update'];
  readonly #settings: Required<LookaheadOptions>;

  constructor(optimizer: Optimizer, options?: LookaheadOptions) {
    const { kind } = new.target;
    checkCount(kind, arguments.length, 2);
    const settings = readOptions(kind, options, { every: 5, alpha: 0.5 });
    const { every, alpha } = settings;
    if (!(Number.isInteger(every) && every >= 1))
      throw new ValueError(`[${kind}] got every ${describe(every)}, wanted a whole number from 1 up.`);
    if (!(alpha > 0 && alpha <= 1))
      throw new ValueError(`[${kind}] got alpha ${describe(alpha)}, wanted a number with 0 < alpha <= 1.`);
    const { clip, kept, notNegative, update } = partsOf(kind, optimizer);
    const inner = new Map(kept.map((entry) => [entry.parameter, entry]));
    super(optimizer.parameters, { clip, learningRate: optimizer.learningRate }, (parameter) => {
      const { slots } = inner.get(parameter)!;
      if (slots.slow !== undefined) {
        throw new ValueError(
          `[${kind}] got an optimizer with a slot 'slow', wanted one that is no Lookahead.`,
        );
      }
      const own = keepSlots(parameter, ['slow']);
      return { ...own, slots: { ...slots, ...own.slots } };
    });
    this.optimizers = [optimizer];
    this.notNegative = notNegative;
    this.#update = update;
    this.#settings = settings;
    this.options = describeInner({ ...settings }, this.optimizers);
  }

  protected override update(
    p: Tensor,
    g: Tensor,
    { slow, ...slots }: Slots,
    learningRate: number,
    t: number,
  ): Update {
    const { every, alpha } = this.#settings;
    this.optimizers[0].step = this.step;
    const { value: fast, slots: next } = this.#update(p, g, slots, learningRate, t);
    // Factors of 0 and 1 instead of cases, so that all steps run the same plan.
    const isFirst = t === 1 ? 1 : 0;
    const before = slow!.mul(1 - isFirst).add(p.mul(isFirst));
    const moves = t % every === 0 ? 1 : 0;
    const after = before.add(fast.sub(before).mul(alpha * moves));
    return { value: fast.mul(1 - moves).add(after.mul(moves)), slots: { ...next, slow: after } };
  }
}
