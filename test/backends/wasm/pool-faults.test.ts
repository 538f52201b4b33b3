import { afterEach, expect, test } from 'vitest';
import type { WasmMemory } from '../../../src/backends/wasm/memory/wasm-memory.ts';
import { frame, Status } from '../../../src/backends/wasm/module/frame-layout.ts';
import type { Pool } from '../../../src/backends/wasm/threads/pool.ts';
import { StateError } from '../../../src/ir/errors.ts';
import { type StartWorker, startWorker as startHere } from '../../../src/util/worker.ts';
import {
  awaitWord,
  type Changes,
  chain,
  delay,
  makeProgram,
  setUp,
  stopPools,
  type TestTask,
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
    const start = performance.now();
    expect(run).toThrow(message);
    // No thread waits for the stall timeout.
    expect(performance.now() - start).toBeLessThan(2500);
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

test.each([true, false])('a worker that never comes back is given up (may sleep: %s)', async (mayBlock) => {
  const { memory, pool } = setUp({ mayBlock }, 300);
  pool.force(2);
  await pool.start();
  const never = memory.allocate(64);
  memory.words[never / 4] = 0;
  const { run } = makeProgram(memory, pool, [
    { chunks: 2, body: (code, n) => code.if(n, () => awaitWord(code, never)) },
  ]);
  expect(run).toThrow(StateError);
  await pool.start();
  expect(run).toThrow(/a worker has not answered for 0\.3 s/);
  await pool.start();
  const works = good(memory, pool);
  for (let i = 0; i < 3; i++) works();
});

test('a worker that is slow is waited for', () => {
  const { memory, pool } = setUp({}, 100);
  pool.force(2);
  const block = memory.allocate(64);
  const slow = makeProgram(memory, pool, [
    {
      chunks: 2,
      cost: 1e9,
      body(code, chunk) {
        code.if(chunk, () => code.for(0, 300, 1, () => delay(code, 1_000_000)));
        code.store('i32.store', wordAt(code, block, chunk), 1);
      },
    },
  ]);
  memory.bytes.fill(0, block, block + 8);
  const start = performance.now();
  slow.run();
  expect(performance.now() - start).toBeGreaterThan(200);
  expect([...memory.view('int32', block, 2)]).toEqual([1, 1]);
});

test('a run goes on as long as anything moves', () => {
  const { memory, pool } = setUp({}, 250);
  pool.force(2);
  // The worker has thirty chunks that together take longer than the stall timeout.
  const slow = makeProgram(memory, pool, [
    {
      chunks: 60,
      cost: 1,
      body: (code, n) => code.if(code.op('i32.and', n, 1), () => delay(code, 18_000_000)),
    },
  ]);
  const start = performance.now();
  slow.run();
  expect(performance.now() - start).toBeGreaterThan(350);
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
  const { memory, pool } = setUp(changes, 300);
  pool.force(2);
  const works = good(memory, pool);
  expect(works).toThrow(StateError);
  for (let i = 0; i < 3; i++) works();
  expect(terminate.length).toBe(2);
});

test('a worker that dies inside a run, without a chunk, spoils nothing', async () => {
  const { changes, terminate } = spoilt(1, 'process.exit();');
  const { memory, pool } = setUp(changes, 300);
  pool.setThreads(2);
  await pool.start();
  const [tasks, check] = chain(memory, 4, 50, 0xfffff);
  const { run } = makeProgram(memory, pool, tasks);
  run();
  check();
  expect(pool.work).toEqual([200, 0]);
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
  const { memory, pool } = setUp(changes, 300);
  pool.force(3);
  const works = good(memory, pool);
  works();
  terminate[0]!();
  expect(works).toThrow(StateError);
  works();
  expect(terminate.length).toBe(4);
});
