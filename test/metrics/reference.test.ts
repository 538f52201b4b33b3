import { describe, expect, test } from 'vitest';
import {
  Accuracy,
  type ClassScoreOptions,
  ConfusionMatrix,
  F1,
  Precision,
  Recall,
  TopKAccuracy,
} from '../../src/index.ts';
import { confusionMatrix, f1Score, precision, recall } from '../../src/metrics.ts';
import { load, values } from '../reference/load.ts';
import { FakeTensor } from './support.ts';

const reference = load('metrics');

const SCORES = [
  { key: 'precision', make: (options: ClassScoreOptions) => new Precision(options), once: precision },
  { key: 'recall', make: (options: ClassScoreOptions) => new Recall(options), once: recall },
  { key: 'f1', make: (options: ClassScoreOptions) => new F1(options), once: f1Score },
] as const;

describe.each(reference.classification)('scikit-learn: $name', (known) => {
  const truth = values(known.labels);
  const predicted = values(known.predictions);
  const weights = known.sampleWeights && values(known.sampleWeights);
  const labels = Array.from({ length: known.classes }, (_, label) => label);
  const options = weights === undefined ? { labels } : { labels, sampleWeights: weights };

  test('accuracy and confusion matrix', async () => {
    const accuracy = new Accuracy();
    await accuracy.update(predicted, truth, weights);
    expect(accuracy.result()).toBeCloseTo(known.accuracy, 14);
    const confusion = new ConfusionMatrix({ numClasses: known.classes });
    await confusion.update(predicted, truth, weights);
    expect(confusion.matrix).toEqual(known.confusion);
    expect(confusion.result()).toBeCloseTo(known.accuracy, 14);
    expect(confusionMatrix(truth, predicted, options)).toEqual(known.confusion);
  });

  test('precision, recall and F1', async () => {
    for (const { key, make, once } of SCORES) {
      for (const average of ['micro', 'macro', 'weighted'] as const) {
        const metric = make({ numClasses: known.classes, labels, average });
        await metric.update(predicted, truth, weights);
        expect(metric.result()).toBeCloseTo(known[key][average], 14);
        expect(once(truth, predicted, { ...options, average })).toBe(metric.result());
        metric.perClass().forEach((score, c) => {
          expect(score).toBeCloseTo(known[key].perClass[c]!, 14);
        });
      }
    }
  });
});

test.each(reference.topK)('scikit-learn, top k: $name', async (known) => {
  const truth = values(known.labels);
  const weights = known.sampleWeights && values(known.sampleWeights);
  for (const scores of [known.logits, known.probabilities]) {
    const predictions = new FakeTensor([...values(scores)], scores.shape);
    const accuracy = new Accuracy();
    await accuracy.update(predictions, truth, weights);
    expect(accuracy.result()).toBeCloseTo(known.accuracy, 14);
    for (const [k, expected] of Object.entries(known.topK)) {
      const topK = new TopKAccuracy({ k: Number(k) });
      await topK.update(predictions, truth, weights);
      expect(topK.result()).toBeCloseTo(expected, 14);
    }
  }
});
