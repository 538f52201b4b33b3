import { describe, expect, it } from 'vitest';
import { comparePairs, describePairs } from '../../examples/mnist/compare.ts';
import {
  accuracyInterval,
  classScores,
  crossEntropy,
  estimate,
  meanProbabilities,
  score,
} from '../../examples/mnist/scores.ts';
import { trainingTimer } from '../../examples/mnist/training-timer.ts';
import type { State, Training } from '../../src/index.ts';

/** Rows of ten probabilities: the given ones for the first classes, and 0 for the others. */
const rows = (...given: number[][]) =>
  Float32Array.from(given.flatMap((row) => [...row, ...new Array<number>(10 - row.length).fill(0)]));

describe('an ensemble', () => {
  it('has the mean of its members’ probabilities, not of their votes', () => {
    // Three of four members prefer class 0 in the first row, but the fourth gives class 1 a high probability.
    const members = [
      rows([0.625, 0.375], [0.5, 0.5]),
      rows([0.625, 0.375], [0, 1]),
      rows([0.625, 0.375], [0.25, 0.75]),
      rows([0, 1], [0.25, 0.75]),
    ];
    const mean = meanProbabilities(members);
    expect(mean).toEqual(rows([0.46875, 0.53125], [0.25, 0.75]));
    expect(score(mean, Uint8Array.of(1, 1), 0).predictions).toEqual([1, 1]);
    expect(meanProbabilities(members.slice(0, 1))).toEqual(members[0]);
  });

  it('has the cross-entropy of that mean', async () => {
    const mean = rows([0.5, 0.5], [0.25, 0.75], [1]);
    const wanted = (Math.log(2) + Math.log(4) + 0) / 3;
    expect(await crossEntropy(mean, Uint8Array.of(1, 0, 0))).toBeCloseTo(wanted, 6);
  });
});

describe('score', () => {
  it('counts predictions by class', () => {
    const labels = Uint8Array.of(0, 0, 1, 2);
    const { confusion, predictions, ...scores } = score(
      rows([0.9, 0.1], [0.4, 0.6], [0, 1], [0.2, 0.3, 0.5]),
      labels,
      0.25,
    );
    expect(predictions).toEqual([0, 1, 1, 2]);
    // F1 of 2/3, 2/3 and 1 for the three classes that occur.
    expect(scores).toEqual({ loss: 0.25, accuracy: 0.75, macroF1: expect.closeTo(7 / 9, 12) });
    expect(confusion.slice(0, 3).map((row) => row.slice(0, 3))).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(classScores(confusion).slice(0, 4)).toEqual([
      { precision: 1, recall: 0.5, f1: 2 / 3 },
      { precision: 0.5, recall: 1, f1: 2 / 3 },
      { precision: 1, recall: 1, f1: 1 },
      { precision: 0, recall: 0, f1: 0 },
    ]);
  });
});

describe('estimates', () => {
  it('have a deviation for several runs', () => {
    expect(estimate([0.5])).toEqual({ mean: 0.5 });
    expect(estimate([1, 2, 3])).toEqual({ mean: 2, deviation: 1 });
  });

  it('convert a mean accuracy to a number of images', () => {
    // From statsmodels: proportion_confint(9974, 10000, method='wilson').
    const [low, high] = accuracyInterval(0.99742, 10_000);
    expect(low).toBeCloseTo(0.99619299, 8);
    expect(high).toBeCloseTo(0.99822501, 8);
  });
});

describe('comparePairs', () => {
  const labels = new Uint8Array(40);
  const wrong = (from: number, to: number) => Array.from(labels, (_, i) => (i >= from && i < to ? 1 : 0));
  const models = [
    { name: 'a', predictions: wrong(0, 0) },
    { name: 'b', predictions: wrong(0, 1) },
    { name: 'c', predictions: wrong(0, 30) },
  ];

  it('tests every pair of models once', () => {
    expect(comparePairs(models, labels)).toEqual([
      { models: ['a', 'b'], onlyFirst: 1, onlySecond: 0, pValue: 1 },
      // (30 - 1)^2 / 30 and (29 - 1)^2 / 29 under chi-squared, from SciPy's chi2.sf.
      { models: ['a', 'c'], onlyFirst: 30, onlySecond: 0, pValue: expect.closeTo(1.192e-7, 9) },
      { models: ['b', 'c'], onlyFirst: 29, onlySecond: 0, pValue: expect.closeTo(1.999e-7, 9) },
    ]);
  });

  it('describes in one line which models do not differ', () => {
    const [ab, ac, bc] = comparePairs(models, labels) as [never, never, never];
    expect(describePairs([])).toBeUndefined();
    expect(describePairs([ab])).toBe("No models differ significantly, by McNemar's test, p < 0.05.");
    expect(describePairs([ac, bc])).toBe(
      "All models differ significantly, by McNemar's test with Holm's correction, p < 0.05.",
    );
    expect(describePairs([ab, ac, bc])).toBe(
      "All models differ significantly, by McNemar's test with Holm's correction, p < 0.05, but for a and b (p 1.00).",
    );
  });
});

describe('trainingTimer', () => {
  it('measures training without validation, and the time until 99 %', () => {
    let time = 5000;
    const watch = trainingTimer(() => time);
    const epoch = (accuracy: number) => {
      watch.onEpochBegin!(0, {} as Training);
      for (let i = 0; i < 3; i++) {
        time += 1000;
        watch.onBatchEnd!({} as never, {} as Training);
      }
      time += 500; // validation
      watch.onEpochEnd!({ epoch: 0, results: { val_accuracy: accuracy }, seconds: 3.5 }, {} as Training);
    };
    epoch(0.98);
    expect(watch.seconds).toBe(3);
    expect(watch.secondsTo99).toBeUndefined();
    epoch(0.99);
    epoch(0.98);
    epoch(0.995);
    expect(watch.seconds).toBe(12);
    expect(watch.secondsTo99).toBe(6);
  });

  it('adds the time before an interruption within an epoch', () => {
    let time = 5000;
    const first = trainingTimer(() => time);
    const step = (timer: typeof first) => {
      time += 1000;
      timer.onBatchEnd!({} as never, {} as Training);
    };
    first.onEpochBegin!(0, {} as Training);
    step(first);
    step(first);
    time = 900_000;
    const second = trainingTimer(() => time);
    void second.setState!(structuredClone(first.getState!()) as State);
    step(second);
    void second.onEpochEnd!({ epoch: 0, results: { val_accuracy: 0.99 }, seconds: 3 }, {} as Training);
    expect([second.seconds, second.secondsTo99]).toEqual([3, 3]);
  });
});
