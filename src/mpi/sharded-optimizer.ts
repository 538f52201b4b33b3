import { dtypes, type TypedArray } from '../ir/dtype.ts';
import { ValueError } from '../ir/errors.ts';
import { Storage } from '../ir/storage.ts';
import { clipGradients } from '../optim/clip.ts';
import { copyOf } from '../optim/copy.ts';
import { type MinimizeOptions, Optimizer, type OptimizerState, type ParameterState } from '../optim/index.ts';
import { notFinite, type Trained } from '../optim/optimizer.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { Parameter, withoutValues } from '../tensor/parameter.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Communicator, gather, parts } from './communicator.ts';
import { bytesOf, checkHeld, fill, release } from './held-values.ts';
import { partition } from './partition.ts';

const NONE = new Uint8Array();

/** A new value of a step, and the rank that computes it; null if all do. */
interface NewValue {
  readonly target: Parameter;
  readonly value: Tensor;
  readonly owner: number | null;
}

/** The number of the first new value that is not finite. */
class FirstNotFinite extends Error {
  readonly number: number;

  constructor(number: number) {
    super();
    this.number = number;
  }
}

/**
 * An optimizer of which each rank keeps the slots of some Parameters, computes their updates, and sends the new values to all
 * (stage 1 of ZeRO, Rajbhandari et al. 2020). Parameters are the unit: the update of one may depend on all its elements, as
 * in Muon, and files name slots by Parameters.
 */
export class ShardedOptimizer {
  readonly #communicator: Communicator;
  /** The results of all ranks. */
  readonly #gather: <T>(where: string, own: T) => Promise<readonly T[]>;
  readonly #optimizer: Optimizer;
  readonly #kept: readonly Trained[];
  readonly #owners: ReadonlyMap<Parameter, number>;
  /** Parameters for new values before all ranks have agreed to take them. Between steps they have no memory. */
  readonly #staged = new Map<Parameter, Parameter>();

  /**
   * @throws ValueError for an optimizer that does steps in its own way; StateError if rank 0 has lost a part of the state, in
   * training that has failed.
   */
  constructor(
    communicator: Communicator,
    gather: <T>(where: string, own: T) => Promise<readonly T[]>,
    optimizer: Optimizer,
  ) {
    if (!(optimizer instanceof Optimizer) || optimizer.apply !== Optimizer.prototype.apply)
      throw new ValueError(
        '[fit] got shardOptimizerState and an optimizer with an apply of its own, wanted a subclass of Optimizer that only has update.',
      );
    for (const { slots } of communicator.rank === 0 ? Optimizer.parts(optimizer).kept : [])
      Object.values(slots).forEach(checkHeld);
    this.#communicator = communicator;
    this.#gather = gather;
    this.#optimizer = optimizer;
    this.#kept = Optimizer.parts(optimizer).kept;
    const sizes = this.#kept.map(({ parameter, slots }) => parameter.size * (1 + Object.keys(slots).length));
    const owners = partition(sizes, communicator.size);
    this.#owners = new Map(this.#kept.map(({ parameter }, i) => [parameter, owners[i]!]));
  }

  /** The state without the values of slots. */
  getRest(): Promise<OptimizerState> {
    return this.#withoutSlots(() => this.#optimizer.getState());
  }

  setRest(state: OptimizerState): Promise<void> {
    return this.#withoutSlots(() => this.#optimizer.setState(state));
  }

  async #withoutSlots<T>(run: () => Promise<T>): Promise<T> {
    const slots = this.#kept.map((kept) => kept.slots);
    for (const kept of this.#kept) kept.slots = {};
    try {
      return await run();
    } finally {
      for (const [i, kept] of this.#kept.entries()) kept.slots = slots[i]!;
    }
  }

  /** Rank 0 gives each rank the slots that it keeps. All others are released. */
  async divide(): Promise<void> {
    const { rank } = this.#communicator;
    for (const { parameter, slots } of this.#kept) {
      const owner = this.#owners.get(parameter)!;
      const all = Object.values(slots);
      if (owner > 0) {
        const bytes = await this.#send(all, 0, owner);
        if (owner === rank) fillAll(all, bytes);
      }
      if (owner === rank) continue;
      for (const slot of all)
        release(
          slot,
          `[fit] got a use of '${slot.name}', which only rank ${owner} has with shardOptimizerState. The optimizer's state can be used ` +
            'before and after training. After training that has failed, resume from a checkpoint or make a new optimizer.',
        );
    }
  }

  /** Gives all ranks all slots again. */
  async join(): Promise<void> {
    const { rank, size } = this.#communicator;
    for (const { parameter, slots } of this.#kept) {
      const owner = this.#owners.get(parameter)!;
      const all = Object.values(slots);
      const bytes = owner === rank ? await bytesOfAll(all) : new Uint8Array(totalBytes(all));
      await gather(this.#communicator, only(size, owner, bytes), 'data');
      if (owner !== rank) fillAll(all, bytes);
    }
  }

  /** A copy of the whole state on rank 0, null on the others. */
  async getState(): Promise<OptimizerState | null> {
    const { rank } = this.#communicator;
    const rest = await this.getRest();
    const parameters: Record<string, ParameterState> = {};
    for (const [name, { parameter, slots }] of Optimizer.keptBy(this.#optimizer)) {
      const owner = this.#owners.get(parameter)!;
      const all = Object.values(slots);
      const values =
        owner === 0 ? (rank === 0 ? await copyOf(all) : []) : split(await this.#send(all, owner, 0), all);
      const named = Object.keys(slots).map((slot, i) => [slot, values[i]!] as const);
      parameters[name] = { ...rest.parameters[name]!, slots: Object.fromEntries(named) };
    }
    return rank === 0 ? { ...rest, parameters } : null;
  }

  /** Sends the values of slots from one rank to another one, which gets them. All ranks take part. */
  async #send(slots: readonly Parameter[], from: number, to: number): Promise<Uint8Array> {
    const { rank, size } = this.#communicator;
    const outgoing = rank === from ? await bytesOfAll(slots) : NONE;
    const incoming = rank === to ? new Uint8Array(totalBytes(slots)) : NONE;
    await this.#communicator.exchange(only(size, to, outgoing), only(size, from, incoming), 'data');
    return incoming;
  }

  /**
   * `Optimizer.apply` on all ranks. No rank overwrites anything before all new values are known to be finite.
   *
   * @throws NonFiniteError on all ranks.
   */
  async apply(gradients: ReadonlyMap<Parameter, Tensor>, options: MinimizeOptions): Promise<void> {
    const { average, context } = options;
    const optimizer = this.#optimizer;
    const { rank } = this.#communicator;
    const trained = this.#kept.filter(({ parameter }) => parameter.trainable);
    if (trained.length === 0) return optimizer.apply(gradients, options); // throws
    const { step } = optimizer;
    const values: NewValue[] = (context?.assignments ?? []).map(([target, value]) => ({
      target,
      value,
      owner: null,
    }));
    values.push(...this.#updates(trained, gradients));
    const own = values.flatMap((value, i) =>
      value.owner === null || value.owner === rank
        ? [{ ...value, staged: this.#stagedFor(value.target, i) }]
        : [],
    );
    try {
      const found = await this.#stage(own);
      const bad = (await this.#gather('an update', found)).filter((number) => number !== null);
      if (bad.length > 0) throw notFinite('apply', values[Math.min(...bad)]!.target.name, step);
      const received = await this.#exchangeValues(trained);
      const assignments = own.map(({ staged, target }): readonly [Parameter, Tensor] => [target, staged]);
      assignments.push(...received);
      if (average) assignments.push(...average.follow(assignments, 'apply'));
      await runAssignments({ assignments }, (target) => notFinite('apply', target, step), 'apply');
    } finally {
      for (const { staged } of own) release(staged, '[fit] this step is over.');
    }
    optimizer.step++;
    for (const kept of trained) kept.updates++;
    if (average) average.step++;
  }

  /** Computes new values. @returns the number of the first one that is not finite, or null. */
  async #stage(own: readonly (NewValue & { readonly staged: Parameter })[]): Promise<number | null> {
    try {
      await runAssignments(
        { assignments: own.map(({ staged, value }) => [staged, value]) },
        (name) => new FirstNotFinite(Number(name)),
      );
      return null;
    } catch (error) {
      if (error instanceof FirstNotFinite) return error.number;
      throw error;
    }
  }

  /** The new values of all Parameters and slots, of which each rank runs its own. */
  #updates(trained: readonly Trained[], gradients: ReadonlyMap<Parameter, Tensor>): NewValue[] {
    const { clip, update } = Optimizer.parts(this.#optimizer);
    const learningRate = this.#optimizer.currentLearningRate;
    const given = trained.map(({ parameter }) => gradients.get(parameter)!);
    return clipGradients(given, clip).flatMap((g, k) => {
      const { parameter, slots, updates } = trained[k]!;
      const owner = this.#owners.get(parameter)!;
      const { value, slots: next } = update(parameter, g, slots, learningRate, updates + 1);
      const ofSlots = Object.entries(slots).map(([slot, target]) => ({ target, value: next[slot]!, owner }));
      return [{ target: parameter, value, owner }, ...ofSlots];
    });
  }

  /** @param number becomes the name, which the error for a value that is not finite gets. */
  #stagedFor(target: Parameter, number: number): Parameter {
    let staged = this.#staged.get(target);
    if (staged === undefined) {
      staged = withoutValues(
        ({ dtype, size }) => new Storage(dtype, { size }),
        () => new Parameter(target),
      );
      this.#staged.set(target, staged);
    }
    staged.name = String(number);
    return staged;
  }

  /** Sends the new values of own Parameters to all. @returns those of the others. */
  async #exchangeValues(trained: readonly Trained[]): Promise<[Parameter, Tensor][]> {
    const { rank, size } = this.#communicator;
    const lists: Parameter[][] = Array.from({ length: size }, () => []);
    for (const { parameter } of trained) lists[this.#owners.get(parameter)!]!.push(parameter);
    const lengths = lists.map((list) => list.reduce((sum, p) => sum + p.size, 0));
    const all = lengths.map((length) => new Float32Array(length));
    let at = 0;
    for (const parameter of lists[rank]!) {
      all[rank]!.set(await valuesOf(this.#staged.get(parameter)!), at);
      at += parameter.size;
    }
    await gather(this.#communicator, all, 'data');
    return lists.flatMap((list, from) => {
      if (from === rank) return [];
      const values = parts(
        all[from]!,
        list.map((parameter) => parameter.size),
      );
      return list.map((parameter, i): [Parameter, Tensor] => [
        parameter,
        fromArray(values[i]!, parameter.shape, 'float32'),
      ]);
    });
  }
}

/** Bytes for or of one rank, and none of the others. */
const only = (size: number, rank: number, bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: size }, (_, i) => (i === rank ? bytes : NONE));

const totalBytes = (slots: readonly Parameter[]): number =>
  slots.reduce((sum, { dtype, size }) => sum + size * dtypes[dtype].bytes, 0);

async function bytesOfAll(slots: readonly Parameter[]): Promise<Uint8Array> {
  const all = new Uint8Array(totalBytes(slots));
  let at = 0;
  for (const slot of slots) {
    const part = bytesOf(await valuesOf(slot));
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The values of slots that lie one after the other, as arrays of their own; none if there are no bytes. */
function split(bytes: Uint8Array, slots: readonly Parameter[]): TypedArray[] {
  if (bytes.length === 0) return [];
  let at = 0;
  return slots.map(({ dtype, size }) => {
    const values = dtypes[dtype].allocate(size);
    bytesOf(values).set(bytes.subarray(at, at + values.byteLength));
    at += values.byteLength;
    return values;
  });
}

function fillAll(slots: readonly Parameter[], bytes: Uint8Array): void {
  let at = 0;
  for (const slot of slots) {
    const end = at + totalBytes([slot]);
    fill(slot, bytes.subarray(at, end));
    at = end;
  }
}
