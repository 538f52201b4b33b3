import { checkArray, checkCount, checkOptions, isMap, type Known, refusal } from '../ir/arguments.ts';
import { DTypeError, NonFiniteError, ShapeError, StateError, ValueError } from '../ir/errors.ts';
import { sameShape } from '../ir/view.ts';
import { checkCall, checkTensor } from '../tensor/apply.ts';
import { zeros } from '../tensor/creation.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import { checkFinite } from '../tensor/ops/elementwise/finite-check.ts';
import { Parameter } from '../tensor/parameter.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkNotNegative } from './check.ts';
import { type ClipOptions, checkClip, clipGradients } from './clip.ts';
import { distinctParameters } from './parameters.ts';
import type { Schedule } from './schedules.ts';
import { byName, type Kept, readState, type State, saveState } from './state.ts';
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
  readonly context?: {
    readonly assignments: readonly (readonly [parameter: Parameter, value: Tensor])[];
    take(): unknown;
  };
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

/** The state of an optimizer as plain data, which survives `structuredClone` and JSON. */
export interface OptimizerState extends State {
  /** The learning rate, if it is a number. */
  readonly learningRate?: number;
  /** Of an optimizer that is made of others: what they remember besides their slots. */
  readonly inner?: readonly InnerState[];
}

/** What an inner optimizer remembers besides its slots. */
export type InnerState = Pick<OptimizerState, 'learningRate' | 'inner'>;

/** What an optimizer keeps for one Parameter. */
export interface Trained<Slot extends string = string> extends Kept {
  slots: Readonly<Record<Slot, Parameter>>;
  updates: number;
}

/** What is kept for a Parameter before the first step: slots of zeros. */
export function keepSlots<Slot extends string>(parameter: Parameter, slots: readonly Slot[]): Trained<Slot> {
  const own = {} as Record<Slot, Parameter>;
  for (const slot of slots) {
    own[slot] = new Parameter<Shape>(zeros(parameter.shape), {
      name: `${parameter.name}.${slot}`,
      trainable: false,
    });
  }
  return { parameter, slots: own, updates: 0 };
}

/** What an optimizer is made of. */
export interface OptimizerParts<Slot extends string = string> {
  readonly clip: ClipOptions;
  readonly notNegative: readonly string[];
  readonly kept: readonly Trained<Slot>[];
  readonly update: (
    ...args: [p: Tensor, g: Tensor, slots: Slots<Slot>, learningRate: number, t: number]
  ) => Update<Slot>;
}

/**
 * The base of the optimizers. A custom optimizer extends it and computes in `update` the new values of one Parameter;
 * `Slot` is the union of the names of the tensors that it keeps for each Parameter.
 */
export abstract class Optimizer<Slot extends string = string> {
  /** The name of the class in files: a string, since minifiers rename classes. */
  static readonly kind: string = 'Optimizer';
  readonly parameters: readonly Parameter[];
  /** @internal The options with their defaults, which checkpoints compare. */
  options: Readonly<Record<string, unknown>>;
  /** A number or a schedule; may be changed between steps. */
  learningRate: number | Schedule;
  /** The number of updates done. */
  step = 0;
  /** The slots whose values are never negative, such as means of squares. */
  protected readonly notNegative: readonly string[] = [];
  protected readonly clip: ClipOptions;
  readonly #kept: readonly Trained<Slot>[];

  /**
   * @param parameters such as `model.parameters()`; those that are not trainable are skipped.
   * @param slots the names of the tensors to keep for each Parameter, which start as zeros; or a function that makes what is
   *   kept for one.
   */
  constructor(
    parameters: readonly Parameter[],
    options: OptimizerOptions & { learningRate: number | Schedule },
    slots: readonly Slot[] | ((parameter: Parameter) => Trained<Slot>),
  ) {
    const { kind } = new.target;
    this.parameters = distinctParameters(kind, parameters);
    const { learningRate, clip = {} } = options;
    if (typeof learningRate !== 'function') checkNotNegative(kind, { learningRate });
    this.options = { ...options };
    this.learningRate = learningRate;
    checkClip(kind, clip);
    this.clip = clip;
    this.#kept = this.parameters.map(typeof slots === 'function' ? slots : (p) => keepSlots(p, slots));
  }

  /** @internal What an optimizer keeps for its Parameters, by their names in its state. */
  static keptBy(optimizer: Optimizer): ReadonlyMap<string, Kept> {
    return byName(optimizer.#kept);
  }

  /** @internal What another optimizer is made of, for one that uses it. */
  static parts<S extends string>(optimizer: Optimizer<S>): OptimizerParts<S> {
    const { clip, notNegative } = optimizer;
    return { clip, notNegative, kept: optimizer.#kept, update: (...args) => optimizer.update(...args) };
  }

  get #kind(): string {
    return (this.constructor as typeof Optimizer).kind;
  }

  /**
   * The new values of one Parameter and of its slots.
   *
   * @param p its values. @param g the gradient, of the same shape. @param slots the tensors kept for it.
   * @param learningRate of this update. @param t the number of this update of the Parameter, counted from 1: steps while it
   *   was frozen do not count.
   */
  protected abstract update(
    p: Tensor,
    g: Tensor,
    slots: Slots<Slot>,
    learningRate: number,
    t: number,
  ): Update<Slot>;

  /** The learning rate of the next update. */
  get currentLearningRate(): number {
    const rate = typeof this.learningRate === 'number' ? this.learningRate : this.learningRate(this.step);
    checkNotNegative('minimize', { [`learningRate at step ${this.step}`]: rate });
    return rate;
  }

  /**
   * One step: gradients, updates, the loss and the tensors of `also`, in one plan. Afterwards the loss and `also` are
   * computed and detached, so that keeping them keeps no batch in memory.
   *
   * @param loss a float32 tensor with one element.
   * @throws NonFiniteError if the loss, or a new value of a Parameter, of the optimizer's state or of a running
   *   statistic is NaN or infinite; nothing is overwritten then.
   * @throws StateError if the optimizer holds no trainable Parameter, or one that the loss does not depend on.
   */
  async minimize(loss: Tensor, options: MinimizeOptions = {}): Promise<void> {
    checkCall('minimize', arguments.length, 2, loss);
    const { also = [], ...rest } = checkMinimize('minimize', options);
    const gradients = this.#gradients('minimize', loss);
    const finite = checkFinite(loss, '[minimize] the loss', this.step);
    await this.#update('minimize', gradients, { ...rest, also: [finite, loss, ...also] });
  }

  /**
   * The gradients of a loss with respect to the trainable Parameters, before clipping: lazy tensors like all others. To add
   * those of several batches, compute them with `realize` batch by batch.
   *
   * @param loss a float32 tensor with one element.
   * @throws StateError as `minimize` does.
   */
  gradients(loss: Tensor): ReadonlyMap<Parameter, Tensor> {
    checkCall('gradients', arguments.length, 1, loss);
    return this.#gradients('gradients', loss);
  }

  /**
   * One step with gradients of your own: those of `gradients`, or others made of them. `minimize(loss)` is
   * `apply(gradients(loss))`, to the bit, and also computes and checks the loss. The gradients are clipped as in `minimize`.
   * Pass what has not been computed yet and is needed after the step in `also`, such as the loss.
   *
   * @param gradients of each trainable Parameter of the optimizer, float32 and of its shape.
   * @throws NonFiniteError if a new value is NaN or infinite, as in `minimize`; nothing is overwritten then.
   * @throws StateError, ValueError, ShapeError, DTypeError if a gradient is missing, or does not fit.
   */
  async apply(gradients: ReadonlyMap<Parameter, Tensor>, options: MinimizeOptions = {}): Promise<void> {
    checkCount('apply', arguments.length, 2);
    const checked = checkMinimize('apply', options);
    this.#checkGradients(gradients);
    await this.#update('apply', gradients, checked);
  }

  /** What is kept for the trainable Parameters. */
  #trained(operation: string) {
    const trained = this.#kept.filter(({ parameter }) => parameter.trainable);
    if (trained.length > 0) return trained;
    throw new StateError(
      `[${operation}] got an optimizer of ${this.parameters.length} Parameters, none of them trainable. ` +
        'Create it with model.parameters(), or unfreeze some.',
    );
  }

  #gradients(operation: string, loss: Tensor): Map<Parameter, Tensor> {
    const targets = this.#trained(operation).map(({ parameter }) => parameter);
    return new Map(
      reachedGradients(operation, loss, targets).map((g, k) => {
        if (g === null) throw unreached(operation, loss, targets[k]!);
        return [targets[k]!, g];
      }),
    );
  }

  #checkGradients(gradients: ReadonlyMap<Parameter, Tensor>): void {
    if (!isMap(gradients)) throw refusal('apply', 'gradients', gradients, 'a Map: optimizer.gradients(loss)');
    const wanted = new Set(this.#trained('apply').map(({ parameter }) => parameter));
    for (const [parameter, g] of gradients) {
      if (!(parameter instanceof Parameter)) throw refusal('apply', 'a key', parameter, 'a Parameter');
      const { name, shape } = parameter;
      checkTensor('apply', g);
      if (!wanted.delete(parameter)) {
        throw new ValueError(
          `[apply] got a gradient of '${name}' ${show(shape)}, wanted those of the trainable Parameters of the optimizer only.`,
        );
      }
      if (g.dtype !== 'float32')
        throw new DTypeError(`[apply] got a gradient of '${name}' of type ${g.dtype}, wanted float32.`);
      if (!sameShape(g.shape, shape)) {
        throw new ShapeError(
          `[apply] got a gradient of '${name}' of shape ${show(g.shape)}, wanted ${show(shape)}.`,
        );
      }
    }
    for (const { name } of wanted) {
      throw new StateError(
        `[apply] got no gradient of '${name}'. Pass one for each trainable Parameter, or freeze it (trainable = false).`,
      );
    }
  }

  /** Runs the updates with these gradients of all trainable Parameters. */
  async #update(
    operation: string,
    gradients: ReadonlyMap<Parameter, Tensor>,
    { also = [], average, context }: MinimizeOptions,
  ): Promise<void> {
    const trained = this.#trained(operation);
    const given = trained.map(({ parameter }) => gradients.get(parameter)!);
    const learningRate = this.currentLearningRate;
    const assignments: (readonly [Parameter, Tensor])[] = [];
    clipGradients(given, this.clip).forEach((g, k) => {
      const { parameter, slots, updates } = trained[k]!;
      const update = this.update(parameter, g, slots, learningRate, updates + 1);
      assignments.push([parameter, update.value]);
      for (const slot of Object.keys(slots) as Slot[]) assignments.push([slots[slot], update.slots[slot]]);
    });
    assignments.unshift(...(context?.assignments ?? []));
    if (average) assignments.push(...average.follow(assignments, operation));
    const { step } = this;
    // What the context requests belongs to this step, whatever comes of it.
    context?.take();
    const running = runAssignments(
      { results: also, assignments },
      (target) => notFinite(operation, target, step),
      operation,
    );
    const count = (by: number): void => {
      this.step += by;
      for (const kept of trained) kept.updates += by;
      if (average) average.step += by;
    };
    count(1);
    try {
      await running;
    } catch (error) {
      count(-1);
      throw error;
    }
  }

  /** JSON cannot wait for the values: it takes the state instead. */
  toJSON(): never {
    throw new StateError(
      `[toJSON] got an optimizer (${this.#kind}), wanted its state. Write JSON.stringify(await optimizer.getState()).`,
    );
  }

  /** A copy of the optimizer's state at the time of the call, for a checkpoint. */
  async getState(): Promise<OptimizerState> {
    checkCount('getState', arguments.length, 0);
    const { learningRate } = this;
    const state = await saveState(this.#kind, this.step, byName(this.#kept));
    return typeof learningRate === 'number' ? { ...state, learningRate } : state;
  }

  /**
   * Restores a state that `getState` returned, of an optimizer of the same class over Parameters with the same names and
   * shapes. A schedule stays; a learning rate that is a number is restored.
   *
   * @throws ValueError, ShapeError if the state does not fit or has values that are not finite; nothing is changed then.
   */
  async setState(state: OptimizerState): Promise<void> {
    checkCount('setState', arguments.length, 1);
    const named = byName(this.#kept);
    const assignments = readState(state, this.#kind, named, (slot) =>
      this.notNegative.includes(slot) ? 0 : Number.NEGATIVE_INFINITY,
    );
    const { step, learningRate } = state;
    if (learningRate !== undefined) checkNotNegative('setState', { learningRate });
    const before = { step: this.step, learningRate: this.learningRate };
    const updates = this.#kept.map((kept) => kept.updates);
    const running = runAssignments({ assignments }, undefined, 'setState');
    this.step = step;
    for (const [name, kept] of named) kept.updates = state.parameters[name]!.updates ?? step;
    if (typeof this.learningRate === 'number') this.learningRate = learningRate ?? this.learningRate;
    try {
      await running;
    } catch (error) {
      Object.assign(this, before);
      this.#kept.forEach((kept, i) => {
        kept.updates = updates[i]!;
      });
      throw error;
    }
  }
}

/** The error for a new value in a step. */
export const notFinite = (operation: string, target: string, step: number): NonFiniteError =>
  new NonFiniteError(
    `[${operation}] the new value of '${target}' is NaN or infinite at step ${step}. Nothing was overwritten. Lower the ` +
      'learning rate, clip gradients, or check the loss for a root or a logarithm of 0.',
  );

/** @throws ValueError, DTypeError unless they are options of a step. */
function checkMinimize(operation: string, options: MinimizeOptions): MinimizeOptions {
  checkOptions(operation, options, minimizeOptions);
  const { also = [], average, context } = options;
  checkArray(operation, 'also', also, '[logits]');
  for (const t of also) checkTensor(operation, t);
  if (context !== undefined && typeof context?.take !== 'function')
    throw refusal(operation, 'context', context, 'a context of training()');
  if (average !== undefined && typeof average?.follow !== 'function')
    throw refusal(operation, 'average', average, 'a WeightAverage');
  return options;
}

/** The gradient plus that of a penalty weightDecay / 2 * p^2. */
export function decayed(g: Tensor, p: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? g : g.add(p.mul(weightDecay));
}
