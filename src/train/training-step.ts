import type { Batch } from '../data/dataset.ts';
import { Generator } from '../tensor/random.ts';
import type { Position } from './checkpoint/types.ts';
import type { AnyFitOptions } from './fit-options.ts';
import type { AnyModel } from './model.ts';
import type { Output } from './outputs.ts';
import { Passes, reported, reportOf, type StepResult } from './passes.ts';
import { shardedStep } from './sharded-step.ts';

/** The steps of `fit`: forward pass, gradients, update, and what is reported of it. */
export class TrainingStep {
  readonly #passes: Passes;
  readonly #shards: number;
  readonly #lastBatchSize: number | undefined;

  constructor(
    model: AnyModel,
    outputs: readonly Output[],
    options: AnyFitOptions,
    lastBatchSize: number | undefined,
  ) {
    this.#passes = new Passes(model, outputs, options);
    this.#shards = options.accumulate ?? 1;
    this.#lastBatchSize = lastBatchSize;
  }

  /** Trains on one batch, and adds it to the losses of the position and to the metrics. */
  async run(batch: Batch, position: Position, seed: number): Promise<StepResult> {
    const shards = this.#shards;
    if (shards === 1) return this.#whole(batch, position);
    return shardedStep(this.#passes, batch, position, { lastBatchSize: this.#lastBatchSize, seed, shards });
  }

  async #whole(batch: Batch, position: Position): Promise<StepResult> {
    const { average, optimizer } = this.#passes.options;
    const { batches, losses, random } = position;
    const before = random.getState();
    const last = batches === 0 ? (this.#lastBatchSize ?? batch.size) : batch.size;
    const pass = this.#passes.forward(batch, random, last);
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
      return this.#passes.explain(error, [[batch, replay]]);
    }
    await this.#passes.record(reportOf(pass), losses);
    return { loss: (await goal.total.data())[0]! };
  }
}
