import { type Callback, type History, loadWeights, saveModel } from 'ndgrad';
import { type RemoteTraining, trainInWorker } from 'ndgrad/browser';
import { openReports } from '../reports-channel.ts';
import type { Configuration, RateChange } from './configuration.ts';
import { blueprint, buildModel } from './network/blueprint.ts';
import type { Question, Report, TrainingMessage } from './reports.ts';

/** How a training has ended. */
export interface Outcome {
  readonly history: History;
  /** The weights as a safetensors file. */
  readonly weights: Uint8Array;
  /** SHA-256 of `weights`, in hexadecimal; null on insecure pages. */
  readonly hash: string | null;
  /** The configuration with what was changed by hand: learning rates, and the number of shards if it began earlier. */
  readonly configuration: Configuration;
}

/** One worker serves one training after the other. */
let worker: Worker | null = null;
/** The channel for the latest training. */
let reports: MessagePort | null = null;

/** One training in the worker. */
export class TrainingRun {
  readonly outcome: Promise<Outcome>;
  readonly #configuration: Configuration;
  /** The number of shards with which training has begun. */
  readonly #shards: Promise<number>;
  readonly #training: RemoteTraining;
  readonly #reports: MessagePort;
  readonly #rateChanges: RateChange[];

  /** @param checkpoints the folder for checkpoints, or null. */
  constructor(
    configuration: Configuration,
    options: {
      readonly checkpoints: string | null;
      readonly resume: boolean;
      readonly callbacks: readonly Callback[];
      onReport(report: Report): void;
    },
  ) {
    this.#configuration = configuration;
    this.#rateChanges = [...configuration.rateChanges];
    worker ??= new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module' });
    let prepared: (shards: number) => void;
    this.#shards = new Promise((resolve) => {
      prepared = resolve;
    });
    reports?.close();
    reports = openReports<Report>(worker, (report) => {
      if (report.kind === 'prepared') prepared(report.shards);
      options.onReport(report);
    });
    this.#reports = reports;
    const message: TrainingMessage = {
      configuration,
      digits: new URL('digits/', document.baseURI).href,
      checkpoints: options.checkpoints,
      resume: options.resume,
    };
    this.#training = trainInWorker(worker, { message, callbacks: [this.#watchRate(), ...options.callbacks] });
    this.outcome = this.#finish();
  }

  pause(): Promise<void> {
    return this.#training.pause();
  }

  resume(): Promise<void> {
    return this.#training.resume();
  }

  step(batches: number): Promise<void> {
    return this.#training.step(batches);
  }

  /** Ends training after the current batch. */
  async stop(): Promise<void> {
    await this.#training.stop('it was stopped by hand');
  }

  setLearningRate(rate: number): Promise<void> {
    return this.#training.setLearningRate(rate);
  }

  /** Begins with the digits that are loaded, if training has not begun yet. */
  beginNow(): void {
    this.#ask({ kind: 'begin' });
  }

  /**
   * Asks for the first layer and its output for a test digit, which come as a report: while training runs, and until the
   * next one.
   */
  askForFirstLayer(place: number): void {
    this.#ask({ kind: 'first layer', place });
  }

  /** Asks for the times of the kernels of the next training steps. */
  measureKernels(): void {
    this.#ask({ kind: 'kernel times' });
  }

  #ask(question: Question): void {
    this.#reports.postMessage(question);
  }

  async #finish(): Promise<Outcome> {
    try {
      const history = await this.#training.result;
      const weights = await this.#training.weights();
      const shards = await this.#shards;
      const configuration = { ...this.#configuration, shards, rateChanges: this.#rateChanges };
      return { history, weights, hash: await hashOf(weights), configuration };
    } catch (error) {
      // A worker that has failed may be unable to train again.
      worker?.terminate();
      worker = null;
      throw error;
    }
  }

  /** Notes from which step on another learning rate was used. */
  #watchRate(): Callback {
    return {
      onBatchEnd: ({ step, learningRate }) => {
        const [, current] = this.#rateChanges.findLast(([from]) => from < step) ?? [];
        if (learningRate !== (current ?? this.#configuration.learningRate))
          this.#rateChanges.push([step - 1, learningRate]);
      },
    };
  }
}

/** The model file of a finished training. */
export async function modelFile({ configuration, weights }: Outcome): Promise<Uint8Array> {
  const model = buildModel(blueprint(configuration.network, configuration.initializer));
  await loadWeights(model, weights);
  return saveModel(model);
}

async function hashOf(bytes: Uint8Array): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
