import { defaultGenerator, seed } from 'ndgrad';
import {
  choice,
  gridSearch,
  integer,
  randomSearch,
  type SearchReport,
  search,
  successiveHalving,
  type TrialContext,
  uniform,
} from 'ndgrad/search';
import { describe, expect, it, vi } from 'vitest';
import { options, space, toy, untimed } from './support.ts';

describe('search', () => {
  it('runs round after round and ranks the trials', async () => {
    const results = await search(options);
    expect(results.runs.map(({ rung }) => rung)).toEqual([...Array(9).fill(0), 1, 1, 1, 2]);
    expect(results.runs.map(({ epochs }) => epochs)).toEqual([...Array(9).fill(1), 3, 3, 3, 9]);
    const scores = (rung: number) =>
      results.runs
        .filter((run) => run.rung === rung)
        .sort((a, b) => a.metrics.score! - b.metrics.score!)
        .map(({ trial }) => trial);
    const [first, second, third] = [0, 1, 2].map(scores);
    expect(second!.toSorted()).toEqual(first!.slice(0, 3).toSorted());
    expect(third).toEqual(second!.slice(0, 1));
    expect(results.best.trial).toBe(third![0]);
    expect(results.best.epochs).toBe(9);
    // Later rounds first, also where an earlier one had a better number.
    expect(results.trials.map(({ trial }) => trial)).toEqual([
      third![0],
      ...second!.slice(1),
      ...first!.slice(3),
    ]);
  });

  it('maximize is the other way round', async () => {
    const down = await search({ ...options, strategy: randomSearch({ trials: 5 }) });
    const up = await search({
      ...options,
      strategy: randomSearch({ trials: 5 }),
      objective: { maximize: 'score' },
    });
    const order = down.trials.map(({ trial }) => trial);
    expect(up.trials.map(({ trial }) => trial)).toEqual(order.toReversed());
    const { score } = up.best.metrics;
    expect(up.trials.every(({ metrics }) => metrics.score! <= score!)).toBe(true);
  });

  it('gives the same numbers for the same seed, and leaves the default generator alone', async () => {
    seed(1);
    const state = defaultGenerator().getState();
    const first = await search(options);
    expect(defaultGenerator().getState()).toEqual(state);
    seed(2);
    expect(untimed(await search(options))).toEqual(untimed(first));
    expect(untimed(await search({ ...options, seed: 6 }))).not.toEqual(untimed(first));
    // The noise is a trial's own, and the same in every round.
    const noise = first.runs.map(({ metrics }) => metrics.noise);
    expect(new Set(noise).size).toBe(9);
  });

  it('can repeat a run from what the results say', async () => {
    const { best } = await search(options);
    seed(best.seed);
    const context: TrialContext = { ...best, signal: new AbortController().signal };
    expect(await toy(best.parameters, context)).toEqual(best.metrics);
  });

  it('breaks ties by number', async () => {
    const { runs } = await search({ ...options, trial: () => ({ score: 1, noise: 0 }) });
    expect(runs.map(({ trial }) => trial)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 0]);
  });

  it('tells how far it is', async () => {
    const reports: SearchReport<{ width: number }>[] = [];
    const results = await search({ ...options, progress: (report) => reports.push(report) });
    expect(reports.map(({ done, total }) => [done, total])).toEqual(
      Array.from({ length: 13 }, (_, i) => [i + 1, 13]),
    );
    expect(reports.map(({ run }) => run)).toEqual(results.runs);
  });

  it('writes a line for each run if asked to', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await search({
      space: { width: choice([8]), rate: uniform(0.25, 0.5, { steps: 2 }) },
      strategy: gridSearch({ epochs: 2 }),
      objective: { minimize: 'loss' },
      trial: ({ rate }) => {
        if (rate === 0.5) throw new Error('too fast');
        return { loss: 0.125 };
      },
      progress: true,
    });
    const lines = log.mock.calls.map(([line]) => line);
    log.mockRestore();
    expect(lines).toEqual([
      '[1/2]  trial 0  epochs 2  loss 0.1250  0.0 s  width 8  rate 0.25',
      '[2/2]  trial 1  epochs 2  failed: too fast  0.0 s  width 8  rate 0.5',
    ]);
  });

  it('takes epochs from the strategy, from the space, or 1', async () => {
    const epochs: number[] = [];
    const common = {
      objective: { minimize: 'loss' },
      trial: (_: unknown, context: TrialContext) => ({ loss: epochs.push(context.epochs) }),
    } as const;
    await search({ ...common, space: { epochs: choice([2, 5]) }, strategy: gridSearch() });
    await search({ ...common, space: { a: choice([1]) }, strategy: gridSearch() });
    await search({ ...common, space: { a: choice([1]) }, strategy: gridSearch({ epochs: 7 }) });
    expect(epochs).toEqual([2, 5, 1, 7]);
  });
});

describe('trials that fail', () => {
  const grid = { space: { x: integer(0, 5) }, strategy: gridSearch(), objective: { maximize: 'y' } } as const;

  it('rank last and say why', async () => {
    const results = await search({
      ...grid,
      trial: async ({ x }): Promise<Record<string, number>> => {
        if (x === 0) throw new Error('no way');
        if (x === 1) return { y: Number.NaN };
        if (x === 2) return { z: 1, loss: 2 };
        if (x === 3) return { y: '4' as never };
        if (x === 4) return null as never;
        return { y: x };
      },
    });
    expect(results.best.parameters).toEqual({ x: 5 });
    expect(results.trials.map(({ trial }) => trial)).toEqual([5, 0, 1, 2, 3, 4]);
    expect(results.runs.map(({ error }) => error)).toEqual([
      'no way',
      'y is NaN',
      "the trial returned no 'y', only z, loss",
      "[search] the trial returned a string as 'y', wanted a number. Await it, or read it with item().",
      '[search] the trial returned null, wanted numbers by name: { accuracy: 0.97 }.',
      null,
    ]);
    expect(results.runs[2]!.metrics).toEqual({ z: 1, loss: 2 });
  });

  it('do not go on to the next round', async () => {
    const survivors = async (broken: number) => {
      const results = await search({
        ...grid,
        space: { x: uniform(0, 1) },
        strategy: successiveHalving({ trials: 9, maxEpochs: 9 }),
        trial: (_, { trial, epochs }) => ({ y: trial < broken ? Number.NaN : trial + epochs }),
      });
      return [0, 1, 2].map((n) => results.runs.filter(({ rung }) => rung === n).map(({ trial }) => trial));
    };
    expect(await survivors(8)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], [8], [8]]);
    expect(await survivors(9)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], [], []]);
  });

  it('and if all do, there is no best one', async () => {
    const fail = () => {
      throw new TypeError('oh');
    };
    const results = await search({ ...grid, trial: fail });
    expect(results.trials).toHaveLength(6);
    expect(() => results.best).toThrow('[search] all 6 trials failed, the first one with: oh. Fix');
  });
});

describe('an aborted search', () => {
  it('ends with the reason, and begins no further trial', async () => {
    const controller = new AbortController();
    let begun = 0;
    const running = search({
      ...options,
      signal: controller.signal,
      trial: async (_, { trial, signal }) => {
        begun++;
        if (trial === 2) controller.abort(new Error('enough'));
        signal.throwIfAborted();
        return { score: 0, noise: 0 };
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(begun).toBe(3);
  });

  it('never begins if it is aborted before', async () => {
    const trial = vi.fn(toy);
    const running = search({ ...options, trial, signal: AbortSignal.abort(new Error('early')) });
    await expect(running).rejects.toThrow('early');
    expect(trial).not.toHaveBeenCalled();
  });

  it('ends with what the progress function throws', async () => {
    const progress = () => {
      throw new Error('printer on fire');
    };
    await expect(search({ ...options, progress })).rejects.toThrow('printer on fire');
  });
});

describe('the table', () => {
  it('has the best first, parameters, metrics, and why trials failed', async () => {
    const results = await search({
      space: { rate: choice([0.00012345678, 0.5]), kind: choice(['a', { b: 1 }]) },
      strategy: gridSearch({ epochs: 3 }),
      objective: { maximize: 'accuracy' },
      trial: ({ rate, kind }, { trial }): Record<string, number> => {
        if (rate === 0.5 && kind === 'a') throw new Error('diverged\nat step 3');
        return { loss: trial === 0 ? 123456 : 0.25, accuracy: rate };
      },
    });
    const text = results.table().replaceAll(/\d\.\d$/gm, '0.0');
    expect(`\n${text}\n`).toBe(`
trial       rate     kind  epochs   accuracy      loss  seconds
---------------------------------------------------------------
    3        0.5  {"b":1}       3     0.5000    0.2500      0.0
    0  0.0001235        a       3  0.0001235  1.235e+5      0.0
    1  0.0001235  {"b":1}       3  0.0001235    0.2500      0.0
    2        0.5        a       3     failed         -      0.0
trial 2 failed: diverged
`);
    expect(results.table({ limit: 2 }).split('\n').slice(4)).toEqual(['... and 2 more']);
  });
});

describe('options that do not fit are refused before the first trial', () => {
  const trial = vi.fn(toy);
  const wrong: [object, string][] = [
    [{ seed: -1 }, '[search] got seed -1'],
    [{ space: { a: 3 } }, "[search] got 3 as 'a' of the space, wanted choice"],
    [{ strategy: undefined }, '[search] got strategy undefined, wanted gridSearch()'],
    [{ objective: {} }, '[search] got no objective or two'],
    [{ objective: { minimize: 'a', maximize: 'b' } }, '[search] got no objective or two'],
    [{ trial: './trial.ts' }, "[search] got trial './trial.ts', wanted a function, or inWorkers("],
    [{ space: { ...space, epochs: choice([1]) } }, "the space has 'epochs', and the strategy has 1 epochs"],
    [
      { space: { epochs: choice([1, 1.5]) }, strategy: gridSearch() },
      "[search] got 1.5 as 'epochs' of the space, wanted whole numbers from 1 up",
    ],
  ];
  it.each(wrong)('%o', async (change, message) => {
    await expect(search({ ...options, trial, ...change })).rejects.toThrow(message);
    expect(trial).not.toHaveBeenCalled();
  });
});

it('a trial may change its parameters: the search has its own', async () => {
  const results = await search({
    space: { width: choice([8, 16]), inner: choice([{ k: 1 }]) },
    strategy: gridSearch(),
    objective: { maximize: 'k' },
    trial: (parameters) => {
      const given = parameters as { width: number; inner: { k: number } };
      given.width *= 2;
      return { k: given.inner.k++ };
    },
    progress: false,
  });
  expect(results.runs.map(({ parameters }) => parameters.width)).toEqual([8, 16]);
  expect(results.runs.map(({ metrics }) => metrics.k)).toEqual([1, 1]);
});
