import type { Batch } from '../data/dataset.ts';
import { NonFiniteError } from '../ir/errors.ts';
import { type TrainingContext, training } from '../layers/base/context.ts';
import { unreached } from '../optim/unreached.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { Generator } from '../tensor/random.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTrained } from './check-trained.ts';
import type { Position } from './checkpoint/types.ts';
import { cutBatch } from './cut-batch.ts';
import { diagnose, noWeight } from './diagnose.ts';
import type { AnyFitOptions } from './fit-options.ts';
import { checkLastBatch } from './last-batch.ts';
import { type AnyModel, callModel } from './model.ts';
import { type Objective, objective, reportedTensors } from './objective.ts';
import { type BatchOutput, batchOutputs, type Output, updateMetrics } from './outputs.ts';
import { RunningLosses } from './running-loss.ts';
import {
  addSums,
  assignedMeans,
  type ShardSums,
  shardSums,
  sumTensors,
  totalGradients,
} from './shard-sums.ts';
import { ShardTree } from './shards.ts';

/** The loss of the batch, or null if no sample counts; or why the loss, a gradient or a new value is not finite. */
export type StepResult = { readonly loss: number | null } | { readonly cause: string };

/** The steps of `fit`: forward pass, gradients, update, and what is reported of it. */
export class TrainingStep {
  readonly #model: AnyModel;
  readonly #outputs: readonly Output[];
  readonly #options: AnyFitOptions;
  readonly #lastBatchSize: number | undefined;
  /** Whether the first step has found that the optimizer holds what the loss depends on. */
  #checked = false;

  constructor(
    model: AnyModel,
    outputs: readonly Output[],
    options: AnyFitOptions,
    lastBatchSize: number | undefined,
  ) {
    this.#model = model;
    this.#outputs = outputs;
    this.#options = options;
    this.#lastBatchSize = lastBatchSize;
  }

  /** Trains on one batch, and adds it to the losses of the position and to the metrics. */
  async run(batch: Batch, position: Position, seed: number): Promise<StepResult> {
    const { accumulate = 1 } = this.#options;
    return accumulate === 1 ? this.#whole(batch, position) : this.#sharded(batch, position, seed, accumulate);
  }

  async #whole(batch: Batch, position: Position): Promise<StepResult> {
    const { average, optimizer } = this.#options;
    const { batches, losses, random } = position;
    const before = random.getState();
    const last = batches === 0 ? (this.#lastBatchSize ?? batch.size) : batch.size;
    const pass = this.#forward(batch, random, last);
    const { context, goal } = pass;
    try {
      await optimizer.minimize(goal.total, {
        also: reported(pass),
        context,
        ...(average ? { average } : {}),
      });
    } catch (error) {
      const replay = new Generator(0);
      replay.setState(before);
      return this.#explain(error, [[batch, replay]]);
    }
    await this.#record(pass, losses);
    return { loss: (await goal.total.data())[0]! };
  }

  /** A step in shards. Each is computed by itself; their sums are divided and applied at the end. */
  async #sharded(batch: Batch, position: Position, seed: number, shards: number): Promise<StepResult> {
    const { average, optimizer } = this.#options;
    const { batches, epoch, losses } = position;
    const targets = optimizer.parameters.filter(({ trainable }) => trainable);
    const random = new Generator(seed).fork(epoch).fork(batches);
    const last = Math.max(1, Math.floor((this.#lastBatchSize ?? batch.size) / shards));
    const tree = new ShardTree(addSums);
    const passes: Pass[] = [];
    const parts = await cutBatch(batch, shards);
    for (const [shard, part] of parts.entries()) {
      const add = async (sums: ShardSums | null): Promise<void> => {
        const added = tree.push(sums);
        if (added !== null && added !== sums)
          await runAssignments({ results: sumTensors(added), assignments: [] });
      };
      if (part === null) {
        await add(null);
        continue;
      }
      const pass = this.#forward(part, random.fork(shard), batches === 0 ? last : part.size);
      const { context, goal } = pass;
      const sums = shardSums(goal.sum, targets, part.weight, part.size, context.take());
      for (const p of targets) this.#checkReached(p, sums, goal);
      await runAssignments({ results: [...reported(pass), ...sumTensors(sums)], assignments: [] });
      if (Number.isFinite((await goal.total.data())[0]!)) {
        passes.push(pass);
        await add(sums);
      } else {
        const cause = await diagnose(this.#model, this.#outputs, part, random.fork(shard));
        if (cause !== null && cause !== noWeight) return { cause };
        await add(null);
      }
    }
    const { sum } = tree;
    if (sum === null) return { loss: null };
    const gradients = totalGradients(sum, targets, this.#model.penalty?.() ?? null);
    const context = { assignments: assignedMeans(sum), take: () => {} };
    try {
      await optimizer.apply(gradients, { context, ...(average ? { average } : {}) });
    } catch (error) {
      return this.#explain(
        error,
        parts.flatMap((part, shard) => (part === null ? [] : [[part, random.fork(shard)] as const])),
      );
    }
    const own = new RunningLosses();
    for (const pass of passes) {
      await this.#record(pass, losses);
      await own.add(pass.goal, pass.batch.weight);
    }
    return { loss: own.results().loss! };
  }

  /** @param last the number of samples in the smallest batch or shard that is known to come. */
  #forward(batch: Batch, rng: Generator, last: number): Pass {
    const { allowUntrained, optimizer } = this.#options;
    const onOutput = last < batch.size ? checkLastBatch(last, batch.size) : undefined;
    const context = training({ rng, ...(onOutput && { onOutput }) });
    const predictions = callModel(this.#model, batch.x, context);
    const outputs = batchOutputs('fit', this.#outputs, predictions, batch.y);
    const goal = objective('fit', this.#model, outputs, batch.sampleWeights);
    if (!this.#checked && !allowUntrained) checkTrained(goal.total, optimizer);
    this.#checked = true;
    return { batch, context, outputs, goal };
  }

  #checkReached(p: Parameter, { parts }: ShardSums, { sum, total }: Objective): void {
    if ([...parts.values()].some(({ gradients }) => gradients.has(p))) return;
    // The penalty may depend on it.
    if (total === sum || reachedGradients('fit', total, [p])[0] === null) throw unreached('fit', total, p);
  }

  async #record({ batch, goal, outputs }: Pass, losses: RunningLosses): Promise<void> {
    await losses.add(goal, batch.weight);
    await updateMetrics(outputs, batch.sampleWeights);
  }

  /** Why a step failed, found in the batches that it was computed from, with generators in the state of before the step. */
  async #explain(
    error: unknown,
    batches: readonly (readonly [batch: Batch, random: Generator])[],
  ): Promise<StepResult> {
    if (!(error instanceof NonFiniteError)) throw error;
    for (const [batch, random] of batches) {
      const cause = await diagnose(this.#model, this.#outputs, batch, random);
      // As a batch whose sample weights are all 0.
      if (cause === noWeight && batches.length === 1) return { loss: null };
      if (cause !== null && cause !== noWeight) return { cause };
    }
    return { cause: error.message.replace(/^\[\w+\] | at step \d+/g, '') };
  }
}

/** A forward pass of training. */
interface Pass {
  readonly batch: Batch;
  readonly context: TrainingContext;
  readonly outputs: readonly BatchOutput[];
  readonly goal: Objective;
}

/** What is computed in the plan of a step to be reported. */
const reported = ({ goal, outputs }: Pass): Tensor[] => [
  ...reportedTensors(goal),
  ...outputs.filter(({ output }) => output.metrics.length > 0).map(({ predictions }) => predictions),
];
