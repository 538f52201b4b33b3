import { mcnemar } from 'ndgrad/metrics';
import { holm } from './report/significance.ts';

/** McNemar's test between two models. */
export interface Pair {
  readonly models: readonly [string, string];
  /** The numbers of test images that only the first and only the second model classifies correctly. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** The p-value of the test, not adjusted for the number of pairs. */
  readonly pValue: number;
}

interface Predictions {
  readonly name: string;
  /** The predicted class of each test image. */
  readonly predictions: ArrayLike<number>;
}

/** The tests between all pairs of models. */
export function comparePairs(models: readonly Predictions[], labels: Uint8Array): Pair[] {
  return models.flatMap((a, i) =>
    models.slice(i + 1).map((b): Pair => {
      const { onlyA, onlyB, pValue } = mcnemar(labels, a.predictions, b.predictions, { numClasses: 10 });
      return { models: [a.name, b.name], onlyFirst: onlyA, onlySecond: onlyB, pValue };
    }),
  );
}

/** One line about the pairs that do not differ significantly; undefined if there are no pairs. */
export function describePairs(pairs: readonly Pair[]): string | undefined {
  if (pairs.length === 0) return undefined;
  const adjusted = holm(pairs.map(({ pValue }) => pValue));
  const alike = pairs.flatMap(({ models: [a, b] }, i) =>
    adjusted[i]! < 0.05 ? [] : [`${a} and ${b} (p ${adjusted[i]!.toFixed(2)})`],
  );
  const test = `by McNemar's test${pairs.length > 1 ? " with Holm's correction" : ''}, p < 0.05`;
  if (alike.length === 0) return `All models differ significantly, ${test}.`;
  if (alike.length === pairs.length) return `No models differ significantly, ${test}.`;
  return `All models differ significantly, ${test}, but for ${alike.join(', ')}.`;
}
