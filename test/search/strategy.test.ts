import { gridSearch, randomSearch, type SuccessiveHalvingOptions, successiveHalving } from 'ndgrad/search';
import { expect, it } from 'vitest';
import cases from './halving.json' with { type: 'json' };

it('the rounds of successive halving are those of scikit-learn', () => {
  expect(cases.length).toBeGreaterThan(300);
  for (const { rungs, ...options } of cases) {
    const found = successiveHalving(options).rungs(options.trials);
    expect({ ...options, rungs: found.map(({ trials, epochs }) => [trials, epochs]) }).toEqual({
      ...options,
      rungs,
    });
  }
});

it('powers are exact where logarithms are not', () => {
  const rungs = successiveHalving({ trials: 243, maxEpochs: 243 }).rungs(243);
  expect(rungs.map(({ trials }) => trials)).toEqual([243, 81, 27, 9, 3, 1]);
  expect(rungs.map(({ epochs }) => epochs)).toEqual([1, 3, 9, 27, 81, 243]);
});

it('grid and random search have one round', () => {
  expect(gridSearch().rungs(12)).toEqual([{ trials: 12, epochs: null }]);
  expect(randomSearch({ trials: 7, epochs: 5 }).rungs(7)).toEqual([{ trials: 7, epochs: 5 }]);
});

const wrong: [SuccessiveHalvingOptions, string][] = [
  [{ trials: 0, maxEpochs: 9 }, '[successiveHalving] got trials 0'],
  [
    { trials: 9, factor: 1, maxEpochs: 9 },
    '[successiveHalving] got factor 1, wanted a whole number of at least 2',
  ],
  [{ trials: 9, maxEpochs: 0.5 }, '[successiveHalving] got maxEpochs 0.5'],
  [{ trials: 9, minEpochs: 0, maxEpochs: 9 }, '[successiveHalving] got minEpochs 0'],
  [
    { trials: 9, minEpochs: 10, maxEpochs: 9 },
    'got minEpochs 10 and maxEpochs 9, wanted minEpochs <= maxEpochs',
  ],
];
it.each(wrong)('refuses %o', (options, message) => {
  expect(() => successiveHalving(options)).toThrow(message);
});

it('refuses numbers that are none', () => {
  expect(() => randomSearch({ trials: 1.5 })).toThrow('[randomSearch] got trials 1.5');
  expect(() => gridSearch({ epochs: 0 })).toThrow('[gridSearch] got epochs 0');
});
