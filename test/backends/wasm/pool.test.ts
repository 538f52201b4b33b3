import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Code, Local } from '../../../src/backends/wasm/assembler/code.ts';
import { WasmMemory } from '../../../src/backends/wasm/memory/wasm-memory.ts';
import { Pool } from '../../../src/backends/wasm/threads/pool.ts';
import { WORKER_PLANS } from '../../../src/backends/wasm/threads/worker.ts';
import { StateError } from '../../../src/ir/errors.ts';
import { type StartWorker, startWorker as startHere } from '../../../src/util/worker.ts';
import {
  chain,
  delay,
  load,
  makeProgram,
  platform,
  setUp,
  stopPools,
  store,
  type TestTask,
  wordAt,
} from './programs.ts';

afterEach(stopPools);

test.each([1, 2, 3, 5])('%i threads each do their part, a task after the other', (threads) => {
  const { memory, pool } = setUp();
  const [tasks, check] = chain(memory, 20, 7);
  const { run } = makeProgram(memory, pool, tasks);
  pool.force(threads);
  expect(pool.threads).toBe(threads);
  for (let i = 0; i < 50; i++) {
    run();
    check();
    const shares = Array.from({ length: threads }, (_, t) => 20 * Math.ceil((7 - t) / threads));
    expect(pool.work).toEqual(threads === 1 ? [] : shares);
  }
});

test('a plan of many thousand tasks', () => {
  const { memory, pool } = setUp();
  const [tasks, check] = chain(memory, 12_000, 2);
  const { program, run } = makeProgram(memory, pool, tasks);
  program.exports.alone();
  check();
  pool.force(2);
  run();
  check();
  expect(pool.work).toEqual([12_000, 12_000]);
});

test('threads take chunks as they come', async () => {
  const { memory, pool } = setUp();
  const [tasks, check] = chain(memory, 10, 16, 0xfff);
  const { run } = makeProgram(memory, pool, tasks);
  pool.setThreads(3);
  expect(await pool.start()).toBe(3);
  const sums = [0, 0, 0];
  for (let i = 0; i < 300 || Math.min(...sums) === 0; i++) {
    run();
    check();
    const { work } = pool;
    expect(work.reduce((a, b) => a + b)).toBe(160);
    work.forEach((count, thread) => {
      sums[thread]! += count;
    });
  }
});

test('a thread that may not sleep takes part too', async () => {
  const { memory, pool } = setUp({ mayBlock: false });
  const [tasks, check] = chain(memory, 10, 5, 0xffff);
  const { run } = makeProgram(memory, pool, tasks);
  pool.force(3);
  expect(run).toThrow('await pool.start()');
  await pool.start();
  for (let i = 0; i < 20; i++) {
    run();
    check();
    expect(pool.work).toEqual([20, 20, 10]);
  }
});

test('every chunk runs once, and after all that it waits for', () => {
  const { memory, pool } = setUp();
  const clock = memory.allocate(64);
  const log = memory.allocate(4096);
  const tick = (code: Code, entry: Local, offset: number) => {
    const now = code.load('i32.atomic.rmw.add', [clock, 1]);
    code.store('i32.store', entry, code.op('i32.add', now, 1), offset);
    code.load('i32.atomic.rmw.add', [entry, 1], offset + 8);
  };
  const task = fc.record({ chunks: fc.integer({ min: 1, max: 9 }), slack: fc.nat(3), work: fc.nat(3000) });
  const plan = fc.array(task, { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(plan, fc.constantFrom(1, 2, 3, 4), fc.boolean(), (given, threads, even) => {
      const starts: number[] = [];
      let end = 0;
      for (const { chunks } of given) {
        starts.push(end);
        end += chunks;
      }
      const afters = given.map(({ slack }, i) => Math.max(0, i - slack));
      const tasks = given.map(
        ({ chunks, work }, i): TestTask => ({
          chunks,
          after: afters[i]!,
          body(code, chunk) {
            const index = code.op('i32.add', chunk, starts[i]!);
            const entry = code.op('i32.add', code.op('i32.shl', index, 4), log);
            tick(code, entry, 0);
            delay(code, code.op('i32.mul', chunk, work));
            tick(code, entry, 4);
          },
        }),
      );
      memory.words[clock / 4] = 0;
      memory.bytes.fill(0, log, log + 4096);
      const { run } = makeProgram(memory, pool, tasks);
      pool.force(even ? threads : null);
      pool.setThreads(threads);
      run();
      const entry = (i: number) =>
        [...memory.view('int32', log + 16 * i, 4)] as [number, number, number, number];
      const all = Array.from({ length: end }, (_, i) => entry(i));
      expect(all.every(([, , begun, ended]) => begun === 1 && ended === 1)).toBe(true);
      given.forEach(({ chunks }, i) => {
        const after = afters[i]!;
        const before = all.slice(0, after < given.length ? starts[after]! : end).map(([, done]) => done);
        const own = all.slice(starts[i]!, starts[i]! + chunks).map(([begun]) => begun);
        expect(Math.min(...own)).toBeGreaterThan(Math.max(0, ...before));
      });
    }),
    { numRuns: 60 },
  );
});

test('a task that waits for nothing may run beside the one before it', () => {
  const { memory, pool } = setUp();
  const flag = memory.allocate(64);
  const seen = memory.allocate(64);
  const tasks = (after: number): TestTask[] => [
    {
      chunks: 2,
      body(code, chunk) {
        // The worker's chunk ends when the calling thread has reached the next task or the end.
        const budget = code.copy(after === 0 ? -1 : 1_000_000);
        code.if(chunk, () => {
          code.loop(() => {
            code.update(budget, 'i32.sub', budget, 1);
            return code.op('i32.and', code.op('i32.eqz', load(code, flag)), code.op('i32.ne', budget, 0));
          });
          store(code, seen, 1);
        });
      },
    },
    {
      chunks: 1,
      after,
      body(code) {
        store(code, seen + 4, load(code, seen));
        store(code, flag, 1);
      },
    },
  ];
  pool.force(2);
  for (const after of [0, 1]) {
    memory.bytes.fill(0, seen, seen + 8);
    memory.words[flag / 4] = 0;
    makeProgram(memory, pool, tasks(after)).run();
    expect([...memory.view('int32', seen, 2)]).toEqual([1, after]);
  }
});

test('each thread has scratch memory of its own', () => {
  const { memory, pool } = setUp();
  const block = memory.allocate(64);
  const body: TestTask['body'] = (code, chunk, scratch) =>
    code.store('i32.store', wordAt(code, block, chunk), scratch);
  const { run, program } = makeProgram(memory, pool, [{ chunks: 4, body }], { scratchBytes: 1000 });
  expect(program.schedule.scratchBytes).toBe(1024);
  pool.force(4);
  run();
  const [first, ...rest] = memory.view('int32', block, 4);
  expect(rest.map((address) => address - first!)).toEqual([1024, 2048, 3072]);
  pool.force(1);
  run();
  expect([...memory.view('int32', block, 4)]).toEqual([first, first, first, first]);
});

test('memory may grow between runs', () => {
  const { memory, pool } = setUp();
  pool.force(3);
  for (const bytes of [1 << 20, 50 << 20, 0x80000000]) {
    memory.allocate(bytes);
    const [tasks, check] = chain(memory, 5, 6);
    const { run } = makeProgram(memory, pool, tasks);
    run();
    check();
    expect(pool.work).toEqual([10, 10, 10]);
  }
  expect(memory.used).toBeGreaterThan(0x80000000);
});

test('workers forget plans that were not used for long', () => {
  const { memory, pool } = setUp();
  const block = memory.allocate(64);
  const body = (n: number): TestTask['body'] => {
    return (code, chunk) => code.store('i32.store', wordAt(code, block, chunk), n);
  };
  pool.force(2);
  const programs = Array.from({ length: WORKER_PLANS + 5 }, (_, n) =>
    makeProgram(memory, pool, [{ chunks: 2, body: body(n) }]),
  );
  for (let i = 0; i < programs.length + 10; i++) {
    programs[i % programs.length]!.run();
    expect([...memory.view('int32', block, 2)]).toEqual(Array(2).fill(i % programs.length));
  }
});

test('what is not worth it stays on one thread, and starts none', () => {
  let started = 0;
  const startWorker: StartWorker = (...args) => {
    started++;
    return startHere(...args);
  };
  const { memory, pool } = setUp({ startWorker, cores: 4 });
  const [tasks, check] = chain(memory, 2, 4);
  const costs = [1000, 1e6] as const;
  const [small, large] = costs.map((cost) =>
    makeProgram(
      memory,
      pool,
      tasks.map((task) => ({ ...task, cost })),
    ),
  );
  const serial = makeProgram(memory, pool, [{ ...tasks[0]!, chunks: 1, cost: 1e9 }]);
  small!.run();
  serial.run();
  expect(started).toBe(0);
  large!.run();
  check();
  expect(started).toBe(3);
});

test('without shared memory all runs on one thread', () => {
  const memory = new WasmMemory({ shared: false });
  const pool = new Pool(memory, { ...platform, cores: 4 });
  const [tasks, check] = chain(memory, 3, 3);
  const { run, program } = makeProgram(memory, pool, tasks);
  run();
  check();
  expect(pool.threads).toBe(1);
  expect(program.exports.run).toBe(undefined);
  expect(() => pool.force(2)).toThrow(StateError);
});
