import { type WasmBackend, wasmBackend } from '../../src/backends/wasm/index.ts';
import { compileContract } from '../../src/backends/wasm/kernels/contract.ts';
import { compileMap } from '../../src/backends/wasm/kernels/map.ts';
import { compileReduce } from '../../src/backends/wasm/kernels/reduce.ts';
import { compileScatter } from '../../src/backends/wasm/kernels/scatter.ts';
import { compileStores } from '../../src/backends/wasm/kernels/stores.ts';
import { frame } from '../../src/backends/wasm/module/frame-layout.ts';
import { PlanCode, type Task } from '../../src/backends/wasm/module/plan-code.ts';
import type { Executable } from '../../src/ir/backend.ts';
import { buffersRead } from '../../src/ir/buffer-use.ts';
import { asReduce } from '../../src/ir/contract-axes.ts';
import { dtypes } from '../../src/ir/dtype.ts';
import type { Kernel } from '../../src/ir/kernel.ts';
import type { Plan } from '../../src/ir/plan.ts';
import { sizeOf } from '../../src/ir/view.ts';
import type { TimedTask } from './schedule-model.ts';

/** Up to so many nanoseconds only the wall time is precise enough. */
const PRECISE = 100_000;

/** A plan whose tasks were timed. */
export interface TimedPlan {
  readonly kernels: number;
  readonly tasks: readonly TimedTask[];
}

/**
 * The times of all chunks of the plans that `run` executes, on one thread. Each plan runs as always, then its chunks run one by one,
 * `repetitions` times; the fastest of each counts.
 */
export async function timeTasks(repetitions: number, run: () => Promise<void>): Promise<TimedPlan[]> {
  const backend = wasmBackend() as WasmBackend;
  const { compile } = backend;
  const { Instance } = WebAssembly;
  const timed: TimedPlan[] = [];
  let environment: Environment | null = null;
  let isTiming = true;
  // The memory and the frame of a plan, from its instantiation.
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      const { frame, memory } = imports!.env!;
      environment = { frame: frame as number, memory: memory as WebAssembly.Memory };
    }
  };
  backend.compile = (plan): Executable => {
    const executable = compile.call(backend, plan);
    const chunks = new Chunks(plan, environment!);
    return {
      run: (bindings) => {
        const failure = executable.run(bindings);
        if (isTiming) timed.push(chunks.time(repetitions));
        return failure;
      },
      release: () => executable.release(),
    };
  };
  try {
    await run();
  } finally {
    isTiming = false;
    backend.compile = compile;
    WebAssembly.Instance = Instance;
  }
  return timed;
}

interface Environment {
  readonly memory: WebAssembly.Memory;
  readonly frame: number;
}

/** The tasks of a plan as functions of their own, which read the frame of the plan itself. */
class Chunks {
  readonly #plan: Plan;
  readonly #environment: Environment;
  readonly #tasks: readonly (Task & { readonly after: number })[];
  readonly #functions: readonly ((chunk: number, scratch: number) => void)[];

  constructor(plan: Plan, environment: Environment) {
    this.#plan = plan;
    this.#environment = environment;
    const code = new PlanCode(plan, true);
    this.#tasks = tasksOf(plan, code);
    this.#tasks.forEach(({ run }, i) => {
      code.module.export(`task${i}`, run);
    });
    const module = new WebAssembly.Module(code.module.encode());
    const { exports } = new WebAssembly.Instance(module, { env: { ...environment } });
    this.#functions = this.#tasks.map(
      (_, i) => exports[`task${i}`] as (chunk: number, scratch: number) => void,
    );
  }

  time(repetitions: number): TimedPlan {
    const { memory, frame: at } = this.#environment;
    const scratch = new Int32Array(memory.buffer)[((at >>> 0) + frame.scratch) >>> 2]!;
    const times = this.#tasks.map(({ chunks }) => new Array<number>(chunks).fill(Infinity));
    for (let round = 0; round < repetitions; round++) {
      times.forEach((chunks, i) => {
        const run = this.#functions[i]!;
        for (let chunk = 0; chunk < chunks.length; chunk++) {
          const processor = process.cpuUsage();
          const start = process.hrtime.bigint();
          run(chunk, scratch);
          const wall = Number(process.hrtime.bigint() - start);
          const { user, system } = process.cpuUsage(processor);
          // Whole microseconds, but without the time in which other programs had the processor.
          const time = wall < PRECISE ? wall : Math.min(wall, 1000 * (user + system));
          chunks[chunk] = Math.min(chunks[chunk]!, time);
        }
      });
    }
    return {
      kernels: this.#plan.steps.length,
      tasks: this.#tasks.map(({ after }, i) => ({ after, chunks: times[i]! })),
    };
  }
}

/** The tasks of a plan without loops, as `compileModule` makes them, and what each waits for. */
function tasksOf(plan: Plan, code: PlanCode): (Task & { after: number })[] {
  const all: (Task & { after: number })[] = [];
  const done: { kernel: Kernel; end: number; isTemporary: boolean; number: number }[] = [];
  plan.steps.forEach((kernel, number) => {
    if (kernel.kind === 'loop') throw new Error('the tasks of loops cannot be timed');
    code.beginKernel(number);
    const own = compileKernel(kernel, code);
    const next = { kernel, number, isTemporary: code.usesTemporary, end: all.length + own.length };
    const before = done.findLast(
      (other) =>
        conflict(plan, other.kernel, kernel) ||
        (other.isTemporary && next.isTemporary && (number - other.number) % 2 === 0),
    );
    const first = all.length;
    own.forEach((task, k) => {
      all.push({ ...task, after: k === 0 ? (before?.end ?? 0) : first + k });
    });
    done.push(next);
  });
  return all;
}

function compileKernel(kernel: Kernel, plan: PlanCode): Task[] {
  const { source } = kernel;
  if (sizeOf(kernel.shape) === 0 && source.kind !== 'scatter') return [];
  const stores = compileStores(kernel, plan);
  if (source.kind === 'map') return compileMap(kernel, plan, stores);
  if (source.kind === 'reduce') return compileReduce(kernel, source, plan, stores);
  if (source.kind === 'scatter') return compileScatter(kernel, source, plan, stores);
  if (source.kind !== 'contract') throw new Error('the tasks of algorithms cannot be timed');
  const { batch, m } = source.axes;
  const isProduct = [kernel.shape.slice(batch, batch + m), kernel.shape.slice(batch + m)].every(
    (axes) => sizeOf(axes) > 1,
  );
  return isProduct
    ? compileContract(kernel, source, plan, stores)
    : compileReduce(kernel, asReduce(source, plan.plan.buffers), plan, stores);
}

/** Does a kernel write what the other one reads or writes? */
function conflict({ buffers }: Plan, before: Kernel, next: Kernel): boolean {
  const written = (kernel: Kernel) => kernel.stores.map(({ buffer }) => buffer);
  const overlap = (a: number, b: number): boolean => {
    const [first, second] = [buffers[a]!, buffers[b]!];
    if (a === b) return true;
    if (first.location.kind !== 'arena' || second.location.kind !== 'arena') return false;
    const [from, start] = [first.location.byteOffset, second.location.byteOffset];
    return (
      from < start + second.size * dtypes[second.dtype].bytes &&
      start < from + first.size * dtypes[first.dtype].bytes
    );
  };
  const meet = (some: readonly number[], others: readonly number[]): boolean =>
    some.some((a) => others.some((b) => overlap(a, b)));
  return (
    meet(written(before), [...buffersRead(next), ...written(next)]) ||
    meet(buffersRead(before), written(next))
  );
}
