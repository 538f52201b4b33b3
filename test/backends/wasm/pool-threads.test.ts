import { afterEach, expect, test } from 'vitest';
import type { WorkerData } from '../../../src/backends/wasm/threads/worker.ts';
import { ValueError } from '../../../src/ir/errors.ts';
import { type StartWorker, startWorker as startHere } from '../../../src/util/worker.ts';
import { chain, makeProgram, setUp, stopPools } from './programs.ts';

afterEach(stopPools);

test('as many as there are cores, or as were set', () => {
  const { pool } = setUp({ cores: 6 });
  expect([pool.threads, pool.reason]).toEqual([6, null]);
  pool.setThreads(4);
  expect([pool.threads, pool.reason]).toEqual([4, 'setThreads(4)']);
  pool.setThreads(12);
  expect([pool.threads, pool.reason]).toEqual([12, 'setThreads(12)']);
  pool.setThreads(null);
  expect([pool.threads, pool.reason]).toEqual([6, null]);
  for (const wrong of [0, -1, 1.5, 256, Number.NaN, '2' as never]) {
    expect(() => pool.setThreads(wrong)).toThrow(ValueError);
  }
  expect(() => pool.setThreads(0)).toThrow('[setThreads] got 0, wanted a whole number from 1 to 255.');
  const single = setUp({ cores: 1 }).pool;
  expect([single.threads, single.reason]).toEqual([1, 'one core']);
});

test('an obstacle of the platform is named', () => {
  const { pool } = setUp({ cores: 6, obstacle: 'SharedArrayBuffer is missing' });
  pool.setThreads(4);
  expect([pool.threads, pool.reason]).toEqual([1, 'SharedArrayBuffer is missing']);
});

test('workers that are not wanted any more end', async () => {
  const ended: number[] = [];
  const startWorker: StartWorker = (source, options) => {
    const onEnd = (message: string | null): void => {
      ended.push((options.data as WorkerData).index);
      options.onEnd(message);
    };
    return startHere(source, { ...options, onEnd });
  };
  const { memory, pool } = setUp({ startWorker });
  const [tasks, check] = chain(memory, 4, 8);
  const { run } = makeProgram(memory, pool, tasks);
  pool.force(5);
  run();
  pool.setThreads(3);
  pool.force(null);
  await expect.poll(() => ended.toSorted()).toEqual([2, 3]);
  pool.setThreads(1);
  for (let i = 0; i < 10; i++) run();
  expect(pool.work).toEqual([]);
  await expect.poll(() => ended.toSorted()).toEqual([0, 1, 2, 3]);
  pool.force(4);
  run();
  check();
  expect(pool.work).toEqual([8, 8, 8, 8]);
  pool.stop();
  await expect.poll(() => ended.length).toBe(7);
});

test('a worker that is stopped as it starts ends, too', async () => {
  const ended: number[] = [];
  const startWorker: StartWorker = (source, options) => {
    const onEnd = (message: string | null): void => {
      ended.push((options.data as WorkerData).id);
      options.onEnd(message);
    };
    return startHere(source, { ...options, onEnd });
  };
  const { pool } = setUp({ startWorker });
  pool.setThreads(3);
  const first = pool.start();
  pool.setThreads(1);
  expect(await first).toBe(1);
  await expect.poll(() => ended.length).toBe(2);
  expect(pool.reason).toBe('setThreads(1)');
});

test.each([
  [
    'at once',
    'not here',
    () => {
      throw new Error('not here');
    },
  ],
  ['later', 'not here', (_, options) => startHere('throw new Error("not here")', options)],
  ['without a word', 'a worker ended before it began', (_, options) => startHere('process.exit()', options)],
] as [string, string, StartWorker][])('workers that are refused %s', async (_, why, startWorker) => {
  const { memory, pool } = setUp({ cores: 3, startWorker });
  const [tasks, check] = chain(memory, 4, 8);
  const { run } = makeProgram(memory, pool, tasks);
  run();
  check();
  expect(await pool.start()).toBe(1);
  expect([pool.threads, pool.reason]).toEqual([1, `workers could not be started: ${why}`]);
  run();
  check();
  pool.force(2);
  expect(run).toThrow(`[wasm] 1 workers are missing: workers could not be started: ${why}`);
});

test('where only some are refused the others work', async () => {
  let started = 0;
  const startWorker: StartWorker = (...args) => {
    if (started++ === 2) throw new Error('enough');
    return startHere(...args);
  };
  const { memory, pool } = setUp({ cores: 8, startWorker });
  expect(await pool.start()).toBe(3);
  expect([pool.threads, pool.reason]).toEqual([3, 'workers could not be started: enough']);
  const [tasks, check] = chain(memory, 4, 8);
  makeProgram(memory, pool, tasks).run();
  check();
  expect(started).toBe(3);
  pool.setThreads(4);
  expect(await pool.start()).toBe(4);
});
