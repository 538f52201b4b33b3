import { checkArray, checkCount, readOptions } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Optimizer, OptimizerOptions, OptimizerParts, Slots, Trained, Update } from './optimizer.ts';
import { describeInner, OuterOptimizer, partsOf } from './outer-optimizer.ts';
import type { Schedule } from './schedules.ts';

export interface MultiOptimizerOptions extends OptimizerOptions {
  /** Multiplies the learning rates of all optimizers: a number or a schedule; 1 by default. */
  readonly learningRate?: number | Schedule;
}

/**
 * Several optimizers as one, each for a part of the Parameters: groups with a learning rate, a weight decay or a method of
 * their own (`param_groups` of PyTorch, `MultiOptimizer` of TensorFlow Addons).
 *
 * ```ts
 * const optimizer = new MultiOptimizer([
 *   new AdamW(backbone.parameters(), { learningRate: 1e-5 }),
 *   new AdamW(head.parameters(), { learningRate: 1e-3, weightDecay: 0 }),
 * ], { clip: { globalNorm: 1 }, learningRate: schedules.cosineDecay({ rate: 1, steps: 1000 }) });
 * ```
 *
 * All updates are one step and one plan. Clipping is an option of the whole. To freeze a part, use `layer.freeze()`, or
 * `parameter.trainable = false`: steps leave out what is not trainable.
 *
 * @throws ValueError if two optimizers hold the same Parameter, if one has done steps already, or has the option `clip`.
 */
export class MultiOptimizer extends OuterOptimizer {
  static override readonly kind: string = 'MultiOptimizer';
  readonly optimizers: readonly Optimizer[];
  protected override readonly notNegative: readonly string[];
  readonly #parts: ReadonlyMap<Tensor, readonly [optimizer: Optimizer, parts: OptimizerParts]>;

  constructor(optimizers: readonly Optimizer[], options?: MultiOptimizerOptions) {
    const { kind } = new.target;
    checkCount(kind, arguments.length, 2);
    const settings = readOptions(kind, options, { learningRate: 1, clip: {} });
    checkArray(kind, 'optimizers', optimizers, '[new Adam(a.parameters()), new SGD(b.parameters(), ...)]');
    const parts = new Map<Tensor, readonly [Optimizer, OptimizerParts]>();
    const kept = new Map<Parameter, Trained>();
    for (const optimizer of optimizers) {
      const own = partsOf(kind, optimizer);
      if (Object.values(own.clip).some((limit) => limit !== undefined)) {
        throw new ValueError(
          `[${kind}] got an optimizer with clip, wanted it as an option of ${kind}, for all gradients together.`,
        );
      }
      for (const entry of own.kept) {
        const { parameter } = entry;
        if (kept.has(parameter)) {
          throw new ValueError(
            `[${kind}] got Parameter '${parameter.name}' in two optimizers, wanted it in one.`,
          );
        }
        kept.set(parameter, entry);
        parts.set(parameter, [optimizer, own]);
      }
    }
    super([...kept.keys()], settings, (parameter) => kept.get(parameter)!);
    this.optimizers = [...optimizers];
    this.#parts = parts;
    this.notNegative = notNegativeOf([...new Set([...parts.values()].map(([, own]) => own))]);
    this.options = describeInner(settings, optimizers);
  }

  protected override update(p: Tensor, g: Tensor, slots: Slots, learningRate: number, t: number): Update {
    const [optimizer, { update }] = this.#parts.get(p)!;
    optimizer.step = this.step;
    return update(p, g, slots, learningRate * optimizer.currentLearningRate, t);
  }
}

/** The slots that are never negative wherever they occur. */
function notNegativeOf(parts: readonly OptimizerParts[]): string[] {
  const signed = new Set(
    parts.flatMap(({ kept, notNegative }) =>
      kept.flatMap(({ slots }) => Object.keys(slots).filter((slot) => !notNegative.includes(slot))),
    ),
  );
  return [...new Set(parts.flatMap(({ notNegative }) => notNegative))].filter((slot) => !signed.has(slot));
}
