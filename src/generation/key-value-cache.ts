import { StateError } from '../ir/errors.ts';
import type { Decoding } from '../layers/base/context.ts';
import { arange, tensor, zeros } from '../tensor/creation.ts';
import { concat } from '../tensor/ops/arrangement/join.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The keys and values of all steps so far, for each attention of a model, in tensors of a fixed length: so all steps have one
 * plan. Of each recurrent layer it has the state.
 */
export class KeyValueCache implements Decoding {
  readonly #capacity: number;
  /** Keys and values of each attention, [N, heads, capacity, size], and states, in the order of the forward pass. */
  #kept: Tensor[] = [];
  #next: Tensor[] = [];
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
    const positions: Tensor = arange(this.#capacity);
    const last = (arange(steps) as Tensor).add(this.#position).reshape([steps, 1]);
    const [keys, values] = [key, value].map((t): Tensor => this.#added(t, positions)) as [Tensor, Tensor];
    return { key: keys, value: values, seen: positions.lessEqual(last as Tensor) };
  }

  recall(count: number): readonly Tensor[] | undefined {
    const at = this.#next.length;
    return this.#length === 0 ? undefined : this.#kept.slice(at, at + count);
  }

  keep(state: readonly Tensor[]): void {
    this.#next.push(...state);
  }

  #added(t: Tensor, positions: Tensor): Tensor {
    const [batch, heads, steps, size] = t.shape as [number, number, number, number];
    const before = this.#kept[this.#next.length];
    if (before !== undefined && steps !== 1)
      throw new StateError(
        `[generate] the model computes ${steps} steps after the first, wanted one at a time.`,
      );
    const all =
      before === undefined
        ? concat([t, zeros([batch, heads, this.#capacity - steps, size])], 2)
        : where(positions.reshape([this.#capacity, 1]).equal(this.#position), t, before);
    this.#next.push(all);
    return all;
  }

  /** What a run of the model must compute beside its result. */
  get pending(): readonly Tensor[] {
    return this.#next;
  }

  /** The run has computed `steps` further steps. */
  advance(steps: number): void {
    this.#kept = this.#next.map((t) => t.detach());
    this.#next = [];
    this.#length += steps;
    this.#position = tensor(this.#length, { dtype: 'int32' }) as Tensor;
  }
}
