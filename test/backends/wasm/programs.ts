import type { Callable, Code, Local } from '../../../src/backends/wasm/assembler/code.ts';
import { WasmMemory } from '../../../src/backends/wasm/memory/wasm-memory.ts';
import { counters, FRAME, frame } from '../../../src/backends/wasm/module/frame-layout.ts';
import { PlanCode } from '../../../src/backends/wasm/module/plan-code.ts';
import { emitSchedule, type ScheduledTask } from '../../../src/backends/wasm/module/schedule.ts';
import { currentPlatform, type Platform } from '../../../src/backends/wasm/threads/platform.ts';
import { Pool } from '../../../src/backends/wasm/threads/pool.ts';
import { loadProgram, type Program } from '../../../src/backends/wasm/threads/program.ts';
import type { StartWorker } from '../../../src/util/worker.ts';

/** An hour, in milliseconds: threads are waited for on the busiest machine. */
export const PATIENT = 3_600_000;

export const platform = currentPlatform();
const pools: Pool[] = [];

/** Stops the workers of all pools that `setUp` made. */
export function stopPools(): void {
  for (const pool of pools.splice(0)) pool.stop();
}

export type Changes = Partial<Platform> & { readonly startWorker?: StartWorker };

/** A memory and a patient pool on this platform, with changed properties. */
export function setUp({ startWorker, ...changes }: Changes = {}) {
  const memory = new WasmMemory({ shared: true });
  const options = startWorker === undefined ? {} : { startWorker };
  const pool = new Pool(memory, { ...platform, ...changes }, options);
  pool.stallTimeout = PATIENT;
  pool.startTimeout = PATIENT;
  pools.push(pool);
  return { memory, pool };
}

/** A task of a test; `body` emits the code of one chunk. `after` is all tasks before it by default. */
export interface TestTask {
  readonly chunks: number;
  readonly after?: number;
  readonly cost?: number;
  readonly body: (code: Code, chunk: Local, scratch: Local) => void;
}

export interface TestProgram {
  readonly program: Program;
  run(): void;
}

/** Makes a program of tasks whose stated cost is high enough for several threads. */
export function makeProgram(
  memory: WasmMemory,
  pool: Pool,
  tasks: readonly TestTask[],
  { scratchBytes = 64 } = {},
): TestProgram {
  const plan = new PlanCode(
    { buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: 0 },
    memory.shared,
  );
  plan.scratch(scratchBytes);
  const scheduled = tasks.map(
    ({ chunks, after, cost = 1e6, body }, i): ScheduledTask => ({
      chunks,
      after: after ?? i,
      cost,
      run: chunkFunction(plan, body),
    }),
  );
  const schedule = emitSchedule(plan, scheduled, memory.shared);
  const bytes = plan.module.encode();
  const frame = memory.allocate(schedule.frameBytes);
  const bytesAt = memory.allocate(bytes.length);
  memory.bytes.set(bytes, bytesAt);
  memory.bytes.fill(0, frame, frame + schedule.frameBytes);
  const scratch = memory.allocate(schedule.scratchBytes * 16);
  const program = loadProgram(memory, { bytes, bytesAt, frame, schedule });
  return { program, run: () => pool.run(program, scratch) };
}

function chunkFunction(plan: PlanCode, body: TestTask['body']): Callable {
  return plan.module.function(['i32', 'i32'], [], (code, chunk, scratch) => body(code, chunk!, scratch!));
}

/** The address of word number `index` of a block. */
export const wordAt = (code: Code, block: number, index: Local | number): Local =>
  code.op('i32.add', code.op('i32.shl', index, 2), block);

/** Emits a delay loop. */
export function delay(code: Code, rounds: Local | number): void {
  const x = code.copy(1);
  code.for(0, rounds, 1, (i) => code.update(x, 'i32.xor', x, code.op('i32.mul', i, x)));
  // Compilers can't remove the loop, because a trap depends on its result.
  code.if(code.op('i32.eq', x, 0x12345), () => code.unreachable());
}

/** `rows` tasks: each chunk adds its own number and 3 times the results of all chunks of the previous task. */
export function chain(
  memory: WasmMemory,
  rows: number,
  chunks: number,
  work = 0,
): [tasks: TestTask[], check: () => void] {
  const block = memory.allocate(4 * rows * chunks);
  const tasks = Array.from(
    { length: rows },
    (_, row): TestTask => ({
      chunks,
      body(code, chunk) {
        const sum = code.copy(chunk);
        if (work > 0) delay(code, code.op('i32.and', code.op('i32.mul', chunk, 7919 * (row + 1)), work));
        if (row > 0) {
          code.for(0, chunks, 1, (i) => {
            const value = code.load('i32.load', [wordAt(code, block + 4 * chunks * (row - 1), i)]);
            code.update(sum, 'i32.add', sum, code.op('i32.mul', value, 3));
          });
        }
        code.store('i32.store', wordAt(code, block + 4 * chunks * row, chunk), sum);
      },
    }),
  );
  const wanted = new Int32Array(rows * chunks);
  for (let row = 0; row < rows; row++) {
    let before = 0;
    for (let i = 0; row > 0 && i < chunks; i++) before += Math.imul(wanted[(row - 1) * chunks + i]!, 3);
    for (let i = 0; i < chunks; i++) wanted[row * chunks + i] = before + i;
  }
  const check = () => {
    const got = memory.view('int32', block, rows * chunks);
    const wrong = got.findIndex((value, i) => value !== wanted[i]);
    if (wrong >= 0) throw new Error(`number ${wrong} is ${got[wrong]}, not ${wanted[wrong]}`);
    got.fill(0);
  };
  return [tasks, check];
}

export const load = (code: Code, address: number) => code.load('i32.atomic.load', [address]);
export const store = (code: Code, address: number, value: Local | number) =>
  code.store('i32.atomic.store', address, value);

/** Emits a loop that wakes the calling thread `times` times. Each time it sleeps again, since no task is complete. */
export function wakeCaller(code: Code, times: number): void {
  const left = code.copy(times);
  // Programs of tests have no frame words, so the counters follow at once.
  const wake = () =>
    code.load('memory.atomic.notify', [code.global(FRAME), 1], frame.words + counters.signal);
  code.loop(() => {
    code.update(left, 'i32.sub', left, wake());
    return left;
  });
}

/** Emits a loop that waits until the word at an address is not 0. */
export const awaitWord = (code: Code, address: number) =>
  code.loop(() => code.op('i32.eqz', load(code, address)));
