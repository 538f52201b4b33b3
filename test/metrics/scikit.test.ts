import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { F1, Precision, Recall } from '../../src/index.ts';
import {
  type Average,
  classificationReport,
  confusionMatrix,
  f1Score,
  precision,
  type ReportOptions,
  recall,
} from '../../src/metrics.ts';

type Averages = Record<Exclude<Average, 'binary'>, number>;

interface Case {
  readonly truth: number[];
  readonly predicted: number[];
  readonly options: Omit<ReportOptions, 'sampleWeights'> & { readonly sampleWeights?: number[] };
  readonly precision: Averages;
  readonly recall: Averages;
  readonly f1: Averages;
  readonly confusion?: number[][];
  readonly report: string;
}

const text = readFileSync(new URL('./scikit.json', import.meta.url), 'utf8');
const cases: Case[] = JSON.parse(text, (_key, value: unknown) => (value === 'NaN' ? Number.NaN : value));
const AVERAGES = ['micro', 'macro', 'weighted'] as const;

describe.each(cases.map((known, i) => ({ i, ...known })))('scikit-learn, case $i', (known) => {
  const { truth, predicted, options } = known;

  test('scores have the same bits', async () => {
    const { digits, targetNames, ...scoring } = options;
    const { labels, zeroDivision = 0, sampleWeights } = scoring;
    const numClasses = Math.max(...truth, ...predicted, ...(labels ?? [])) + 1;
    const chosen = labels === undefined ? {} : { labels };
    for (const average of AVERAGES) {
      expect(precision(truth, predicted, { ...scoring, average })).toBe(known.precision[average]);
      expect(recall(truth, predicted, { ...scoring, average })).toBe(known.recall[average]);
      expect(f1Score(truth, predicted, { ...scoring, average })).toBe(known.f1[average]);
      const settings = { numClasses, average, zeroDivision, ...chosen };
      const metrics = [new Precision(settings), new Recall(settings), new F1(settings)];
      for (const metric of metrics) await metric.update(predicted, truth, sampleWeights);
      const expected = [known.precision[average], known.recall[average], known.f1[average]];
      expect(metrics.map((metric) => metric.result())).toEqual(expected);
    }
  });

  if (known.confusion !== undefined) {
    test('confusion matrix', () => {
      const { digits, targetNames, zeroDivision, ...counting } = options;
      expect(confusionMatrix(truth, predicted, counting)).toEqual(known.confusion);
    });
  }

  test('report, character for character', () => {
    expect(classificationReport(truth, predicted, options)).toBe(known.report);
  });
});
