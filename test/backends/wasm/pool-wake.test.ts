import { afterEach, expect, test, vi } from 'vitest';
import { counters, FRAME, frame, SLEEP_MS } from '../../../src/backends/wasm/module/frame-layout.ts';
import { makeProgram, PATIENT, setUp, stopPools, type TestTask } from './programs.ts';

// Threads that nobody wakes sleep for an hour.
vi.mock('../../../src/backends/wasm/module/frame-layout.ts', async (original) => ({
  ...(await original<object>()),
  SLEEP_MS: 3_600_000,
}));

afterEach(stopPools);

test('a thread that sleeps is woken when its wait is over', () => {
  expect(SLEEP_MS).toBe(PATIENT);
  const { memory, pool } = setUp();
  const sleepers = frame.words + counters.sleepers;
  // The chunk of one thread ends when the other one sleeps.
  const wait = (chunk: number): TestTask => ({
    chunks: 2,
    body: (code, n) =>
      code.if(code.op('i32.eq', n, chunk), () => {
        code.loop(() => code.op('i32.eqz', code.load('i32.atomic.load', [code.global(FRAME)], sleepers)));
      }),
  });
  const { program, run } = makeProgram(memory, pool, [wait(0), wait(1), wait(1), wait(0), wait(1)]);
  expect(program.schedule.counters).toBe(frame.words);
  pool.force(2);
  for (let i = 0; i < 3; i++) run();
  expect(pool.work).toEqual([5, 5]);
});
