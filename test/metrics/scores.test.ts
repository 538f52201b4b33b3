import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  AveragePrecision,
  MeanAbsolutePercentageError,
  type Metric,
  R2Score,
  RocAuc,
  RootMeanSquaredError,
} from '../../src/index.ts';
import {
  averagePrecision,
  balancedAccuracy,
  calibrationCurve,
  cohenKappa,
  expectedCalibrationError,
  logLoss,
  matthewsCorrelation,
  precisionRecallCurve,
  rocAuc,
  rocCurve,
} from '../../src/metrics.ts';

interface Binary {
  name: string;
  labels: number[];
  scores: number[];
  sampleWeights: number[] | null;
  roc: number[][];
  precisionRecall: number[][];
  rocAuc: number;
  averagePrecision: number;
  logLoss: number;
  calibration: number[][];
}

interface Classes {
  name: string;
  labels: number[];
  scores: number[][];
  sampleWeights: number[] | null;
  rocAuc: Record<'macro' | 'weighted', number>;
  averagePrecision: Record<'macro' | 'weighted', number>;
  logLoss: number;
  calibrationError: number;
  predicted: number[];
  balancedAccuracy: number;
  adjustedBalancedAccuracy: number;
  matthewsCorrelation: number;
  cohenKappa: Record<string, number>;
}

interface Regression {
  name: string;
  labels: number[] | number[][];
  predictions: number[] | number[][];
  sampleWeights: number[] | null;
  r2Score: number;
  rootMeanSquaredError: number;
  meanAbsolutePercentageError: number;
}

const known = JSON.parse(readFileSync(new URL('./scores.json', import.meta.url), 'utf8')) as {
  binary: Binary[];
  classes: Classes[];
  regression: Regression[];
};

/** Each number to 13 digits. */
function expectNumbers(got: ArrayLike<number>, want: ArrayLike<number>): void {
  expect(got.length).toBe(want.length);
  Array.from(want).forEach((w, i) => {
    expect(Math.abs(got[i]! - w)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(w)));
  });
}

const weighted = ({ sampleWeights }: { sampleWeights: number[] | null }) =>
  sampleWeights === null ? {} : { sampleWeights };

/** The result is the same for batches of any size. */
async function inBatches(
  metric: Metric,
  predictions: readonly unknown[],
  labels: readonly unknown[],
  weights: readonly number[] | null,
): Promise<number> {
  const results = [];
  for (const size of [labels.length, 7, 1]) {
    metric.reset();
    expect(metric.result()).toBeNaN();
    for (let i = 0; i < labels.length; i += size) {
      const part = <T>(list: readonly T[]): T[] => list.slice(i, i + size);
      await metric.update(
        part(predictions) as number[],
        part(labels) as number[],
        weights === null ? undefined : part(weights),
      );
    }
    results.push(metric.result());
  }
  expect(new Set(results).size).toBe(1);
  return results[0]!;
}

describe.each(known.binary)('scikit-learn, two classes: $name', (c) => {
  test('curves', () => {
    const roc = rocCurve(c.labels, c.scores, weighted(c));
    expectNumbers(roc.falsePositiveRate, c.roc[0]!);
    expectNumbers(roc.truePositiveRate, c.roc[1]!);
    expect(roc.thresholds[0]).toBe(Infinity);
    expectNumbers(roc.thresholds.subarray(1), c.roc[2]!);
    const pr = precisionRecallCurve(c.labels, c.scores, weighted(c));
    expectNumbers(pr.precision, c.precisionRecall[0]!);
    expectNumbers(pr.recall, c.precisionRecall[1]!);
    expectNumbers(pr.thresholds, c.precisionRecall[2]!);
    const calibration = calibrationCurve(c.labels, c.scores, { bins: 5 });
    expectNumbers(calibration.observed, c.calibration[0]!);
    expectNumbers(calibration.predicted, c.calibration[1]!);
  });

  test('areas and log loss', async () => {
    expectNumbers([rocAuc(c.labels, c.scores, weighted(c))], [c.rocAuc]);
    expectNumbers([averagePrecision(c.labels, c.scores, weighted(c))], [c.averagePrecision]);
    expectNumbers([logLoss(c.labels, c.scores, weighted(c))], [c.logLoss]);
    expectNumbers([await inBatches(new RocAuc(), c.scores, c.labels, c.sampleWeights)], [c.rocAuc]);
    const precision = await inBatches(new AveragePrecision(), c.scores, c.labels, c.sampleWeights);
    expectNumbers([precision], [c.averagePrecision]);
  });
});

describe.each(known.classes)('scikit-learn, classes: $name', (c) => {
  test.each(['macro', 'weighted'] as const)('areas, %s', async (average) => {
    const options = { average, ...weighted(c) };
    expectNumbers([rocAuc(c.labels, c.scores, options)], [c.rocAuc[average]]);
    expectNumbers([averagePrecision(c.labels, c.scores, options)], [c.averagePrecision[average]]);
    const auc = await inBatches(new RocAuc({ average }), c.scores, c.labels, c.sampleWeights);
    expectNumbers([auc], [c.rocAuc[average]]);
    const precision = await inBatches(new AveragePrecision({ average }), c.scores, c.labels, c.sampleWeights);
    expectNumbers([precision], [c.averagePrecision[average]]);
  });

  test('log loss and calibration', () => {
    expectNumbers([logLoss(c.labels, c.scores, weighted(c))], [c.logLoss]);
    expectNumbers([expectedCalibrationError(c.labels, c.scores)], [c.calibrationError]);
  });

  test('agreement', () => {
    const { labels, predicted } = c;
    expectNumbers([balancedAccuracy(labels, predicted, weighted(c))], [c.balancedAccuracy]);
    const adjusted = balancedAccuracy(labels, predicted, { adjusted: true, ...weighted(c) });
    expectNumbers([adjusted], [c.adjustedBalancedAccuracy]);
    expectNumbers([matthewsCorrelation(labels, predicted, weighted(c))], [c.matthewsCorrelation]);
    for (const weights of [null, 'linear', 'quadratic'] as const) {
      const kappa = cohenKappa(labels, predicted, { weights, ...weighted(c) });
      expectNumbers([kappa], [c.cohenKappa[weights ?? 'None']!]);
    }
  });
});

test.each(known.regression)('scikit-learn, regression: $name', async (c) => {
  const metrics = [new R2Score(), new RootMeanSquaredError(), new MeanAbsolutePercentageError()];
  for (const metric of metrics) {
    const result = await inBatches(metric, c.predictions, c.labels, c.sampleWeights);
    expectNumbers([result], [c[metric.name as 'r2Score']]);
  }
});

test('R2 of constant labels', async () => {
  const r2 = new R2Score();
  await r2.update([2, 2], [2, 2]);
  expect(r2.result()).toBe(1);
  await r2.update([3], [2]);
  expect(r2.result()).toBe(0);
  await expect(r2.update([[1, 2]], [[1, 2]])).rejects.toThrow(
    '[r2Score] got 2 outputs after 1. Call reset() before.',
  );
});

test('samples of one class have no ROC curve', async () => {
  expect(() => rocCurve([1, 1], [0.1, 0.2])).toThrow(
    '[rocCurve] all labels are 1, wanted samples of both classes.',
  );
  expect(() => rocAuc([0, 0], [0.1, 0.2])).toThrow('[rocAuc] no label is 1');
  expect(() => rocAuc([], [])).toThrow('[rocAuc] got no samples');
  expect(() =>
    rocAuc(
      [0, 1],
      [
        [0.5, 0.25, 0.25],
        [0, 1, 0],
      ],
    ),
  ).toThrow('[rocAuc] class 2 of 3 has no samples');
  const metric = new RocAuc();
  await metric.update([0.5, 0.6], [1, 1]);
  expect(metric.result()).toBeNaN();
  await metric.update([0.1], [0]);
  expect(metric.result()).toBe(1);
});

test('errors', async () => {
  expect(() => rocAuc([0, 2], [0, 1])).toThrow('[rocAuc] label 1 is class 2, wanted a class from 0 to 1.');
  expect(() => rocAuc([0, 1], [0, Number.NaN])).toThrow('[rocAuc] scores[1] is NaN');
  expect(() =>
    rocCurve(
      [0, 1],
      [
        [0, 1],
        [1, 0],
      ],
    ),
  ).toThrow('[rocCurve] scores [2, 2] and labels [2]');
  expect(() => logLoss([0, 1], [0, 3])).toThrow('[logLoss] got probability 3, wanted numbers from 0 to 1.');
  expect(() =>
    logLoss(
      [0, 1],
      [
        [1, 0],
        [0, 0],
      ],
    ),
  ).toThrow('[logLoss] got only zeros in row 1');
  expect(() => balancedAccuracy([1, 1], [1, 0], { adjusted: true })).toThrow('got labels of one class');
  expect(() => calibrationCurve([0, 1], [0, 1], { bins: 0 })).toThrow('[calibrationCurve] got bins 0');
  expect(() => rocAuc([0, 1], [0, 1], { average: 'micro' as never })).toThrow("[rocAuc] got average 'micro'");
  expect(() => cohenKappa([0, 1], [0, 1], { weights: 'cubic' as never })).toThrow(
    "[cohenKappa] got weights 'cubic'",
  );
  await expect(new RocAuc().update([0, Number.NaN], [0, 1])).rejects.toThrow(
    '[rocAuc] predictions[1] is NaN',
  );
});
