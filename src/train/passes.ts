import type { Batch } from '../data/dataset.ts';
import { NonFiniteError } from '../ir/errors.ts';
import { type TrainingContext, training } from '../layers/base/context.ts';
import type { Generator } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkTrained } from './check-trained.ts';
import { diagnose, noWeight } from './diagnose.ts';
import type { AnyFitOptions } from './fit-options.ts';
import { checkLastBatch } from './last-batch.ts';
import { type AnyModel, callModel } from './model.ts';
import { type Objective, objective, reportedTensors } from './objective.ts';
import { type BatchOutput, batchOutputs, type Output, updateMetrics } from './outputs.ts';
import type { RunningLosses } from './running-loss.ts';

/** The loss of the batch, or null if no sample counts; or why the loss, a gradient or a new value is not finite. */
export type StepResult = { readonly loss: number | null } | { readonly cause: string };

/** A forward pass of training. */
export interface Pass {
  readonly batch: Batch;
  readonly context: TrainingContext;
  readonly outputs: readonly BatchOutput[];
  readonly goal: Objective;
}

/** What is computed in the plan of a step to be reported. */
export const reported = ({ goal, outputs }: Pass): Tensor[] => [
  ...reportedTensors(goal),
  ...outputs.filter(({ output }) => output.metrics.length > 0).map(({ predictions }) => predictions),
];

/** Forward passes of training, what is reported of them, and why they failed. */
export class Passes {
  readonly #model: AnyModel;
  readonly #outputs: readonly Output[];
  readonly options: AnyFitOptions;
  #checked = false;

  constructor(model: AnyModel, outputs: readonly Output[], options: AnyFitOptions) {
    this.#model = model;
    this.#outputs = outputs;
    this.options = options;
  }

  /** The model's penalty. */
  get penalty(): Tensor | null {
    return this.#model.penalty?.() ?? null;
  }

  /**
   * The forward pass and the loss of a batch or a shard. The first one checks that the optimizer holds what the loss depends on.
   *
   * @param last the number of samples in the smallest batch or shard that is known to come.
   */
  forward(batch: Batch, rng: Generator, last: number): Pass {
    const { allowUntrained, optimizer } = this.options;
    const onOutput = last < batch.size ? checkLastBatch(last, batch.size) : undefined;
    const context = training({ rng, ...(onOutput && { onOutput }) });
    const predictions = callModel(this.#model, batch.x, context);
    const outputs = batchOutputs('fit', this.#outputs, predictions, batch);
    const goal = objective('fit', this.#model, outputs);
    if (!this.#checked && !allowUntrained) checkTrained(goal.total, optimizer);
    this.#checked = true;
    return { batch, context, outputs, goal };
  }

  /** Adds a pass whose step has been done to the losses and to the metrics. */
  async record({ batch, goal, outputs }: Pass, losses: RunningLosses): Promise<void> {
    await losses.add(goal, batch.weight);
    await updateMetrics(outputs);
  }

  /** Why a step failed, found in the batches that it was computed from, with generators in the state of before the step. */
  async explain(
    error: unknown,
    batches: readonly (readonly [batch: Batch, random: Generator])[],
  ): Promise<StepResult> {
    if (!(error instanceof NonFiniteError)) throw error;
    return this.explainBatches(error.message.replace(/^\[\w+\] | at step \d+/g, ''), batches);
  }

  /** @param otherwise the cause if none is found. */
  async explainBatches(
    otherwise: string,
    batches: readonly (readonly [batch: Batch, random: Generator])[],
  ): Promise<StepResult> {
    for (const [batch, random] of batches) {
      const cause = await diagnose(this.#model, this.#outputs, batch, random);
      // As a batch whose sample weights are all 0.
      if (cause === noWeight && batches.length === 1) return { loss: null };
      if (cause !== null && cause !== noWeight) return { cause };
    }
    return { cause: otherwise };
  }
}
