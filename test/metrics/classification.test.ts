import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Accuracy, ConfusionMatrix, F1, type Metric, Precision, Recall } from '../../src/index.ts';
import { ValueError } from '../../src/ir/errors.ts';
import { sum } from '../../src/metrics/classification/class-scores.ts';
import { type Average, confusionMatrix, f1Score, precision, recall } from '../../src/metrics.ts';
import { pieces } from './support.ts';

const TRUTH = [0, 0, 1, 1, 1, 3];
const PREDICTED = [0, 1, 1, 1, 3, 0];

test('confusion matrix: rows are true, columns predicted', async () => {
  const confusion = new ConfusionMatrix({ numClasses: 4 });
  expect(confusion.result()).toBeNaN();
  await confusion.update(PREDICTED, TRUTH);
  expect(confusion.matrix).toEqual([
    [1, 1, 0, 0],
    [0, 2, 0, 1],
    [0, 0, 0, 0],
    [1, 0, 0, 0],
  ]);
  expect(confusion.result()).toBe(0.5);
  confusion.matrix[0]![0] = 99;
  expect(confusion.matrix[0]![0]).toBe(1);
  confusion.reset();
  expect(confusion.matrix.flat()).toEqual(new Array(16).fill(0));
});

test('confusion matrix of one go: classes that occur, all of numClasses, or a choice in its order', () => {
  expect(confusionMatrix([0, 2, 2], [2, 2, 5])).toEqual([
    [0, 1, 0],
    [0, 1, 1],
    [0, 0, 0],
  ]);
  expect(confusionMatrix([0, 2], [2, 2], { numClasses: 3 })).toEqual([
    [0, 0, 1],
    [0, 0, 0],
    [0, 0, 1],
  ]);
  expect(confusionMatrix([0, 2, 1], [2, 2, 2], { labels: [2, 0, 7], sampleWeights: [0.5, 2, 9] })).toEqual([
    [2, 0, 0],
    [0.5, 0, 0],
    [0, 0, 0],
  ]);
  expect(confusionMatrix([1_000_000_000], [0])).toEqual([
    [0, 0],
    [1, 0],
  ]);
});

test('an absent class stays out of the mean unless labels name it', async () => {
  const precisions = [0.5, 2 / 3, 0, 0];
  const present = new Precision({ numClasses: 4 });
  const all = new Precision({ numClasses: 4, labels: [0, 1, 2, 3] });
  const lenient = new Precision({ numClasses: 4, labels: [0, 1, 2, 3], zeroDivision: 1 });
  const without = new Precision({ numClasses: 4, labels: [0, 1, 2, 3], zeroDivision: Number.NaN });
  for (const metric of [present, all, lenient, without]) await metric.update(PREDICTED, TRUTH);
  expect(present.perClass()).toEqual(precisions);
  expect(present.result()).toBeCloseTo((0.5 + 2 / 3) / 3, 15);
  expect(all.result()).toBeCloseTo((0.5 + 2 / 3) / 4, 15);
  expect(lenient.result()).toBeCloseTo((0.5 + 2 / 3 + 1) / 4, 15);
  expect(without.result()).toBe(present.result());
  expect(without.perClass()[2]).toBeNaN();
});

test('binary is the score of class 1', async () => {
  const truth = [1, 1, 1, 0, 0];
  const predicted = [1, 0, 1, 1, 0];
  const metric = new Recall({ numClasses: 2, average: 'binary' });
  await metric.update(predicted, truth);
  expect(metric.result()).toBe(2 / 3);
  expect(metric.perClass()).toEqual([0.5, 2 / 3]);
  expect(recall(truth, predicted, { average: 'binary' })).toBe(2 / 3);
  expect(precision([0, 0], [0, 0], { average: 'binary', zeroDivision: 1 })).toBe(1);
  expect(() => f1Score([0, 2], [0, 2], { average: 'binary' })).toThrow("average 'binary' needs");
  expect(() => f1Score([0, 1], [0, 1], { average: 'binary', labels: [0] })).toThrow('got labels');
  expect(() => new F1({ numClasses: 3, average: 'binary' })).toThrow('got numClasses 3');
  expect(() => new F1({ numClasses: 2, average: 'binary', labels: [1] })).toThrow('numClasses 2 and labels');
});

test('NaN before any sample; zeroDivision where all weights are zero', async () => {
  const metric = new F1({ numClasses: 2, name: 'macroF1' });
  expect(metric.name).toBe('macroF1');
  expect(metric.result()).toBeNaN();
  await metric.update([0, 1], [0, 1], [0, 0]);
  expect(metric.result()).toBe(0);
  metric.reset();
  expect(metric.result()).toBeNaN();
  expect(metric.perClass()).toEqual([0, 0]);
});

test('options and values out of range are errors', async () => {
  expect(() => new F1({ numClasses: 0 })).toThrow(
    '[f1] numClasses is 0, wanted a whole number of at least 1.',
  );
  expect(() => new ConfusionMatrix({ numClasses: 2.5 })).toThrow(ValueError);
  expect(() => new F1({ numClasses: 2, average: 'samples' as Average })).toThrow(
    "[f1] average is 'samples', wanted one of 'binary', 'micro', 'macro', 'weighted'.",
  );
  expect(() => new F1({ numClasses: 2, zeroDivision: 0.5 })).toThrow(
    '[f1] zeroDivision is 0.5, wanted 0, 1, or NaN',
  );
  expect(() => new F1({ numClasses: 2, labels: [] })).toThrow('[f1] labels is empty.');
  expect(() => new F1({ numClasses: 2, labels: [0, 2] })).toThrow(
    '[f1] labels[1] is 2, wanted a whole number',
  );
  expect(() => new F1({ numClasses: 2, labels: [1, 1] })).toThrow('[f1] labels[1] is 1 again.');
  const metric = new F1({ numClasses: 3 });
  await metric.update([0], [0]);
  await expect(metric.update([0, 1], [0, 3])).rejects.toThrow(
    '[f1] label 1 is class 3, wanted a class from 0 to 2.',
  );
  await expect(metric.update([[1, 2]], [0])).rejects.toThrow(
    '[f1] predictions have shape [1, 2], but there are 3 classes.',
  );
  await expect(metric.update([[1, Number.NaN, 2]], [0])).rejects.toThrow('[f1] predictions[0, 1] is NaN');
  expect(metric.result()).toBe(1);
  expect(() => f1Score([], [])).toThrow('[f1Score] there are no samples.');
  expect(() => precision([0, 1], [0])).toThrow('[precision] 1 predictions but 2 labels.');
  expect(() => confusionMatrix([0, 3], [0, 1], { numClasses: 3 })).toThrow(
    '[confusionMatrix] label 1 is class 3',
  );
});

const samples = fc.record({
  rows: fc.array(
    fc.record({ truth: fc.nat(3), predicted: fc.nat(3), weight: fc.double({ min: 0, max: 9, noNaN: true }) }),
    { minLength: 1, maxLength: 40 },
  ),
  cuts: fc.array(fc.nat(40), { maxLength: 5 }),
});

test('many batches give the same bits as one', async () => {
  const options = { numClasses: 4 };
  const makers: (() => Metric)[] = [
    () => new Accuracy(),
    () => new ConfusionMatrix(options),
    () => new Precision({ ...options, average: 'macro' }),
    () => new Recall({ ...options, average: 'micro' }),
    () => new F1({ ...options, average: 'weighted' }),
  ];
  await fc.assert(
    fc.asyncProperty(samples, fc.boolean(), async ({ rows, cuts }, weighted) => {
      const columns = (from: typeof rows) =>
        [
          from.map((row) => row.predicted),
          from.map((row) => row.truth),
          weighted ? from.map((row) => row.weight) : undefined,
        ] as const;
      for (const make of makers) {
        const whole = make();
        await whole.update(...columns(rows));
        const streamed = make();
        for (const [start, stop] of pieces(rows.length, cuts)) {
          await streamed.update(...columns(rows.slice(start, stop)));
        }
        expect(streamed.result()).toBe(whole.result());
      }
    }),
  );
});

test('scores are what the confusion matrix says, and a metric agrees with its function', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async ({ rows }) => {
      const truth = rows.map((row) => row.truth);
      const predicted = rows.map((row) => row.predicted);
      const matrix = confusionMatrix(truth, predicted, { numClasses: 4 });
      const metric = new F1({ numClasses: 4 });
      await metric.update(predicted, truth);
      const expected = matrix.map((row, c) => {
        const column = matrix.reduce((total, other) => total + other[c]!, 0);
        const all = row.reduce((total, count) => total + count, 0) + column;
        return all === 0 ? 0 : (2 * row[c]!) / all;
      });
      expect(metric.perClass()).toEqual(expected);
      expect(metric.result()).toBe(f1Score(truth, predicted));
    }),
  );
});

test('a weight of two is the same sample twice', async () => {
  await fc.assert(
    fc.property(samples, ({ rows }) => {
      const truth = rows.map((row) => row.truth);
      const predicted = rows.map((row) => row.predicted);
      for (const average of ['micro', 'macro', 'weighted'] as const) {
        expect(f1Score(truth, predicted, { average, sampleWeights: rows.map(() => 2) })).toBe(
          f1Score([...truth, ...truth], [...predicted, ...predicted], { average }),
        );
      }
    }),
  );
});

test('sums have the bits of NumPy', () => {
  const harmonic = (n: number) => sum(Float64Array.from({ length: n }, (_, i) => 1 / (i + 1)));
  // np.sum(1 / np.arange(1, n + 1)); adding from left to right differs in the last digit of the last two.
  expect(harmonic(0)).toBe(0);
  expect([7, 13, 100, 129, 300].map(harmonic)).toEqual([
    2.5928571428571425, 3.180133755133755, 5.187377517639621, 5.440899030573669, 6.282663880299504,
  ]);
});
