import { checkOptions, type Known, refusal } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { checkCall } from '../tensor/apply.ts';
import { tensor, zeros } from '../tensor/creation.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import { guardNaN } from '../tensor/ops/elementwise/nan-check.ts';
import { Parameter } from '../tensor/parameter.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { runStep } from '../tensor/step.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type ClipOptions, checkClip, clipGradients } from './clip.ts';
import { copyOf } from './copy.ts';
import { distinctParameters } from './parameters.ts';
import type { Schedule } from './schedules.ts';
import { unreached } from './unreached.ts';
import type { WeightAverage } from './weight-average.ts';

/** The options of all optimizers. */
export interface OptimizerOptions {
  /** A number, or a function of the number of updates so far; each optimizer has its own default. */
  readonly learningRate?: number | Schedule;
  /** Limits on the gradients, applied first; none by default. */
  readonly clip?: ClipOptions;
}

export interface MinimizeOptions {
  /** Tensors to compute in the same plan, such as logits for a metric; none by default. */
  readonly also?: readonly Tensor[];
  /** The training context of the forward pass: the assignments that layers requested run in the same plan. */
  readonly context?: { take(): readonly (readonly [parameter: Parameter, value: Tensor])[] };
  /** An average of the weights to update in the same plan; none by default. */
  readonly average?: WeightAverage;
}

const minimizeOptions: Known<MinimizeOptions> = { also: 0, context: 0, average: 0 };

/** The tensors that an optimizer keeps for one Parameter, by name. */
export type Slots<Slot extends string = string> = Readonly<Record<Slot, Tensor>>;

/** New values of a Parameter and of its slots. */
export interface Update<Slot extends string = string> {
  readonly value: Tensor;
  readonly slots: Slots<Slot>;
}

/**
 * The state of an optimizer as plain data: the number of updates, and for each slot the values for each Parameter,
 * in order.
 */
export interface OptimizerState {
  readonly step: number;
  readonly slots: Readonly<Record<string, readonly Float32Array[]>>;
}

/**
 * The base of the optimizers. A custom optimizer extends it and computes in `update` the new values of one Parameter;
 * `Slot` is the union of the names of the tensors that it keeps for each Parameter.
 */
export abstract class Optimizer<Slot extends string = string> {
  /** The name of the class in files: a string, since minifiers rename classes. */
  static readonly kind: string = 'Optimizer';
  readonly parameters: readonly Parameter[];
  /** A number or a schedule; may be changed between steps. */
  learningRate: number | Schedule;
  /** The number of updates done. */
  step = 0;
  protected readonly clip: ClipOptions;
  readonly #slots: readonly Readonly<Record<Slot, Parameter>>[];

  /**
   * @param parameters such as `model.parameters()`; those that are not trainable are skipped.
   * @param slots the names of the tensors to keep for each Parameter; they start as zeros.
   */
  constructor(
    parameters: readonly Parameter[],
    options: OptimizerOptions & { learningRate: number | Schedule },
    slots: readonly Slot[],
  ) {
    const { kind } = new.target;
    this.parameters = distinctParameters(kind, parameters);
    const { learningRate } = options;
    if (typeof learningRate !== 'number' && typeof learningRate !== 'function') {
      throw refusal(kind, 'learningRate', learningRate, 'a number or a schedule');
    }
    this.learningRate = learningRate;
    this.clip = options.clip ?? {};
    checkClip(this.clip);
    this.#slots = this.parameters.map((p) => {
      const kept = {} as Record<Slot, Parameter>;
      for (const slot of slots) {
        kept[slot] = new Parameter<Shape>(zeros(p.shape), { name: `${p.name}.${slot}`, trainable: false });
      }
      return kept;
    });
  }

  /**
   * The new values of one Parameter and of its slots.
   *
   * @param p its values. @param g the gradient, of the same shape. @param slots the tensors kept for it.
   * @param learningRate of this update. @param step the number of this update, counted from 1.
   */
  protected abstract update(
    p: Tensor,
    g: Tensor,
    slots: Slots<Slot>,
    learningRate: number,
    step: number,
  ): Update<Slot>;

  /** The learning rate of the next update. */
  get currentLearningRate(): number {
    const rate = typeof this.learningRate === 'number' ? this.learningRate : this.learningRate(this.step);
    if (!Number.isFinite(rate))
      throw new ValueError(
        `[minimize] got learning rate ${rate} at step ${this.step}, wanted a finite number.`,
      );
    return rate;
  }

  /**
   * One step: gradients, updates, the loss and the tensors of `also`, in one plan. Afterwards the loss and `also` are
   * computed and detached, so that keeping them keeps no batch in memory.
   *
   * @param loss a float32 tensor with one element.
   * @throws ValueError if the loss is NaN; nothing is overwritten then.
   * @throws StateError if the loss does not depend on a trainable Parameter.
   */
  async minimize(loss: Tensor, options: MinimizeOptions = {}): Promise<void> {
    checkCall('minimize', arguments.length, 2, loss);
    checkOptions('minimize', options, minimizeOptions);
    const assignments: (readonly [Parameter, Tensor])[] = [...(options.context?.take() ?? [])];
    const trained = this.parameters.map((_, i) => i).filter((i) => this.parameters[i]!.trainable);
    const targets = trained.map((i) => this.parameters[i]!);
    const gradients = reachedGradients('minimize', loss, targets).map((g, k) => {
      if (g === null) throw unreached(loss, targets[k]!);
      return g;
    });
    const learningRate = this.currentLearningRate;
    clipGradients(gradients, this.clip).forEach((g, k) => {
      const slots = this.#slots[trained[k]!]!;
      const update = this.update(targets[k]!, g, slots, learningRate, this.step + 1);
      assignments.push([targets[k]!, update.value]);
      for (const slot of Object.keys(slots) as Slot[]) assignments.push([slots[slot], update.slots[slot]]);
    });
    const guarded = guardNaN(loss, '[minimize] the loss', this.step);
    const { average } = options;
    if (average) assignments.push(...average.follow(assignments));
    const running = runStep({ results: [guarded, loss, ...(options.also ?? [])], assignments });
    this.step++;
    if (average) average.step++;
    try {
      await running;
    } catch (error) {
      this.step--;
      if (average) average.step--;
      throw error;
    }
  }

  /** A copy of the optimizer's state at the time of the call, for a checkpoint. */
  async getState(): Promise<OptimizerState> {
    const { step } = this;
    const names = Object.keys(this.#slots[0] ?? {}) as Slot[];
    // Requests all copies before awaiting the first: the caller may start steps meanwhile.
    const values = await Promise.all(names.map((name) => copyOf(this.#slots.map((kept) => kept[name]))));
    return { step, slots: Object.fromEntries(names.map((name, i) => [name, values[i] as Float32Array[]])) };
  }

  /**
   * Restores a state that `getState` returned, of an optimizer of the same kind with Parameters of the same shapes.
   *
   * @throws ShapeError if the state does not fit; nothing is changed then.
   */
  async setState(state: OptimizerState): Promise<void> {
    const assignments = this.#slots.flatMap((slots, i) =>
      (Object.keys(slots) as Slot[]).map((slot): readonly [Parameter, Tensor] => {
        const values = state.slots[slot]?.[i];
        const target = slots[slot];
        if (values === undefined || values.length !== target.size) {
          throw new ShapeError(
            `[setState] got ${values?.length ?? 'no'} values for '${target.name}' ${show(target.shape)}, wanted ${target.size}. ` +
              'Give the state of an optimizer of the same kind over the same model.',
          );
        }
        return [target, tensor(values, { shape: target.shape })];
      }),
    );
    await runStep({ assignments });
    this.step = state.step;
  }
}

/** The gradient plus that of a penalty weightDecay / 2 * p^2. */
export function decayed(g: Tensor, p: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? g : g.add(p.mul(weightDecay));
}
