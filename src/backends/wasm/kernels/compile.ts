import { buffersRead } from '../../../ir/buffer-use.ts';
import { asReduce } from '../../../ir/contract-axes.ts';
import { dtypes } from '../../../ir/dtype.ts';
import type { AlgorithmSource, Contract, Kernel } from '../../../ir/kernel.ts';
import type { Plan, PlanBuffer, PlanStep } from '../../../ir/plan.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Callable } from '../assembler/code.ts';
import { PlanCode, type Task } from '../module/plan-code.ts';
import { emitSchedule, type Schedule, type ScheduledStep } from '../module/schedule.ts';
import { compileContract } from './contract.ts';
import { support } from './loop-support.ts';
import { compileMap } from './map.ts';
import { compileReduce } from './reduce.ts';
import { compileScatter } from './scatter.ts';
import { compileStores } from './stores.ts';

/** The WebAssembly module of a plan. */
export interface CompiledModule {
  readonly code: PlanCode;
  readonly schedule: Schedule;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface CompileOptions {
  /** Whether the memory is shared between threads. */
  readonly shared: boolean;
  /** Nanoseconds of work in a chunk, at least. */
  readonly grain?: number | undefined;
}

/**
 * Generates the module of a plan. Each kernel becomes one or several tasks, each task a function and a number of chunks.
 */
export function compileModule(plan: Plan, { shared, grain }: CompileOptions): CompiledModule {
  const code = new PlanCode(plan, shared, grain);
  let kernels = 0;
  let tasks = 0;
  const compileSteps = (steps: readonly PlanStep[]): ScheduledStep[] => {
    // Threads enter and leave a loop, and end an iteration, when all tasks before are complete.
    let settled = tasks;
    let done: CompiledKernel[] = [];
    return steps.flatMap((step): ScheduledStep[] => {
      if (step.kind === 'loop') {
        const own = support.loops!.compile(code, step, compileSteps, (added) => (tasks += added));
        settled = tasks;
        done = [];
        return own;
      }
      code.beginKernel(kernels);
      const own = compileKernel(step, code);
      const [first, end] = [tasks, tasks + own.length];
      const compiled = { kernel: step, number: kernels++, usesTemporary: code.usesTemporary, end };
      const after = lastConflict(compiled, done, plan, settled);
      done.push(compiled);
      tasks = end;
      return own.map((task, k) => ({ ...task, after: k === 0 ? after : first + k }));
    });
  };
  const schedule = emitSchedule(code, compileSteps(plan.steps), shared);
  return { code, schedule, bytes: code.module.encode() };
}

/** Compiles an algorithm; `stores` is the function of `compileStores`. */
export type WasmAlgorithm = (
  kernel: Kernel,
  source: AlgorithmSource,
  plan: PlanCode,
  stores: Callable,
) => Task[];

function compileKernel(kernel: Kernel, plan: PlanCode): Task[] {
  const { source } = kernel;
  if (sizeOf(kernel.shape) === 0 && source.kind !== 'scatter') return [];
  const stores = compileStores(kernel, plan);
  switch (source.kind) {
    case 'map':
      return compileMap(kernel, plan, stores);
    case 'reduce':
      return compileReduce(kernel, source, plan, stores);
    case 'contract':
      return compileMatrixProduct(kernel, source, plan, stores);
    case 'scatter':
      return compileScatter(kernel, source, plan, stores);
    case 'algorithm':
      return source.algorithm.compile(kernel, source, plan, stores) as Task[];
  }
}

/** Products with a vector are reductions and follow the order of accumulation of `Reduce`. */
function compileMatrixProduct(kernel: Kernel, source: Contract, plan: PlanCode, stores: Callable): Task[] {
  const { batch, m } = source.axes;
  const rows = sizeOf(kernel.shape.slice(batch, batch + m));
  const columns = sizeOf(kernel.shape.slice(batch + m));
  if (rows > 1 && columns > 1) return compileContract(kernel, source, plan, stores);
  return compileReduce(kernel, asReduce(source, plan.plan.buffers), plan, stores);
}

interface CompiledKernel {
  readonly kernel: Kernel;
  readonly number: number;
  readonly usesTemporary: boolean;
  /** The number of the plan's tasks up to and including those of this kernel. */
  readonly end: number;
}

/** How many preceding kernels are tested for conflicts; all earlier ones must be complete in any case. */
const HORIZON = 32;

/**
 * How many of the first tasks must be complete before a kernel may begin: all up to the last kernel that writes what it
 * reads or writes, reads what it writes, or uses the same temporary memory. The first `settled` tasks are complete anyway.
 */
function lastConflict(
  next: CompiledKernel,
  done: readonly CompiledKernel[],
  plan: Plan,
  settled: number,
): number {
  const reads = buffersRead(next.kernel);
  const writes = next.kernel.stores.map((s) => s.buffer);
  for (let i = done.length - 1; i >= 0 && i >= done.length - HORIZON; i--) {
    const before = done[i]!;
    const written = before.kernel.stores.map((s) => s.buffer);
    if (
      conflict(written, [...reads, ...writes], plan) ||
      conflict(buffersRead(before.kernel), writes, plan) ||
      (before.usesTemporary && next.usesTemporary && (next.number - before.number) % 2 === 0)
    )
      return before.end;
  }
  return done[done.length - HORIZON - 1]?.end ?? settled;
}

const conflict = (some: readonly number[], others: readonly number[], { buffers }: Plan): boolean =>
  some.some((a) => others.some((b) => a === b || overlap(buffers[a]!, buffers[b]!)));

function overlap(a: PlanBuffer, b: PlanBuffer): boolean {
  if (a.location.kind !== 'arena' || b.location.kind !== 'arena') return false;
  const endOf = (buffer: PlanBuffer, start: number) => start + buffer.size * dtypes[buffer.dtype].bytes;
  return (
    a.location.byteOffset < endOf(b, b.location.byteOffset) &&
    b.location.byteOffset < endOf(a, a.location.byteOffset)
  );
}
