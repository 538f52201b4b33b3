import { checkCount, checkOptions, type Known, refusal } from '../ir/arguments.ts';
import { StateError, ValueError } from '../ir/errors.ts';
import { Parameter } from '../tensor/parameter.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { distinctParameters } from './parameters.ts';
import type { Schedule } from './schedules.ts';
import { byName, type Kept, readState, type State, saveState } from './state.ts';

export interface WeightAverageOptions {
  /**
   * The fraction of the average that an update keeps, 0.999 by default: the average covers about the last
   * 1 / (1 - decay) updates. Or a function of the number of updates so far: `(n) => n / (n + 1)` weights all updates
   * equally (stochastic weight averaging, Izmailov et al. 2018).
   */
  readonly decay?: number | Schedule;
  /**
   * Whether the first updates use a smaller decay, which reduces the weight of the initial values: after n updates
   * the decay is at most (1 + n) / (10 + n), as in TensorFlow's `ExponentialMovingAverage`. true by default if `decay`
   * is a number, false if it is a function.
   */
  readonly warmup?: boolean;
}

const averageOptions: Known<WeightAverageOptions> = { decay: 0, warmup: true };

/**
 * The state of a weight average as plain data, which survives `structuredClone` and JSON. The slot `average` holds the
 * averages, or the Parameter's own values while swapped.
 */
export interface WeightAverageState extends State {
  readonly swapped: boolean;
}

type Assignment = readonly [parameter: Parameter, value: Tensor];

/**
 * An exponential moving average of Parameters: at each update
 *
 *     average = average + (1 - decay) * (p - average)
 *
 * with the updated p (Polyak & Juditsky 1992; `AveragedModel` of PyTorch, `ModelEma` of timm). Averaged weights often
 * generalize better. The average is updated in the plan of the optimizer's step:
 *
 * ```ts
 * const average = new WeightAverage(model.parameters(), { decay: 0.999 });
 * await optimizer.minimize(loss, { context, average });      // or fit(model, data, { average, ... })
 * const scores = await average.use(() => evaluate(model, test, { metrics }));
 * ```
 *
 * Running statistics are averaged like weights; Parameters of other dtypes than float32 are copied.
 */
export class WeightAverage {
  /** The name of the class in files. */
  static readonly kind: string = 'WeightAverage';
  readonly parameters: readonly Parameter[];
  /** @internal The options with their defaults, which checkpoints compare. */
  readonly options: Readonly<WeightAverageOptions>;
  /** The number of updates so far. */
  step = 0;
  readonly #decay: Schedule;
  readonly #averages: readonly Parameter[];
  readonly #kept: readonly Kept[];
  #swapped = false;
  /** The calls of `use` that overlap. */
  #use: { count: number; readonly before: boolean; readonly ready: Promise<void> } | null = null;

  /**
   * An average of Parameters that starts with their values. The class documentation shows its use.
   *
   * @param parameters such as `model.parameters()`: all, trainable or not.
   */
  constructor(parameters: readonly Parameter[], options: WeightAverageOptions = {}) {
    checkCount('WeightAverage', arguments.length, 2);
    checkOptions('WeightAverage', options, averageOptions);
    const { decay = 0.999, warmup = typeof decay === 'number' } = options;
    if (typeof decay !== 'number' && typeof decay !== 'function') {
      throw refusal('WeightAverage', 'decay', decay, 'a number or a schedule');
    }
    const limit = typeof decay === 'number' ? () => decay : decay;
    this.#decay = warmup ? (n) => Math.min(limit(n), (1 + n) / (10 + n)) : limit;
    if (typeof decay === 'number') checkDecay('WeightAverage', decay);
    this.options = { decay, warmup };
    this.parameters = distinctParameters('WeightAverage', parameters);
    this.#averages = this.parameters.map(
      (p) => new Parameter(p, { name: `${p.name}.average`, trainable: false }),
    );
    this.#kept = this.parameters.map((parameter, i) => ({
      parameter,
      slots: { average: this.#averages[i]! },
    }));
  }

  /** Whether the Parameters hold the averages, and this object the Parameters' own values. */
  get swapped(): boolean {
    return this.#swapped;
  }

  /**
   * @internal The assignments to the averages in a step with these assignments. The optimizer calls it and counts `step`.
   *
   * @throws StateError while the Parameters hold the averages.
   */
  follow(assignments: readonly Assignment[], operation = 'minimize'): Assignment[] {
    if (this.#swapped) {
      throw new StateError(
        `[${operation}] the Parameters hold averaged weights, and training would continue from these. ` +
          'Swap them back first: await average.swap().',
      );
    }
    const decay = this.#decay(this.step);
    checkDecay(`WeightAverage, update ${this.step + 1}`, decay);
    const updated = new Map(assignments);
    return this.parameters.map((p, i): Assignment => {
      const average = this.#averages[i]!;
      const value: Tensor = updated.get(p) ?? p;
      // In this form an average that equals the value does not change, to the bit.
      return [average, p.dtype === 'float32' ? average.add(value.sub(average).mul(1 - decay)) : value];
    });
  }

  /** Exchanges the Parameters' values and the averages. A second call restores them. */
  async swap(): Promise<void> {
    checkCount('swap', arguments.length, 0);
    const running = runAssignments({
      assignments: this.parameters.flatMap((p, i): Assignment[] => {
        const average = this.#averages[i]!;
        return [
          [p, average],
          [average, p],
        ];
      }),
    });
    this.#swapped = !this.#swapped;
    try {
      await running;
    } catch (error) {
      this.#swapped = !this.#swapped;
      throw error;
    }
  }

  /**
   * Runs an action, such as an evaluation, while the Parameters hold the averages, and restores their own values
   * afterwards, also if the action throws; of actions that overlap, after the last one.
   */
  async use<T>(action: () => T | Promise<T>): Promise<T> {
    checkCount('use', arguments.length, 1);
    if (typeof action !== 'function') throw refusal('use', 'action', action, 'a function');
    this.#use ??= { count: 0, before: this.#swapped, ready: this.#hold() };
    const use = this.#use;
    use.count++;
    try {
      await use.ready;
      return await action();
    } finally {
      if (--use.count === 0) {
        this.#use = null;
        if (this.#swapped !== use.before) await this.swap();
      }
    }
  }

  /** Lets the Parameters hold the averages. */
  async #hold(): Promise<void> {
    if (!this.#swapped) await this.swap();
  }

  /** JSON cannot wait for the values: it takes the state instead. */
  toJSON(): never {
    throw new StateError(
      '[toJSON] got a WeightAverage, wanted its state. Write JSON.stringify(await average.getState()).',
    );
  }

  /** A copy of the state at the time of the call, for a checkpoint together with the Parameters' values. */
  async getState(): Promise<WeightAverageState> {
    checkCount('getState', arguments.length, 0);
    const { swapped } = this;
    return { ...(await saveState(WeightAverage.kind, this.step, byName(this.#kept))), swapped };
  }

  /**
   * Restores a state that `getState` returned, of an average over Parameters with the same names and shapes. Restore the
   * Parameters' values too: while swapped, they are the averages.
   *
   * @throws ValueError, ShapeError if the state does not fit; nothing is changed then.
   */
  async setState(state: WeightAverageState): Promise<void> {
    checkCount('setState', arguments.length, 1);
    const assignments = readState(state, WeightAverage.kind, byName(this.#kept), () => null);
    const { step, swapped } = state;
    if (typeof swapped !== 'boolean') {
      throw new ValueError(`[setState] got swapped ${String(swapped)}, wanted true or false.`);
    }
    const before = [this.step, this.#swapped] as const;
    const running = runAssignments({ assignments }, undefined, 'setState');
    [this.step, this.#swapped] = [step, swapped];
    try {
      await running;
    } catch (error) {
      [this.step, this.#swapped] = before;
      throw error;
    }
  }
}

function checkDecay(operation: string, decay: number): void {
  if (decay >= 0 && decay < 1) return;
  throw new ValueError(`[${operation}] got decay ${decay}, wanted a number with 0 <= decay < 1.`);
}
