import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  F1,
  FBeta,
  LogLoss,
  MeanIoU,
  type Metric,
  Precision,
  Recall,
  tensor,
  ValueError,
} from '../../src/index.ts';
import { fBetaScore, jaccardScore } from '../../src/metrics.ts';

interface Known {
  readonly truth: number[];
  readonly predicted: number[];
  readonly weights: number[];
  readonly scores: number[][];
  readonly labels: number[][];
  readonly images: number[][][];
  readonly predictedImages: number[][][];
  readonly iouOfImages: number[];
  readonly iouOfImagesWeighted: number;
  readonly cases: {
    readonly score: string;
    readonly average: 'macro' | 'micro' | 'weighted' | null;
    readonly weighted: boolean;
    readonly single: number | number[];
    readonly several: number | number[];
  }[];
  readonly column: number[];
  readonly logLoss: { readonly classes: number; readonly weighted: number; readonly binary: number };
}

const known: Known = JSON.parse(readFileSync(new URL('./more-scores.json', import.meta.url), 'utf8'));
const { truth, predicted, weights, scores, labels, images, predictedImages } = known;

const make = (score: string, options: ConstructorParameters<typeof F1>[0]) => {
  if (score === 'precision') return new Precision(options);
  if (score === 'recall') return new Recall(options);
  if (score === 'f1') return new F1(options);
  if (score === 'iou') return new MeanIoU(options);
  return new FBeta({ ...options, beta: Number(score.split(' ')[1]) });
};

/** The same samples in batches of several sizes. */
async function fill(metric: Metric, p: readonly unknown[], t: readonly unknown[], w?: number[]) {
  for (const [from, to] of [
    [0, 1],
    [1, 8],
    [8, p.length],
  ] as const)
    await metric.update(p.slice(from, to) as never, t.slice(from, to) as never, w?.slice(from, to));
}

const close = (got: number | number[], want: number | number[]) => {
  const [a, b] = [[got].flat(), [want].flat()];
  expect(a).toHaveLength(b.length);
  for (const [i, x] of b.entries()) expect(Math.abs(a[i]! - x)).toBeLessThan(1e-14);
};

describe('scikit-learn', () => {
  test.each(known.cases)('$score, $average, weighted: $weighted', async (c) => {
    const w = c.weighted ? weights : undefined;
    const options = { numClasses: 4, average: c.average ?? 'macro' } as const;
    const single = make(c.score, options);
    await fill(single, predicted, truth, w);
    const several = make(c.score, { ...options, threshold: 0.25 });
    await fill(several, scores, labels, w);
    close(c.average === null ? single.perClass() : single.result(), c.single);
    close(c.average === null ? several.perClass() : several.result(), c.several);
    if (c.average === null) return;
    const more = { average: c.average, ...(w && { sampleWeights: w }) };
    if (c.score === 'iou') close(jaccardScore(truth, predicted, more), c.single);
    if (c.score.startsWith('fBeta'))
      close(fBetaScore(truth, predicted, { ...more, beta: Number(c.score.split(' ')[1]) }), c.single);
  });

  test('IoU of images, from class numbers and from scores', async () => {
    const shape = [3, 2, 4];
    const data = Int32Array.from(images.flat(2));
    const classes = Int32Array.from(predictedImages.flat(2));
    const iou = new MeanIoU({ numClasses: 3 });
    await iou.update({ shape, data: classes }, { shape, data });
    close(iou.perClass(), known.iouOfImages);
    const hot = Float64Array.from({ length: 72 }, (_, i) => (classes[Math.floor(i / 3)] === i % 3 ? 2 : -1));
    iou.reset();
    await iou.update({ shape: [...shape, 3], data: hot }, tensor(data, { shape }), [1, 0.5, 2]);
    close(iou.result(), known.iouOfImagesWeighted);
  });

  test('log loss of logits and of probabilities', async () => {
    const loss = new LogLoss();
    await fill(loss, scores, truth);
    close(loss.result(), known.logLoss.classes);
    loss.reset();
    await fill(loss, scores, truth, weights);
    close(loss.result(), known.logLoss.weighted);
    loss.reset();
    await fill(
      loss,
      known.column,
      truth.map((t) => Number(t > 0)),
    );
    close(loss.result(), known.logLoss.binary);
    const ofProbabilities = new LogLoss({ fromLogits: false });
    const p = known.column.map((x) => 1 / (1 + Math.exp(-x)));
    await fill(
      ofProbabilities,
      p,
      truth.map((t) => Number(t > 0)),
    );
    close(ofProbabilities.result(), known.logLoss.binary);
    await expect(ofProbabilities.update([2], [1])).rejects.toThrow('[logLoss] got probability 2');
    await expect(loss.update([Number.NaN], [1])).rejects.toThrow('[logLoss] got probability NaN');
  });
});

test('what does not fit', async () => {
  expect(() => new FBeta({ numClasses: 2, beta: 0 })).toThrow('[FBeta] beta is 0, wanted a number above 0.');
  expect(() => new FBeta({ numClasses: 2 } as never)).toThrow(ValueError);
  expect(() => new F1({ numClasses: 2, average: 'binary', threshold: 0 })).toThrow(
    "[f1] average 'binary' needs",
  );
  expect(() => new F1({ numClasses: 2, threshold: '0' } as never)).toThrow(
    "[f1] threshold is '0', wanted a number.",
  );
  const f1 = new F1({ numClasses: 2, threshold: 0 });
  await expect(f1.update([[1, 2]], [[0, 2]])).rejects.toThrow('[f1] labels[0, 1] is 2, wanted 0 or 1.');
  await expect(f1.update([[1, Number.NaN]], [[0, 1]])).rejects.toThrow('[f1] predictions[0, 1] is NaN');
  await expect(f1.update([1], [0])).rejects.toThrow('[f1] predictions have shape [1], wanted [N, 2]');
  expect(f1.result()).toBeNaN();
});
