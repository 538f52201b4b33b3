import { afterEach, describe, expect, it } from 'vitest';
import { openAugmentation } from '../../src/data/augmentation/augment.ts';
import type { AugmentOptions } from '../../src/data/augmentation/options.ts';
import type { Timeouts } from '../../src/data/augmentation/worker-pool.ts';
import { currentHost, defaultTimeouts, type WorkerHost } from '../../src/data/augmentation/worker-pool.ts';
import { StateError } from '../../src/ir/errors.ts';
import type { WorkerHandle } from '../../src/util/worker.ts';
import { bytes, digits, gather, hashOf, strong } from './augmentation.ts';

/** One worker, as the host saw it. */
interface Seen {
  posts: number;
  ended: boolean;
  port: WorkerHandle;
}

const running = new Set<WorkerHandle>();
afterEach(() => {
  for (const port of running) port.terminate();
  running.clear();
});

/** The usual host, watched, with another text for its workers to run. */
function host(
  change: (source: string) => string = (source) => source,
  processors = 2,
): WorkerHost & { seen: Seen[] } {
  const usual = currentHost();
  const seen: Seen[] = [];
  return {
    processors,
    seen,
    start(source, options) {
      const onEnd = (message: string | null): void => {
        one.ended = true;
        options.onEnd(message);
      };
      const port = usual.start(change(source), { ...options, onEnd });
      running.add(port);
      const one: Seen = { posts: 0, ended: false, port };
      seen.push(one);
      return {
        post(message, transfer) {
          one.posts++;
          port.post(message, transfer);
        },
        terminate: () => port.terminate(),
      };
    },
  };
}

/** Worker text that does something with its nth chunk. */
const atCall = (n: number, deed: string) => (source: string) =>
  source.replace('const pixels =', `if (id === ${n}) { ${deed} }\n    const pixels =`);

const options = { ...strong, seed: 5, batchSize: 4, ahead: 3 } as const;

/** Chunks hold a quarter of a million numbers at least, so batches must be large to have several chunks. */
const samples = digits(10_000);
const large = { seed: 5, shift: 0.1, rotation: 10, batchSize: 1500 } as const;

/** Waits for an hour, on the busiest machine; tests change a copy. */
const patient = { ...defaultTimeouts, answer: 3_600_000 };

const open = (watched: WorkerHost, more: AugmentOptions = {}, timeouts: Timeouts = patient) =>
  openAugmentation(samples, { ...large, ...more }, watched, timeouts);

const wanted = hashOf((await gather(open(host(), { workers: 0 })(0))).pixels);

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('workers', () => {
  it.each([1, 2, 3])(
    '%i of them give the bits of the calling thread, and each does work',
    async (workers) => {
      for (const set of [digits(100), bytes(100)]) {
        const alone = await gather(openAugmentation(set, { ...options, workers: 0 }, host())(1));
        const { pixels, y } = await gather(openAugmentation(set, { ...options, workers }, host())(1));
        expect(y).toEqual(alone.y);
        expect(pixels).toEqual(alone.pixels);
      }
      const watched = host();
      const source = open(watched, { workers });
      expect(hashOf((await gather(source(0))).pixels)).toBe(wanted);
      expect(source.workerError).toBeNull();
      expect(watched.seen.length).toBe(workers);
      // The probe and more.
      for (const { posts } of watched.seen) expect(posts).toBeGreaterThan(1);
      expect(watched.seen.reduce((sum, { posts }) => sum + posts, 0)).toBe(
        workers + Math.ceil(10_000 / 1500),
      );
    },
  );

  it.each([
    [1, 0],
    [2, 1],
    [16, 1],
  ])('on %i processors there are %i', async (cores, workers) => {
    const watched = host(undefined, cores);
    expect(hashOf((await gather(open(watched)(0))).pixels)).toBe(wanted);
    expect(watched.seen.length).toBe(workers);
  });

  it('work ahead, and no further', async () => {
    for (const ahead of [1, 3]) {
      const watched = host();
      const batches = open(watched, { ahead, workers: 1 })(0);
      expect(watched.seen.length).toBe(0);
      await batches.next();
      // The probe, the first batch, and those ahead.
      expect(watched.seen[0]!.posts).toBe(2 + ahead);
      await batches.next();
      expect(watched.seen[0]!.posts).toBe(3 + ahead);
      await batches.return?.();
    }
  });

  it('get several small batches at once', async () => {
    const watched = host();
    const small = openAugmentation(digits(1000), { ...options, batchSize: 10 }, watched);
    const { sizes } = await gather(small(0));
    expect(sizes).toEqual(Array.from({ length: 100 }, () => 10));
    expect(watched.seen[0]!.posts).toBe(2);
  });

  it('serve the next epoch, and end when none comes', async () => {
    const watched = host();
    const timeouts = { ...patient, idle: 3_600_000 };
    const source = open(watched, {}, timeouts);
    for (const epoch of [0, 1]) await gather(source(epoch));
    timeouts.idle = 1;
    await gather(source(2));
    expect(watched.seen.length).toBe(1);
    await until(() => watched.seen[0]!.ended);
    expect(hashOf((await gather(source(0))).pixels)).toBe(wanted);
    expect(watched.seen.length).toBe(2);
    await until(() => watched.seen[1]!.ended);
  });

  it('end at once when the iteration is left', async () => {
    const watched = host();
    const source = open(watched, { workers: 2 });
    for await (const _ of source(0)) break;
    await until(() => watched.seen.every(({ ended }) => ended));
    expect(watched.seen.length).toBe(2);
    await expect(
      (async () => {
        for await (const _ of source(0)) throw new Error('mine');
      })(),
    ).rejects.toThrow('mine');
    await until(() => watched.seen.every(({ ended }) => ended));
    expect(watched.seen.length).toBe(4);
  });

  it('are not started for an iteration that never begins', async () => {
    const watched = host();
    const batches = open(watched)(0);
    expect(await batches.return?.()).toEqual({ done: true, value: undefined });
    expect(watched.seen).toEqual([]);
  });

  it('are not shared by iterations side by side', async () => {
    const watched = host();
    const source = open(watched);
    const both = await Promise.all([gather(source(0)), gather(source(0))]);
    for (const { pixels } of both) expect(hashOf(pixels)).toBe(wanted);
    expect(watched.seen.length).toBe(2);
  });
});

describe('the calling thread takes over', () => {
  const refusing: WorkerHost = {
    processors: 2,
    start() {
      throw new Error('forbidden');
    },
  };
  it.each<[string, WorkerHost, RegExp, Timeouts?]>([
    ['workers are forbidden', refusing, /^forbidden$/],
    ['their text is broken', host(() => '}'), /Unexpected token/],
    ['they throw at once', host(() => 'throw new Error("boom")'), /^boom$/],
    ['they end at once', host(() => 'process.exit()'), /^it was stopped$/],
    [
      'a tool has changed the functions',
      host((text) => text.replace('padded[p]', 'helper(p)')),
      /helper is not/,
    ],
    ['results differ', host((text) => text.replace('width + 1;', 'width + 0.5;')), /^its results differ/],
    [
      'they never answer',
      host(() => 'setInterval(() => {}, 1000)'),
      /^it has not answered for 0.1 s$/,
      { ...patient, answer: 100, perValue: 0 },
    ],
  ])('where %s', async (_, broken, message, timeouts) => {
    const source = open(broken, { workers: 2 }, timeouts);
    expect(hashOf((await gather(source(0))).pixels)).toBe(wanted);
    expect(source.workerError).toMatch(message);
    // Nobody tries again.
    const started = 'seen' in broken ? (broken.seen as Seen[]).length : 0;
    expect(hashOf((await gather(source(0))).pixels)).toBe(wanted);
    if ('seen' in broken) expect((broken.seen as Seen[]).length).toBe(started);
  });
});

describe('a worker that fails later', () => {
  it.each<[string, string, string, number?]>([
    ['throws', 'throw new RangeError("mine")', 'RangeError: mine'],
    ['ends', 'process.exit()', 'it was stopped'],
    ['dies', 'setTimeout(() => { throw new Error("late") }); return', 'late'],
    ['hangs', 'for (;;) {}', 'it has not answered for 1.0 s', 1000],
  ])('and %s rejects the next batch', async (_, deed, message, answer = patient.answer) => {
    const watched = host(atCall(2, deed));
    const timeouts = { ...patient, perValue: 0 };
    const source = open(watched, { workers: 1 }, timeouts);
    const batches = source(0);
    expect((await batches.next()).done).toBe(false);
    timeouts.answer = answer;
    const second = batches.next();
    await expect(second).rejects.toThrow(StateError);
    await expect(second).rejects.toThrow(
      `[augmentImages] a worker has failed: ${message}. Pass workers: 0 to use none; the pixels are the same.`,
    );
    expect(await batches.next()).toEqual({ done: true, value: undefined });
    await until(() => watched.seen[0]!.ended);
    expect(source.workerError).toBeNull();
  });

  it('between two epochs is replaced', async () => {
    const watched = host();
    const source = open(watched);
    await gather(source(0));
    watched.seen[0]!.port.terminate();
    await until(() => watched.seen[0]!.ended);
    expect(hashOf((await gather(source(0))).pixels)).toBe(wanted);
    expect(watched.seen.length).toBe(2);
  });
});
