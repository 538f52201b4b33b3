import { afterEach, expect, test } from 'vitest';
import type { WasmMemory } from '../../../src/backends/wasm/memory/wasm-memory.ts';
import { frame, SLEEP_MS, Status } from '../../../src/backends/wasm/module/frame-layout.ts';
import type { Pool } from '../../../src/backends/wasm/threads/pool.ts';
import { StateError } from '../../../src/ir/errors.ts';
import { type StartWorker, startWorker as startHere } from '../../../src/util/worker.ts';
import {
  awaitWord,
  type Changes,
  chain,
  makeProgram,
  PATIENT,
  setUp,
  stopPools,
  type TestTask,
  wakeCaller,
  wordAt,
} from './programs.ts';

afterEach(stopPools);

const good = (memory: WasmMemory, pool: Pool) => {
  const [tasks, check] = chain(memory, 4, 6);
  const { run } = makeProgram(memory, pool, tasks);
  return () => {
    run();
    check();
    expect(Math.min(...pool.work)).toBeGreaterThan(0);
  };
};

test.each([
  [1, 'a worker has failed: RuntimeError: unreachable'],
  [0, /^unreachable$/],
])('a trap in chunk %i of two is thrown, and the pool goes on', (chunk, message) => {
  const { memory, pool } = setUp();
  pool.force(2);
  const works = good(memory, pool);
  const body: TestTask['body'] = (code, n) => code.if(code.op('i32.eq', n, chunk), () => code.unreachable());
  const { run, program } = makeProgram(memory, pool, [
    { chunks: 2, body },
    { chunks: 2, body: () => {} },
  ]);
  for (let i = 0; i < 3; i++) {
    // No thread waits for the stall timeout, which is an hour.
    expect(run).toThrow(message);
    expect(memory.words[(program.frame + frame.status) / 4]).toBe(Status.trapped);
    works();
  }
});

test('an access out of bounds in a worker is a trap', () => {
  const { memory, pool } = setUp();
  pool.force(2);
  const { run } = makeProgram(memory, pool, [
    { chunks: 2, body: (code, n) => code.store('i32.store', code.op('i32.mul', n, -8), 1) },
  ]);
  expect(run).toThrow('a worker has failed: RuntimeError: memory access out of bounds');
});

/** Runs with a stall timeout that is over soon. */
function impatient(pool: Pool, run: () => void): void {
  pool.stallTimeout = 300;
  try {
    run();
  } finally {
    pool.stallTimeout = PATIENT;
  }
}

test.each([true, false])('a worker that never comes back is given up (may sleep: %s)', async (mayBlock) => {
  const { memory, pool } = setUp({ mayBlock });
  pool.force(2);
  await pool.start();
  const never = memory.allocate(64);
  memory.words[never / 4] = 0;
  const { run } = makeProgram(memory, pool, [
    { chunks: 2, body: (code, n) => code.if(n, () => awaitWord(code, never)) },
  ]);
  expect(() => impatient(pool, run)).toThrow(StateError);
  await pool.start();
  expect(() => impatient(pool, run)).toThrow(/a worker has not answered for 0\.3 s/);
  await pool.start();
  const works = good(memory, pool);
  for (let i = 0; i < 3; i++) works();
});

test('a worker that is slow is waited for', () => {
  const { memory, pool } = setUp();
  pool.force(2);
  const block = memory.allocate(64);
  const { program, run } = makeProgram(memory, pool, [
    {
      chunks: 2,
      cost: 1e12,
      body(code, chunk) {
        code.if(chunk, () => wakeCaller(code, 100));
        code.store('i32.store', wordAt(code, block, chunk), 1);
      },
    },
  ]);
  expect(program.schedule.counters).toBe(frame.words);
  memory.bytes.fill(0, block, block + 8);
  // Without regard to the cost of the task, the caller would wait for 2 rounds.
  pool.stallTimeout = 2 * SLEEP_MS;
  run();
  expect([...memory.view('int32', block, 2)]).toEqual([1, 1]);
});

test('a run goes on as long as anything moves', () => {
  const { memory, pool } = setUp();
  pool.force(2);
  // The worker has thirty chunks. In all of them together the caller waits for more rounds than it may without progress.
  const rounds = 4000;
  pool.stallTimeout = rounds * SLEEP_MS;
  const { program, run } = makeProgram(memory, pool, [
    {
      chunks: 60,
      cost: 1,
      body: (code, n) => code.if(code.op('i32.and', n, 1), () => wakeCaller(code, rounds / 20)),
    },
  ]);
  expect(program.schedule.counters).toBe(frame.words);
  run();
  expect(pool.work).toEqual([30, 30]);
});

/** A platform whose first workers run other code in place of a plan; it gets the plan's memory and frame. */
function spoilt(count: number, run: string): { changes: Changes; terminate: (() => void)[] } {
  const terminate: (() => void)[] = [];
  const spoil = `const { Instance } = WebAssembly;
    WebAssembly.Instance = function (module, { env: { memory, frame } }) {
      return { exports: { run() { ${run} } } };
    };`;
  const startWorker: StartWorker = (source, options) => {
    const text = terminate.length < count ? spoil + source : source;
    const worker = startHere(text, options);
    terminate.push(() => worker.terminate());
    return worker;
  };
  return { changes: { startWorker }, terminate };
}

test('a worker that dies inside a run, with a chunk, ends the run', async () => {
  const { changes, terminate } = spoilt(1, 'process.exit();');
  const { memory, pool } = setUp(changes);
  pool.force(2);
  const works = good(memory, pool);
  expect(() => impatient(pool, works)).toThrow(StateError);
  for (let i = 0; i < 3; i++) works();
  expect(terminate.length).toBe(2);
});

test('a worker that dies inside a run, without a chunk, spoils nothing', async () => {
  const { changes, terminate } = spoilt(1, 'process.exit();');
  const { memory, pool } = setUp(changes);
  pool.setThreads(2);
  await pool.start();
  const [tasks, check] = chain(memory, 4, 50, 0xfffff);
  const { run } = makeProgram(memory, pool, tasks);
  pool.stallTimeout = 300;
  // The first worker dies as soon as it takes part in a run; the next run starts another.
  do {
    run();
    check();
    if (terminate.length === 1) expect(pool.work).toEqual([200, 0]);
  } while (terminate.length === 1);
  pool.stallTimeout = PATIENT;
  run();
  check();
  expect(terminate.length).toBe(2);
});

test('a worker that was killed between runs is not missed, and replaced', async () => {
  const { changes, terminate } = spoilt(0, '');
  const { memory, pool } = setUp(changes);
  pool.setThreads(3);
  expect(await pool.start()).toBe(3);
  const [tasks, check] = chain(memory, 4, 50, 0xffff);
  const { run } = makeProgram(memory, pool, tasks);
  run();
  terminate[1]!();
  for (let i = 0; i < 20; i++) {
    run();
    check();
  }
  // The exit event needs the event loop.
  await expect
    .poll(() => {
      run();
      return terminate.length;
    })
    .toBe(3);
  await pool.start();
  pool.force(3);
  run();
  check();
  expect(Math.min(...pool.work)).toBeGreaterThan(0);
});

test('a killed worker that a forced run waits for ends the run', () => {
  const { changes, terminate } = spoilt(0, '');
  const { memory, pool } = setUp(changes);
  pool.force(3);
  const works = good(memory, pool);
  works();
  terminate[0]!();
  expect(() => impatient(pool, works)).toThrow(StateError);
  works();
  expect(terminate.length).toBe(4);
});
