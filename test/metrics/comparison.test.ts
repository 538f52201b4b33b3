import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';
import {
  chiSquaredTail,
  erfc,
  fairBinomial,
  normalQuantile,
  studentProbabilities,
  studentQuantile,
} from '../../src/metrics/statistics/distributions.ts';
import { type McNemarOptions, mcnemar, summarizeRuns, wilsonInterval } from '../../src/metrics.ts';

type Tested = readonly [statistic: number, pValue: number];

interface Reference {
  readonly erfc: readonly (readonly [x: number, value: number])[];
  readonly chiSquaredTail: readonly (readonly [x: number, value: number])[];
  readonly normalQuantile: readonly (readonly [p: number, x: number])[];
  readonly studentQuantile: readonly (readonly [tail: number, freedom: number, t: number])[];
  readonly fairBinomial: readonly (readonly [k: number, n: number, atMost: number, exactly: number])[];
  readonly wilson: readonly (readonly [
    successes: number,
    trials: number,
    confidence: number,
    low: number,
    high: number,
  ])[];
  readonly mcnemar: readonly {
    readonly onlyA: number;
    readonly onlyB: number;
    readonly exact: Tested;
    readonly midP: Tested;
    readonly corrected: Tested;
    readonly uncorrected: Tested;
  }[];
  readonly summaries: readonly {
    readonly values: number[];
    readonly confidence: number;
    readonly mean: number;
    readonly standardDeviation: number;
    readonly interval: readonly [number, number];
  }[];
}

const reference: Reference = JSON.parse(readFileSync(new URL('./comparison.json', import.meta.url), 'utf8'));

/** Among the denormal numbers no more than their last bit can be right. */
function expectClose(got: number, wanted: number, what: string, relative = 1e-12): void {
  expect(Math.abs(got - wanted), `${what}: got ${got}, wanted ${wanted}`).toBeLessThanOrEqual(
    relative * Math.abs(wanted) + 5e-324,
  );
}

describe('distributions', () => {
  test('erfc', () => {
    for (const [x, wanted] of reference.erfc) expectClose(erfc(x), wanted, `erfc(${x})`);
  });

  test('chi-squared', () => {
    for (const [x, wanted] of reference.chiSquaredTail) expectClose(chiSquaredTail(x), wanted, `at ${x}`);
  });

  test('normal quantile', () => {
    for (const [p, wanted] of reference.normalQuantile) expectClose(normalQuantile(p), wanted, `of ${p}`);
  });

  test("quantile of Student's t", () => {
    for (const [tail, freedom, wanted] of reference.studentQuantile) {
      expectClose(studentQuantile(tail, freedom), wanted, `beyond ${tail} with ${freedom}`);
    }
  });

  test("Student's t far out, where it has a formula", () => {
    // Cauchy's distribution: a tail of atan(1 / t) / pi, which is 1 / (pi t) far out.
    expectClose(studentQuantile(1e-100, 1), 1e100 / Math.PI, 'Cauchy');
    expectClose(studentProbabilities(1, 1).outside, 0.5, 'half of it is beyond 1');
    expectClose(studentProbabilities(1, 1).density, 1 / (2 * Math.PI), 'density');
  });

  test('coin tosses', () => {
    for (const [k, n, atMost, exactly] of reference.fairBinomial) {
      expectClose(fairBinomial(k, n).atMost, atMost, `at most ${k} of ${n}`);
      expectClose(fairBinomial(k, n).exactly, exactly, `${k} of ${n}`);
    }
  });
});

describe('wilsonInterval', () => {
  test('as statsmodels', () => {
    for (const [successes, trials, confidence, low, high] of reference.wilson) {
      const got = wilsonInterval(successes, trials, { confidence });
      // statsmodels takes a difference for the lower end.
      expect(Math.abs(got[0] - low), `low end of ${successes} / ${trials}`).toBeLessThanOrEqual(1e-14);
      expectClose(got[1], high, `high end of ${successes} / ${trials}`);
    }
  });

  test('has 95 % by default and ends at 0 and 1', () => {
    expect(wilsonInterval(9964, 10_000)).toEqual(wilsonInterval(9964, 10_000, { confidence: 0.95 }));
    for (const trials of [1, 3, 7, 10_000, 12_345]) {
      expect(wilsonInterval(0, trials)[0]).toBe(0);
      expect(wilsonInterval(trials, trials)[1]).toBe(1);
    }
  });

  test('is as far from 0 as that of the failures from 1', () => {
    const [low, high] = wilsonInterval(3, 50);
    const [failLow, failHigh] = wilsonInterval(47, 50);
    expect(failLow).toBeCloseTo(1 - high, 15);
    expect(failHigh).toBeCloseTo(1 - low, 15);
  });

  test.each([
    [
      [0.99, 10_000],
      'got 0.99 successes in 10000 trials, wanted a whole number from 0 to 10000. Pass counts',
    ],
    [[11, 10], 'got 11 successes in 10 trials'],
    [[-1, 10], 'got -1 successes'],
    [[Number.NaN, 10], 'got NaN successes'],
    [[0, 0], 'got 0 trials, wanted a whole number of at least 1.'],
    [[1, 2.5], 'got 2.5 trials'],
  ] as const)('refuses %j', ([successes, trials], message) => {
    expect(() => wilsonInterval(successes, trials)).toThrow(ValueError);
    expect(() => wilsonInterval(successes, trials)).toThrow(`[wilsonInterval] ${message}`);
  });

  test.each([0, 1, 95, -0.5, Number.NaN, 1e-20])('refuses the confidence %d', (confidence) => {
    const message = `got confidence ${confidence}, wanted a number above 0 and below 1, such as 0.95.`;
    expect(() => wilsonInterval(1, 2, { confidence })).toThrow(`[wilsonInterval] ${message}`);
    expect(() => summarizeRuns([1, 2], { confidence })).toThrow(`[summarizeRuns] ${message}`);
  });
});

describe('summarizeRuns', () => {
  test('as NumPy and SciPy', () => {
    for (const { values, confidence, mean, standardDeviation, interval } of reference.summaries) {
      const got = summarizeRuns(values, { confidence });
      const what = `${values} with ${confidence}`;
      expect(got.runs).toBe(values.length);
      expectClose(got.mean, mean, `mean of ${what}`);
      expectClose(got.standardDeviation, standardDeviation, `deviation of ${what}`, 1e-11);
      expectClose(got.interval[0], interval[0], `low end of ${what}`, 1e-11);
      expectClose(got.interval[1], interval[1], `high end of ${what}`, 1e-11);
    }
  });

  test('equal runs do not deviate', () => {
    const summary = summarizeRuns(Float64Array.of(0.9964, 0.9964, 0.9964));
    expect(summary).toEqual({ runs: 3, mean: 0.9964, standardDeviation: 0, interval: [0.9964, 0.9964] });
  });

  test('a single run has a mean and no more', () => {
    const nothing = Number.NaN;
    expect(summarizeRuns([0.5])).toEqual({
      runs: 1,
      mean: 0.5,
      standardDeviation: nothing,
      interval: [nothing, nothing],
    });
  });

  test('refuses no runs and diverged ones', () => {
    expect(() => summarizeRuns([])).toThrow('[summarizeRuns] got no runs');
    expect(() => summarizeRuns([0.9, Number.NaN])).toThrow(
      '[summarizeRuns] run 1 is NaN, wanted a finite number',
    );
    expect(() => summarizeRuns([Number.POSITIVE_INFINITY, 1])).toThrow('run 0 is Infinity');
  });
});

describe('mcnemar', () => {
  /** Predictions of two models that differ in being right as told. */
  function predictions(onlyA: number, onlyB: number): [labels: number[], a: number[], b: number[]] {
    const [labels, a, b]: [number[], number[], number[]] = [[], [], []];
    const add = (count: number, ofA: number, ofB: number): void => {
      for (let i = 0; i < count; i++) {
        labels.push(2);
        a.push(ofA);
        b.push(ofB);
      }
    };
    add(11, 2, 2);
    add(onlyA, 2, 1);
    add(onlyB, 0, 2);
    add(3, 1, 0);
    add(2, 1, 1);
    return [labels, a, b];
  }

  test.each([
    ['exact', { method: 'exact' }],
    ['midP', { method: 'mid-p' }],
    ['corrected', { method: 'chi-squared' }],
    ['corrected', { method: 'chi-squared', correction: true }],
    ['uncorrected', { method: 'chi-squared', correction: false }],
  ] as const)('%s, as statsmodels', (name, options) => {
    for (const known of reference.mcnemar) {
      const { onlyA, onlyB } = known;
      const got = mcnemar(...predictions(onlyA, onlyB), options);
      expect(got).toMatchObject({ both: 11, onlyA, onlyB, neither: 5, method: options.method });
      expectClose(got.statistic, known[name][0], `statistic of ${onlyA}, ${onlyB}`);
      expectClose(got.pValue, known[name][1], `p-value of ${onlyA}, ${onlyB}`);
    }
  });

  test('is exact below 25 samples that tell the models apart, else corrected chi-squared', () => {
    for (const known of reference.mcnemar) {
      const few = known.onlyA + known.onlyB < 25;
      const got = mcnemar(...predictions(known.onlyA, known.onlyB));
      expect(got.method).toBe(few ? 'exact' : 'chi-squared');
      expectClose(got.pValue, (few ? known.exact : known.corrected)[1], 'p-value');
    }
  });

  test.each(['exact', 'mid-p', 'chi-squared', undefined] as const)(
    'models that are right together do not differ: %s',
    (method) => {
      const options: McNemarOptions = method === undefined ? {} : { method };
      expect(mcnemar([0, 1, 2], [0, 1, 1], [0, 1, 0], options)).toMatchObject({
        both: 2,
        neither: 1,
        statistic: 0,
        pValue: 1,
      });
    },
  );

  test('takes scores and one-hot labels', () => {
    const labels = [
      [1, 0, 0],
      [0, 0, 1],
    ];
    const scores = [
      [0.1, 0.9, 0],
      [-1, -2, 3],
    ];
    expect(mcnemar(labels, scores, [0, 1])).toMatchObject({
      both: 0,
      onlyA: 1,
      onlyB: 1,
      neither: 0,
      pValue: 1,
    });
  });

  test('says what is wrong with which model', () => {
    expect(() => mcnemar([0, 1], [0, 1], [0])).toThrow(ShapeError);
    expect(() => mcnemar([0, 1], [0, 1], [0])).toThrow('[mcnemar, model B] 1 predictions but 2 labels.');
    expect(() => mcnemar([0, 1], [0, 0.5], [0, 1])).toThrow('[mcnemar, model A] prediction 1 is 0.5');
    expect(() => mcnemar([0, 1], [0, 1], [0, 9], { numClasses: 2 })).toThrow('prediction 1 is class 9');
    expect(() => mcnemar([], [], [])).toThrow('[mcnemar] there are no samples. Pass at least one.');
  });

  test('says which options do not go together', () => {
    const at = (options: McNemarOptions) => () => mcnemar([0], [0], [0], options);
    expect(at({ numClasses: 0 })).toThrow('[mcnemar] numClasses is 0');
    expect(at({ method: 'midp' as never })).toThrow(
      "got method 'midp', wanted 'exact', 'mid-p' or 'chi-squared'.",
    );
    expect(at({ method: 'exact', correction: true })).toThrow("got correction true with method 'exact'");
    expect(at({ correction: false })).toThrow(
      'got correction false with no method, but only chi-squared has one.',
    );
  });
});
