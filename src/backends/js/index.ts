import type { Backend, Executable, Failure } from '../../ir/backend.ts';
import { buffersWritten } from '../../ir/buffer-use.ts';
import { dtypes, type TypedArray } from '../../ir/dtype.ts';
import type { Kernel } from '../../ir/kernel.ts';
import type { Plan, PlanStep } from '../../ir/plan.ts';
import { compileAlgorithm } from './algorithm.ts';
import { compileContract } from './contract.ts';
import type { Precision } from './precision.ts';
import { compileReduce } from './reduce.ts';
import { BLOCK_LENGTH, type Register, RegisterAllocator } from './registers.ts';
import { RunContext } from './run-context.ts';
import { compileScatter } from './scatter.ts';
import { single } from './single.ts';
import { StoreWriter } from './store-writer.ts';

/** A plan that is ready to run. */
export interface JsExecutable {
  /**
   * Runs the plan once, with the arrays of its buffers, and returns null or the failure of a check. `replacements` have the
   * numbers of the bound storages. In double precision the arrays of float32 buffers are Float64Arrays.
   */
  run(
    values: readonly number[],
    bound: readonly (JsArray | undefined)[],
    results: readonly JsArray[],
    replacements?: readonly (JsArray | undefined)[],
  ): Failure | null;
}

export type JsArray = TypedArray | Float64Array;

export { double } from './double.ts';
export { single } from './single.ts';

/**
 * The reference backend: an interpreter in TypeScript that evaluates expressions block by block. With `double`, values of
 * type f32 are doubles and use the host's elementary functions; integers, bools and random bits are unchanged.
 */
export function compileJs(plan: Plan, precision: Precision): JsExecutable {
  const context = new RunContext(plan, precision);
  const steps = plan.steps.map((step) => compileStep(step, context));
  let arena: ArrayBuffer | null = null;
  let inArena: (Register | null)[] | null = null;
  return {
    run(values, bound, results, replacements = []) {
      const memory = precision.arena(plan.arenaBytes);
      if (inArena === null || memory !== arena) inArena = layOut(plan, precision, memory);
      arena = memory;
      const intermediates = inArena;
      context.buffers = plan.buffers.map(({ location }, i) => {
        if (location.kind === 'arena') return intermediates[i]!;
        return { bound, result: results, replacement: replacements }[location.kind][location.index]!;
      });
      context.values = [...values];
      context.failure = null;
      try {
        for (const step of steps) step();
        return context.failure;
      } finally {
        context.buffers = [];
      }
    },
  };
}

/** The arrays of a plan's arena buffers; null for others. */
function layOut(plan: Plan, precision: Precision, arena: ArrayBuffer | null): (Register | null)[] {
  return plan.buffers.map(({ dtype, size, location }) =>
    location.kind === 'arena' ? precision.inArena(arena, dtype, location.byteOffset, size) : null,
  );
}

function compileStep(step: PlanStep, context: RunContext): () => void {
  if (step.kind === 'kernel') return compileKernel(step, context);
  const { count, slot } = step;
  const inner = step.steps.map((s) => compileStep(s, context));
  return () => {
    for (let t = 0; t < count; t++) {
      context.values[slot] = t;
      context.values[slot + 1] = t % 2;
      for (const run of inner) run();
    }
  };
}

function compileKernel(kernel: Kernel, context: RunContext): () => void {
  const { source } = kernel;
  switch (source.kind) {
    case 'map':
      return compileMap(kernel, context);
    case 'reduce':
      return compileReduce(kernel, source, context);
    case 'contract':
      return compileContract(kernel, source, context);
    case 'scatter':
      return compileScatter(kernel, source, context);
    case 'algorithm':
      return compileAlgorithm(kernel, source, context);
  }
}

function compileMap(kernel: Kernel, context: RunContext): () => void {
  const stores = new StoreWriter(kernel, context, new RegisterAllocator(context.precision.registers));
  return () => {
    stores.begin();
    for (let i = 0; i < stores.size; i += BLOCK_LENGTH)
      stores.run(i, Math.min(BLOCK_LENGTH, stores.size - i));
  };
}

export const jsBackend: Backend = {
  name: 'js',
  threads: 1,
  reason: 'the js backend has one thread',
  memory: { bytes: 0, used: 0 },
  wantsYield: () => false,
  limits: { maxInputs: 16, maxNodes: 192, maxStores: 16 },
  compile(plan): Executable {
    const { run } = compileJs(plan, single);
    const written = new Set(plan.steps.flatMap(buffersWritten));
    return {
      run({ values, bound, results }) {
        const arrays: TypedArray[] = [];
        const replacements: TypedArray[] = [];
        plan.buffers.forEach(({ dtype, size, location }, b) => {
          if (location.kind === 'bound') {
            const storage = bound[location.index]!;
            arrays[location.index] = storage.array;
            // Copies of what is overwritten in place are dropped.
            if (written.has(b)) storage.overwrite();
          }
          if (location.kind === 'replacement') replacements[location.index] = dtypes[dtype].allocate(size);
        });
        const made = results.map((storage) => storage.overwrite());
        const failure = run(values, arrays, made, replacements);
        if (failure !== null) return failure;
        replacements.forEach((array, i) => {
          bound[i]!.overwrite().set(array);
        });
        return null;
      },
      // The garbage collector frees everything.
      release: () => {},
    };
  },
  read: (storage) => storage.array,
};
