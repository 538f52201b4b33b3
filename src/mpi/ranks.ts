import { ValueError } from '../ir/errors.ts';
import { configurationOf, differencesOf } from '../train/checkpoint/configuration.ts';
import { copyState, readState, restoreState } from '../train/checkpoint/run-state.ts';
import { StoredTensors } from '../train/checkpoint/stored-tensor.ts';
import type { Resumable, Saving } from '../train/checkpoint/types.ts';
import type { CombinedResults, ShardResults, World } from '../train/world.ts';
import { errorMessage, isError } from '../util/error-message.ts';
import { checkOptions } from './check-options.ts';
import { type Communicator, gather, parts } from './communicator.ts';
import { KnownShapes } from './known-shapes.ts';
import { pack, unpack } from './message.ts';
import { OPENING_BYTES, readOpening, writeOpening } from './opening.ts';
import { RankFailure } from './rank-failure.ts';
import { ReusedMemory } from './reused-memory.ts';
import { ShardedOptimizer } from './sharded-optimizer.ts';
import { ShardedSaving } from './sharded-saving.ts';
import { bfloat16Sums, byFormat } from './sum-formats.ts';
import { JoinedOutline, outlineOf, ParameterNumbers, readableSums, type Values } from './sum-outline.ts';
import { sumVectors } from './sum-vectors.ts';

const NONE = new Uint8Array();

/** Errors that another rank prints, so that one message appears for each failure. */
export type Quiet = (error: unknown) => void;

/** Several processes. Each exchange begins with an opening of each rank, which says whether it has failed. */
export class Ranks implements World {
  readonly rank: number;
  readonly size: number;
  readonly #communicator: Communicator;
  readonly #quiet: Quiet;
  /** Errors that all ranks know. */
  readonly #known = new WeakSet<object>();
  readonly #memory = new ReusedMemory();
  #shapes: KnownShapes;
  #broken: RankFailure | null = null;
  shardedOptimizer: ShardedOptimizer | null = null;
  readonly bfloat16 = bfloat16Sums;

  constructor(communicator: Communicator, quiet: Quiet) {
    this.rank = communicator.rank;
    this.size = communicator.size;
    this.#communicator = {
      rank: this.rank,
      size: this.size,
      exchange: (...args) => this.#try(() => communicator.exchange(...args)),
    };
    this.#shapes = new KnownShapes(this.size);
    this.#quiet = quiet;
  }

  /** Why no exchange is possible any more: a rank did not answer. */
  get broken(): RankFailure | null {
    return this.#broken;
  }

  async gather<T>(where: string, own: T): Promise<readonly T[]> {
    const all = await this.#exchange(where, await pack(own), false);
    return all.map((bytes) => unpack(bytes) as T);
  }

  async fail(error: unknown): Promise<void> {
    if (typeof error === 'object' && error !== null && this.#known.has(error)) return;
    const name = isError(error) && error.name !== 'Error' ? `${error.name}: ` : '';
    const text = new TextEncoder().encode(`${name}${errorMessage(error)}`);
    const failed = await this.#exchange('the failure', text, true).catch((others: unknown) => others);
    // Of several ranks that have failed, the first one prints its error.
    if (failed instanceof RankFailure && failed.ranks.includes(this.rank) && failed.ranks[0] !== this.rank)
      this.#quiet(error);
  }

  async combine({ cause, nodes, parameters, reduceDType, reports }: ShardResults): Promise<CombinedResults> {
    const numbers = new ParameterNumbers(parameters);
    const outlines = nodes.map(({ sum, ...node }) => ({ ...node, sum: sum && outlineOf(sum, numbers) }));
    const own = { cause, ...this.#shapes.split(outlines), reports };
    const all = await this.gather('a step', own);
    const every = this.#shapes.join(all);
    const found = all.find((results) => results.cause !== null)?.cause ?? null;
    if (found !== null) return { cause: found, sum: null, reports: [] };

    const result = { cause: null, reports: all.flatMap((results) => results.reports) };
    if (every.every(({ sum }) => sum === null)) return { ...result, sum: null };
    const joined = new JoinedOutline(every);
    const values: Values[] = [];
    for (const { sum } of nodes) if (sum !== null) values.push(await readableSums(sum, numbers));
    const keys = every.map(({ sum, ...node }) => ({
      ...node,
      sum: sum && { has: (key: string) => key in sum.shapes },
    }));
    const sums = new Map<string, Float32Array>();
    this.#memory.reset();
    for (const [format, shapes] of byFormat(joined.shapes, reduceDType)) {
      const found = await sumVectors(this.#communicator, this.#memory, format, shapes, keys, values);
      for (const [key, sum] of found) sums.set(key, sum);
    }
    return { ...result, sum: joined.sums(sums, numbers) };
  }

  async share(run: Resumable, saving: Saving | undefined): Promise<Saving | undefined> {
    checkOptions(run);
    const { epochs, optimizer, options } = run;
    const { checkpoint, shardOptimizerState = false } = options;
    const own = {
      ...(await configurationOf(run)),
      epochs: String(epochs),
      'the checkpoints': String(checkpoint !== undefined),
      shardOptimizerState: String(shardOptimizerState),
    };
    const all = await this.gather('the beginning of training', own);
    for (const [rank, given] of all.entries()) {
      const differences = differencesOf(all[0]!, given);
      if (differences.length === 0) continue;
      throw this.#shared(
        new ValueError(
          `[fit] rank ${rank} has other arguments than rank 0. They differ in ${differences.join('; ').replaceAll(', now ', `, rank ${rank}: `)}. ` +
            'Run the same program with all samples on all ranks: fit distributes them.',
        ),
        0,
      );
    }
    const gather = <T>(where: string, given: T) => this.gather(where, given);
    const sharded = shardOptimizerState ? new ShardedOptimizer(this.#communicator, gather, optimizer) : null;
    const { tensors, texts } =
      this.rank === 0 ? await copyState(run, sharded?.getRest()) : { tensors: null, texts: {} };
    const [first] = await this.gather('what rank 0 remembers', { tensors: tensors?.sorted() ?? [], texts });
    if (this.rank > 0) {
      const stored = new StoredTensors();
      for (const [name, tensor] of first!.tensors) stored.set(name, tensor);
      const state = readState({ tensors: stored, texts: first!.texts });
      await restoreState(run, state, sharded === null ? undefined : (rest) => sharded.setRest(rest));
    }
    this.shardedOptimizer = sharded;
    this.#shapes = new KnownShapes(this.size);
    if (sharded === null) return saving;
    await sharded.divide();
    return checkpoint && new ShardedSaving(saving, sharded, gather);
  }

  async end(): Promise<void> {
    await this.gather('the end of training', null);
    await this.shardedOptimizer?.join();
    this.shardedOptimizer = null;
    this.#memory.free();
  }

  /** The messages of all ranks. */
  async #exchange(where: string, message: Uint8Array, hasFailed: boolean): Promise<Uint8Array[]> {
    const { rank, size } = this;
    const bytes: Uint8Array[] = parts(
      new Uint8Array(size * OPENING_BYTES),
      new Array<number>(size).fill(OPENING_BYTES),
    );
    bytes[rank] = writeOpening(hasFailed, where, message);
    await gather(this.#communicator, bytes, 'opening');
    const openings = bytes.map(readOpening);
    const failed = [...openings.keys()].filter((of) => openings[of]!.hasFailed);
    const isComplete = failed.length === 0;
    if (isComplete) {
      const other = openings.findIndex((given) => given.where !== openings[0]!.where);
      if (other >= 0)
        throw this.#shared(
          new ValueError(
            `[fit] rank ${other} has reached ${openings[other]!.where}, and rank 0 ${openings[0]!.where}. Run the same program with the same ` +
              'data on all ranks.',
          ),
          0,
        );
    }
    // Of ranks that have failed, the others need the error; of the others nothing then.
    const rest = openings.map((given, from) => {
      if (given.message !== null || (!isComplete && !given.hasFailed)) return NONE;
      return from === rank ? message : new Uint8Array(given.length);
    });
    await gather(this.#communicator, rest, 'data');
    const messages = openings.map((given, from) => given.message ?? rest[from]!);
    if (isComplete) return messages;
    const text = new TextDecoder().decode(messages[failed[0]!]);
    const healthy = openings.findIndex((given) => !given.hasFailed);
    throw this.#shared(
      new RankFailure(
        failed,
        this.size,
        `${failed.length === 1 ? 'has' : 'have'} failed, which ends training: ${text}`,
      ),
      healthy,
    );
  }

  /** An error that all ranks throw. @param printer the rank that prints it. */
  #shared<E extends Error>(error: E, printer: number): E {
    this.#known.add(error);
    if (this.rank !== printer) this.#quiet(error);
    return error;
  }

  /** After a rank has not answered, no further exchange is possible. */
  async #try<T>(run: () => Promise<T>): Promise<T> {
    if (this.#broken !== null) throw this.#broken;
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RankFailure)) throw error;
      this.#broken = error;
      const printer = Array.from({ length: this.size }, (_, rank) => rank).find(
        (rank) => !error.ranks.includes(rank),
      );
      throw this.#shared(error, printer ?? this.rank);
    }
  }
}
