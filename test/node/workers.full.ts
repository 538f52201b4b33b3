import { BroadcastChannel } from 'node:worker_threads';
import { inWorkers } from 'ndgrad/node';
import { choice, gridSearch, search } from 'ndgrad/search';
import { describe, expect, it } from 'vitest';
import { options } from '../search/support.ts';
import type { space as mishaps } from './search/mishaps.ts';

const module = (name: string) => new URL(`./search/${name}`, import.meta.url);

describe('trials in workers', () => {
  it('run on several workers, each with one thread', async () => {
    const results = await mishap(['fine'], { workers: 3 }, 9);
    const { runs } = results;
    expect(new Set(runs.map(({ metrics }) => metrics.thread)).size).toBe(3);
    expect(runs.map(({ metrics }) => metrics.threads)).toEqual(Array(9).fill(1));
  });

  it('that end in a mishap have failed, and the search goes on', async () => {
    const what = ['throw', 'fine', 'reject later', 'exit', 'heap', 'nothing'] as const;
    const results = await mishap(what, { workers: 2, maxHeapMegabytes: 40 });
    expect(results.runs.map(({ error }) => error)).toEqual([
      'out of luck',
      null,
      'nobody listens',
      'the worker ended with exit code 3 before the trial had finished',
      expect.stringContaining('memory limit'),
      '[search] the trial returned undefined, wanted numbers by name: { accuracy: 0.97 }.',
    ]);
    expect(results.best.parameters).toEqual({ what: 'fine' });
  });

  it('may post anything to their parent', async () => {
    const { runs } = await mishap(['junk', 'fine'], { workers: 1 }, 2);
    expect(runs.map(({ metrics, error }) => error ?? metrics.score)).toEqual(
      runs.map(({ parameters }) => (parameters.what === 'junk' ? 2 : 1)),
    );
  });

  it.each([
    ['hangs.mjs', { timeoutSeconds: 1 }],
    ['loops.mjs', { timeoutSeconds: 600, loadTimeoutSeconds: 1 }],
  ])('of a module that is never loaded end the search: %s', async (file, limits) => {
    const running = search({ ...options, trial: inWorkers(module(file), { workers: 2, ...limits }) });
    await expect(running).rejects.toThrow(
      `[inWorkers] ${module(file).href} can't be loaded: it took longer than 1 s.`,
    );
  });

  it('have a time limit', async () => {
    const { runs } = await mishap(['loop', 'say and wait'], {
      workers: 2,
      timeoutSeconds: 0.5,
      loadTimeoutSeconds: 600,
    });
    expect(runs.map(({ error }) => error)).toEqual(Array(2).fill('the trial took longer than 0.5 s'));
  });

  it('are stopped when the search is', async () => {
    const controller = new AbortController();
    const trials = new BroadcastChannel('trials');
    const begun = new Set<unknown>();
    trials.onmessage = (event: unknown) => {
      begun.add((event as { data: unknown }).data);
      if (begun.size === 2) controller.abort(new Error('enough'));
    };
    const running = mishap(['say and loop', 'say and wait', 'fine'], { workers: 2 }, 1, controller.signal);
    await expect(running).rejects.toThrow('enough');
    trials.close();
  });

  it.each([
    ['no-function.mjs', 'its default export is number, wanted the trial function'],
    ['broken.mjs', 'no data here'],
    ['leaves.mjs', 'the worker ended with exit code 4'],
    ['missing.mjs', 'Cannot find module'],
  ])('of a module that can not be used end the search: %s', async (file, message) => {
    const running = search({ ...options, trial: inWorkers(module(file), { workers: 1 }) });
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toThrow(`[inWorkers] ${module(file).href} can't be loaded: `);
  });

  type What = typeof mishaps extends { what: { at(u: number): infer T } } ? T : never;

  function mishap(
    what: readonly What[],
    workers: Parameters<typeof inWorkers>[1],
    times = 1,
    signal = new AbortController().signal,
  ) {
    const turns = Array.from({ length: what.length * times }, (_, i) => i);
    return search({
      space: times > 1 ? { what: choice(what), turn: choice(turns) } : { what: choice(what) },
      strategy: gridSearch(),
      objective: { maximize: 'score' },
      trial: inWorkers(module('mishaps.ts'), workers),
      signal,
      progress: false,
    });
  }
});
