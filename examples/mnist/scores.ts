import { softmaxCrossEntropy, tensor } from 'ndgrad';
import { confusionMatrix, f1Score, type RunSummary, summarizeRuns, wilsonInterval } from 'ndgrad/metrics';

/** Scores on the test images. */
export interface Scores {
  readonly loss: number;
  readonly accuracy: number;
  readonly macroF1: number;
  /** Row: true class. Column: predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /** The predicted class of every test image, in order. */
  readonly predictions: readonly number[];
}

/** Scores of probabilities, ten per label. The caller computes the loss from the logits. */
export function score(probabilities: Float32Array, labels: Uint8Array, loss: number): Scores {
  const predictions = Array.from(labels, (_, i) => mostProbable(probabilities, 10 * i));
  const right = predictions.filter((predicted, i) => predicted === labels[i]).length;
  return {
    loss,
    accuracy: right / labels.length,
    macroF1: f1Score(labels, predictions, { average: 'macro', numClasses: 10 }),
    confusion: confusionMatrix(labels, predictions, { numClasses: 10 }),
    predictions,
  };
}

function mostProbable(probabilities: Float32Array, from: number): number {
  let best = 0;
  for (let k = 1; k < 10; k++) if (probabilities[from + k]! > probabilities[from + best]!) best = k;
  return best;
}

/** The probabilities of an ensemble: the mean over its members. */
export function meanProbabilities(members: readonly Float32Array[]): Float32Array {
  return Float32Array.from(
    members[0]!,
    (_, i) => members.reduce((sum, member) => sum + member[i]!, 0) / members.length,
  );
}

/** The mean of -log(probability of the label). */
export async function crossEntropy(probabilities: Float32Array, labels: Uint8Array): Promise<number> {
  const logits = tensor(probabilities, { shape: [labels.length, 10] }).log();
  const [loss] = await softmaxCrossEntropy(logits, tensor(labels)).data();
  return loss!;
}

/** A score over several runs. `deviation` is absent for one run. */
export interface Estimate {
  readonly mean: number;
  /** Sample standard deviation. */
  readonly deviation?: number;
}

export function estimate(values: readonly number[]): Estimate {
  const { runs, mean, standardDeviation }: RunSummary = summarizeRuns(values);
  return runs > 1 ? { mean, deviation: standardDeviation } : { mean };
}

/** Wilson's 95 % interval of an accuracy, which may be a mean over runs. */
export function accuracyInterval(accuracy: number, images: number): readonly [low: number, high: number] {
  return wilsonInterval(Math.round(accuracy * images), images);
}

/** Precision, recall and F1 of each class; 0 if the denominator is 0. */
export function classScores(confusion: readonly (readonly number[])[]) {
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return confusion.map((row, k) => {
    const hits = row[k]!;
    const present = row.reduce((sum, n) => sum + n, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[k]!, 0);
    return {
      precision: share(hits, predicted),
      recall: share(hits, present),
      f1: share(2 * hits, present + predicted),
    };
  });
}
