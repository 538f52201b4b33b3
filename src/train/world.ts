import type { Optimizer } from '../optim/index.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Resumable, Saving } from './checkpoint/types.ts';
import type { ReportedLoss } from './objective.ts';
import type { ShardSums } from './shard-sums.ts';
import type { ShardNode } from './shards.ts';

/**
 * The processes that train together: `await mpi()` of `ndgrad/mpi`. Each runs the same program. The shards of each batch are
 * distributed among them.
 */
export interface World {
  /** The number of this process, counted from 0. */
  readonly rank: number;
  /** The number of processes. */
  readonly size: number;
  /**
   * @internal What each rank gives, in the order of the ranks: tensors, arrays, records, numbers and strings.
   *
   * @param where the point of the program that all ranks must have reached.
   * @throws StateError on all ranks if one has failed.
   */
  gather<T>(where: string, own: T): Promise<readonly T[]>;
  /** @internal The results of all shards, from those of the shards of each rank. */
  combine(own: ShardResults): Promise<CombinedResults>;
  /**
   * @internal Gives every rank what rank 0 remembers, at the beginning of training.
   *
   * @param saving the checkpoints that rank 0 takes.
   * @returns what all ranks use instead, if each keeps a part of the state.
   */
  share(run: Resumable, saving: Saving | undefined): Promise<Saving | undefined>;
  /** @internal The end of training on all ranks: each has the whole state again. */
  end(): Promise<void>;
  /** @internal Does the steps of an optimizer of whose state each rank keeps a part, else null. */
  readonly shardedOptimizer: Pick<Optimizer, 'apply'> | null;
  /** @internal How gradients are rounded and added for `reduceDType: 'bfloat16'`. */
  readonly bfloat16: RoundedSums;
  /** @internal Tells the other ranks that this one has failed. Never rejects. */
  fail(error: unknown): Promise<void>;
}

/** Sums of which each is rounded. */
export interface RoundedSums {
  /** Rounds the gradients, which are known. */
  round(sums: ShardSums): Promise<ShardSums>;
  /** The rounded sum of rounded values, which is computed at once. */
  add(left: Tensor, right: Tensor): Tensor;
}

/** What is reported of a forward pass, computed. */
export interface PassReport {
  readonly reported: readonly ReportedLoss[];
  /** The sum of the samples' weights. */
  readonly weight: number;
  /** Of each output that has metrics. */
  readonly measured: readonly (readonly [
    predictions: Tensor,
    labels: Tensor,
    sampleWeights: Tensor | null,
  ])[];
}

/** What a rank has computed of a batch. */
export interface ShardResults {
  /** Why a shard's loss is not finite; null if all are. */
  readonly cause: string | null;
  /** The sums of its shards, in order: each that of a complete subtree. */
  readonly nodes: readonly ShardNode<ShardSums>[];
  readonly reports: readonly PassReport[];
  /** The Parameters that the sums may be about: the same on all ranks. */
  readonly parameters: readonly Parameter[];
  readonly reduceDType: 'float32' | 'bfloat16';
}

/** The results of all shards of a batch. */
export interface CombinedResults {
  readonly cause: string | null;
  /** null if all shards are empty. */
  readonly sum: ShardSums | null;
  readonly reports: readonly PassReport[];
}
