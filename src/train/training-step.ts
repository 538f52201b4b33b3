import type { Batch } from '../data/dataset.ts';
import { NonFiniteError } from '../ir/errors.ts';
import { training } from '../layers/base/context.ts';
import { Generator } from '../tensor/random.ts';
import { checkTrained } from './check-trained.ts';
import type { Position } from './checkpoint/types.ts';
import { diagnose, noWeight } from './diagnose.ts';
import type { AnyFitOptions } from './fit-options.ts';
import { checkLastBatch } from './last-batch.ts';
import { type AnyModel, callModel } from './model.ts';
import { objective, reportedTensors } from './objective.ts';
import { batchOutputs, type Output, updateMetrics } from './outputs.ts';

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
  async run(batch: Batch, { batches: number, losses, random }: Position): Promise<StepResult> {
    const { sampleWeights, size, weight, x, y } = batch;
    const { allowUntrained, average, optimizer } = this.#options;
    const before = random.getState();
    const last = this.#lastBatchSize ?? size;
    const onOutput = number === 0 && last < size ? checkLastBatch(last, size) : undefined;
    const context = training({ rng: random, ...(onOutput && { onOutput }) });
    const predictions = callModel(this.#model, x, context);
    const outputs = batchOutputs('fit', this.#outputs, predictions, y);
    const goal = objective('fit', this.#model, outputs, sampleWeights);
    if (!this.#checked && !allowUntrained) checkTrained(goal.total, optimizer);
    this.#checked = true;
    const measured = outputs.filter(({ output }) => output.metrics.length > 0);
    const also = [...reportedTensors(goal), ...measured.map((output) => output.predictions)];
    try {
      await optimizer.minimize(goal.total, { also, context, ...(average ? { average } : {}) });
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      const replay = new Generator(0);
      replay.setState(before);
      const cause = await diagnose(this.#model, this.#outputs, batch, replay);
      // As a batch whose sample weights are all 0.
      if (cause === noWeight) return { loss: null };
      return { cause: cause ?? error.message.replace(/^\[\w+\] | at step \d+/g, '') };
    }
    await losses.add(goal, weight);
    await updateMetrics(outputs, sampleWeights);
    return { loss: (await goal.total.data())[0]! };
  }
}
