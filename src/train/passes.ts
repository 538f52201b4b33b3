import type { Batch } from '../data/dataset.ts';
import { NonFiniteError } from '../ir/errors.ts';
import { type TrainingContext, training } from '../layers/base/context.ts';
import type { Parameter } from '../tensor/parameter.ts';
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
import type { PassReport } from './world.ts';

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
  ...measured(outputs).map(({ predictions }) => predictions),
];

/** The outputs of a pass that have metrics. */
const measured = (outputs: readonly BatchOutput[]): BatchOutput[] =>
  outputs.filter(({ output }) => output.metrics.length > 0);

/** What a pass reports, once its step has been computed. */
export const reportOf = ({ batch, goal, outputs }: Pass): PassReport => ({
  reported: goal.reported,
  weight: batch.weight,
  measured: measured(outputs).map(({ predictions, labels, sampleWeights }) => [
    predictions,
    labels,
    sampleWeights ?? null,
  ]),
});

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

  /** The Parameters that a step may overwrite. */
  get parameters(): Parameter[] {
    return [...new Set([...this.options.optimizer.parameters, ...this.#model.parameters()])];
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
  async record(report: PassReport, losses: RunningLosses): Promise<void> {
    await losses.add(report, report.weight);
    const outputs = this.#outputs.filter(({ metrics }) => metrics.length > 0);
    const found = outputs.map((output, i) => {
      const [predictions, labels, weights] = report.measured[i]!;
      return { output, predictions, labels, sampleWeights: weights ?? undefined };
    });
    await updateMetrics(found);
  }

  /** Why a step failed, found in the batches that it was computed from, with generators in the state of before the step. */
  async explain(
    error: unknown,
    batches: readonly (readonly [batch: Batch, random: Generator])[],
  ): Promise<StepResult> {
    if (!(error instanceof NonFiniteError)) throw error;
    const otherwise = error.message.replace(/^\[\w+\] | at step \d+/g, '');
    const own = await this.explainBatches(otherwise, batches);
    // The rank that has computed a batch can explain it.
    const all = (await this.options.world?.gather('the explanation of a step', own)) ?? [own];
    return all.find((result) => !('cause' in result) || result.cause !== otherwise) ?? own;
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
