import { StateError } from '../ir/errors.ts';
import { Storage } from '../ir/storage.ts';
import type { Decoding } from '../layers/base/context.ts';
import { arange, tensor, zeros } from '../tensor/creation.ts';
import { overwriteSlice } from '../tensor/ops/arrangement/set-slice.ts';
import { Parameter, withoutValues } from '../tensor/parameter.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The keys and values of all steps so far, for each attention of a model, in Parameters of a fixed length: so all steps have
 * one plan, which writes the new keys and values only. Of each recurrent layer it has the state.
 */
export class KeyValueCache implements Decoding {
  readonly #capacity: number;
  /** Keys and values of each attention, [N, heads, capacity, size], in the order of the forward pass; zeros after `#length`. */
  readonly #kept: Parameter[] = [];
  #assignments: (readonly [Parameter, Tensor])[] = [];
  /** The states of the recurrent layers, before and after the further steps. */
  #states: readonly Tensor[] = [];
  #nextStates: Tensor[] = [];
  #length = 0;
  #position = tensor(0, { dtype: 'int32' }) as Tensor;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get position(): Tensor {
    return this.#position;
  }

  extend(key: Tensor, value: Tensor): { key: Tensor; value: Tensor; seen: Tensor } {
    const steps = key.shape[2]!;
    const most = this.#length > 0 ? 1 : this.#capacity;
    if (steps > most)
      throw new StateError(
        `[generate] got attention over ${steps} further steps, wanted at most ${most}. Call generate without a cache.`,
      );
    const positions: Tensor = arange(this.#capacity);
    const last = (arange(steps) as Tensor).add(this.#position).reshape([steps, 1]);
    return {
      key: this.#added(key),
      value: this.#added(value),
      seen: positions.lessEqual(last as Tensor),
    };
  }

  recall(count: number): readonly Tensor[] | undefined {
    const at = this.#nextStates.length;
    return this.#length === 0 ? undefined : this.#states.slice(at, at + count);
  }

  keep(state: readonly Tensor[]): void {
    this.#nextStates.push(...state);
  }

  #added(t: Tensor): Tensor {
    const [batch, heads, , size] = t.shape as [number, number, number, number];
    const at = this.#assignments.length;
    this.#kept[at] ??= zeroParameter([batch, heads, this.#capacity, size]);
    const { assignment, value } = overwriteSlice(this.#kept[at], t, 2, this.#length);
    this.#assignments.push(assignment);
    return value;
  }

  /** Frees the memory of the keys and values. */
  release(): void {
    for (const { node } of this.#kept) node.storage!.deviceCopy?.drop();
  }

  /** Computes a result of the model, and keeps what its further steps, `steps` in number, have added. */
  async run(result: Tensor, steps: number): Promise<void> {
    const states = this.#nextStates.map((t) => t.detach());
    await runAssignments(
      { results: [result, ...states], assignments: this.#assignments },
      undefined,
      'generate',
    );
    this.#states = states;
    this.#nextStates = [];
    this.#assignments = [];
    this.#length += steps;
    this.#position = tensor(this.#length, { dtype: 'int32' }) as Tensor;
  }
}

/** Zeros that no run computes: a storage has them at first. */
const zeroParameter = (shape: readonly number[]): Parameter =>
  withoutValues(
    (node, name) => new Storage(node.dtype, node, name),
    () => new Parameter(zeros(shape)),
  );
