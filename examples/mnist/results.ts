import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { BackendDescription } from './backend.ts';
import type { Pair } from './compare.ts';
import type { Mode } from './flags.ts';
import type { TrainedNetwork } from './network-store.ts';
import { writeAtomically } from './output.ts';
import {
  accuracyInterval,
  crossEntropy,
  type Estimate,
  estimate,
  meanProbabilities,
  type Scores,
  score,
} from './scores.ts';

/**
 * The contents of `results.json`. Two runs on the CPU with the same seed differ only in `backend`, `threads` and the fields
 * `seconds...`. On a GPU all numbers may differ.
 */
export interface Results extends BackendDescription {
  readonly dataset: string;
  readonly mode: Mode;
  readonly seed: number;
  /** Version of ndgrad. */
  readonly version: string;
  readonly models: readonly ModelResult[];
  /** McNemar's tests between the first runs of all pairs of models. */
  readonly mcnemar: readonly Pair[];
}

/** The result of one model. An ensemble has one run, whose history is empty. */
export interface ModelResult {
  readonly name: string;
  /** Number of trained values, for an ensemble in all its members. */
  readonly parameters: number;
  readonly epochs: number;
  /** Numbers of training images and of held-out validation images. */
  readonly trainingImages: number;
  readonly validationImages: number;
  /** Seconds of training: the mean over the runs; for an ensemble the sum over its members. */
  readonly seconds: number;
  readonly secondsPerEpoch: number;
  /** Training time of the first run until its validation accuracy was 99 %. */
  readonly secondsTo99?: number | undefined;
  /** One number per epoch for each loss and metric of the first run. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Scores of the first run. */
  readonly test: Omit<Scores, 'predictions'>;
  /** The class that the first run predicted for every test image, in order. */
  readonly predictions: readonly number[];
  /** Hash of the first run; for an ensemble the SHA-256 of its members' hashes. See `parametersHash`. */
  readonly parametersHash: string;
  readonly runs: readonly Run[];
  /** The test scores over all runs, and Wilson's 95 % interval of the mean accuracy. */
  readonly overall: {
    readonly loss: Estimate;
    readonly accuracy: Estimate;
    readonly macroF1: Estimate;
    readonly interval: readonly [low: number, high: number];
  };
}

/** One training of a model, with its own seed. */
export interface Run {
  readonly seed: number;
  readonly seconds: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly parametersHash: string;
}

/** The part of a Parameter that its hash needs. */
interface Values {
  readonly dtype: string;
  readonly shape: readonly number[];
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
}

/**
 * SHA-256 of trained values, as 64 hexadecimal digits. The hashed bytes are, for each parameter in order, one line of JSON
 * with its path, dtype and shape, then its values, row-major and little-endian.
 */
export async function parametersHash(parameters: Iterable<readonly [path: string, Values]>): Promise<string> {
  const hash = createHash('sha256');
  for (const [path, parameter] of parameters) {
    hash.update(`${JSON.stringify([path, parameter.dtype, parameter.shape])}\n`);
    const values = await parameter.data();
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const swap = endianness() === 'BE' && values.BYTES_PER_ELEMENT === 4;
    hash.update(swap ? Buffer.from(bytes).swap32() : bytes);
  }
  return hash.digest('hex');
}

/** The result of a model, and further data for the report. */
export interface Outcome {
  readonly about: string;
  readonly result: ModelResult;
  /** The networks of its runs, or the members of an ensemble. */
  readonly networks: readonly TrainedNetwork[];
  /** The probabilities of the first run for the classes of the test images, row by row. */
  readonly probabilities: Float32Array;
}

/** The outcome with the best accuracy, the mean over its runs. */
export const mostAccurate = (outcomes: readonly Outcome[]): Outcome =>
  [...outcomes].sort((a, b) => b.result.overall.accuracy.mean - a.result.overall.accuracy.mean)[0]!;

/** The outcome of a network from all its runs. */
export function networkOutcome(
  name: string,
  about: string,
  networks: readonly TrainedNetwork[],
  labels: Uint8Array,
): Outcome {
  const runs = networks.map(({ configuration, seconds, probabilities, testLoss, parametersHash }) => {
    const scores = score(probabilities, labels, testLoss);
    return { seed: configuration.seed, seconds, scores, parametersHash };
  });
  const [first] = networks as [TrainedNetwork];
  return {
    about,
    result: resultOf(name, first.parameters, first, runs),
    networks,
    probabilities: first.probabilities,
  };
}

/** The outcome of an ensemble: one run, whose time is the sum over its members. */
export async function ensembleOutcome(
  name: string,
  about: string,
  members: readonly TrainedNetwork[],
  labels: Uint8Array,
): Promise<Outcome> {
  const probabilities = meanProbabilities(members.map((member) => member.probabilities));
  const hash = createHash('sha256');
  for (const { parametersHash } of members) hash.update(`${parametersHash}\n`);
  const [{ configuration }] = members as [TrainedNetwork];
  const run = {
    seed: configuration.seed,
    seconds: members.reduce((sum, { seconds }) => sum + seconds, 0),
    scores: score(probabilities, labels, await crossEntropy(probabilities, labels)),
    parametersHash: hash.digest('hex'),
  };
  const parameters = members.reduce((sum, member) => sum + member.parameters, 0);
  return {
    about,
    result: resultOf(name, parameters, { configuration, history: {} }, [run]),
    networks: members,
    probabilities,
  };
}

type ScoredRun = Pick<Run, 'seed' | 'seconds' | 'parametersHash'> & { readonly scores: Scores };

function resultOf(
  name: string,
  parameters: number,
  first: Pick<TrainedNetwork, 'configuration' | 'history' | 'secondsTo99'>,
  runs: readonly ScoredRun[],
): ModelResult {
  const { epochs, training, validation } = first.configuration;
  const { scores, parametersHash } = runs[0]!;
  const { predictions, ...test } = scores;
  const over = (pick: (run: ScoredRun) => number) => estimate(runs.map(pick));
  const accuracy = over(({ scores }) => scores.accuracy);
  const seconds = over((run) => run.seconds).mean;
  return {
    name,
    parameters,
    epochs,
    trainingImages: training,
    validationImages: validation,
    seconds,
    secondsPerEpoch: seconds / epochs,
    secondsTo99: first.secondsTo99,
    history: first.history,
    test,
    predictions,
    parametersHash,
    runs: runs.map(({ seed, seconds, scores: { loss, accuracy, macroF1 }, parametersHash }) => {
      return { seed, seconds, loss, accuracy, macroF1, parametersHash };
    }),
    overall: {
      loss: over(({ scores }) => scores.loss),
      accuracy,
      macroF1: over(({ scores }) => scores.macroF1),
      interval: accuracyInterval(accuracy.mean, predictions.length),
    },
  };
}

/** Writes `results.json` into a directory. Returns the path of the file. */
export async function writeResults(dir: string, results: Results): Promise<string> {
  const path = join(dir, 'results.json');
  await writeAtomically(path, format(results));
  return path;
}

/** Indented JSON, with each list of numbers on one line. */
function format(results: Results): string {
  const json = JSON.stringify(results, null, 2);
  return `${json.replace(/\[[-+\d.e,\s]+\]/g, (list) => list.replace(/\s+/g, ' ').replace(/ ?([[\]]) ?/g, '$1'))}\n`;
}
