import { mapBuffers } from '../../../ir/buffer-use.ts';
import { MemoryError } from '../../../ir/errors.ts';
import type { Kernel } from '../../../ir/kernel.ts';
import type { Loop, PlanStep } from '../../../ir/plan.ts';
import { MAX_COUNT, type Offset } from '../../../ir/view.ts';
import type { Code, Local } from '../assembler/code.ts';
import { counters } from './frame-layout.ts';
import type { Iterations, PlanCode, Task } from './plan-code.ts';
import type { ScheduledLoop, ScheduledStep } from './schedule.ts';

// Loops of a plan. Each thread has the iteration in variables (globals) of its own, and offsets are computed from them.
// Threads end an iteration together. The counters of the tasks are not reset: each iteration adds the chunks of a task.

/** The variables with the iteration of a loop and its parity, by their slots in the plan's values. */
class LoopVariables implements Iterations {
  readonly variables = new Map<number, number>();

  at(
    code: Code,
    plan: PlanCode,
    { base, terms }: Offset,
    unit: number,
    word: (offset: Offset) => number,
  ): Local {
    const isFixed = ({ slot }: { slot: number }): boolean => !this.variables.has(slot);
    let at = plan.word(code, word({ base, terms: terms.filter(isFixed) }));
    for (const term of terms) {
      if (isFixed(term)) continue;
      const iteration = code.global(this.variables.get(term.slot)!);
      at = code.op('i32.add', at, code.op('i32.mul', iteration, (term.scale * unit) | 0));
    }
    return at;
  }
}

/** Compiles the steps of a loop. If all are too small to be shared among threads, the loop is one task. */
export function schedule(
  plan: PlanCode,
  loop: Loop,
  compile: (steps: readonly PlanStep[]) => ScheduledStep[],
): ScheduledLoop | Task {
  const { count, slot } = loop;
  plan.iterations ??= new LoopVariables();
  const { variables } = plan.iterations as LoopVariables;
  const [iteration, parity] = [plan.module.variable(), plan.module.variable()];
  variables.set(slot, iteration).set(slot + 1, parity);
  const steps = compile(loop.steps);
  if (count * mostChunks(steps) > MAX_COUNT)
    throw new MemoryError(`[${loop.name}] ${count} iterations are too many. Use a shorter sequence.`);
  const emit: ScheduledLoop['emit'] = (code, round, body) =>
    code.for(0, count, 1, (t) => {
      code.setGlobal(iteration, t);
      code.setGlobal(parity, code.op('i32.and', t, 1));
      if (round === null) return body(t);
      body(code.op('i32.add', code.op('i32.mul', round, count), t));
    });
  if (steps.every(isAlone)) {
    const run = plan.module.function(['i32', 'i32'], [], (code, _chunk, scratch) =>
      emit(code, null, () => {
        for (const { run, chunks } of steps as Task[]) if (chunks > 0) code.call(run, 0, scratch!);
      }),
    );
    return { run, chunks: 1, cost: count * (steps as Task[]).reduce((sum, { cost }) => sum + cost, 0) };
  }
  return {
    steps,
    count,
    emit,
    target: (code, chunks, round) => code.op('i32.mul', code.op('i32.add', round, 1), chunks),
    // The counter must not go beyond the iteration, or chunks of the next one would be lost.
    take(code, line, chunk, begun, target, chunks) {
      const before = code.op('i32.sub', target, chunks);
      code.loop(() => {
        code.loadInto(begun, 'i32.atomic.load', [line], counters.begun);
        code.update(chunk, 'i32.sub', begun, before);
        const isLeft = code.op('i32.lt_u', chunk, chunks);
        const isLost = code.local('i32');
        code.if(
          isLeft,
          () => {
            const more = code.op('i32.add', begun, 1);
            const found = code.load('i32.atomic.rmw.cmpxchg', [line, begun, more], counters.begun);
            code.update(isLost, 'i32.ne', found, begun);
          },
          () => code.set(isLost, 0),
        );
        return isLost;
      });
    },
  };
}

/** The kernels of a loop at the first and the last of its iterations: no offset is below or above those there. */
export function corners({ count, slot, steps }: Loop): Kernel[] {
  const ends = [...new Set([0, count - 1])].flatMap((t) => [0, 1].map((parity) => [t, parity] as const));
  return steps.flatMap((step) =>
    (step.kind === 'loop' ? corners(step) : [step]).flatMap((kernel) =>
      ends.map((values) => {
        const fixed = ({ base, terms }: Offset): Offset => {
          const own = terms.filter((term) => term.slot === slot || term.slot === slot + 1);
          return {
            base: own.reduce((sum, term) => sum + term.scale * values[term.slot - slot]!, base),
            terms: terms.filter((term) => !own.includes(term)),
          };
        };
        return mapBuffers(kernel, (use) => {
          if ('view' in use) return { ...use, view: { ...use.view, offset: fixed(use.view.offset) } };
          return use.offset === undefined ? use : { ...use, offset: fixed(use.offset) };
        }) as Kernel;
      }),
    ),
  );
}

const isAlone = (step: ScheduledStep): boolean => !('steps' in step) && step.chunks < 2;

/** How often the task with the most chunks takes one. */
const mostChunks = (steps: readonly ScheduledStep[]): number =>
  steps.reduce(
    (most, step) => Math.max(most, 'steps' in step ? step.count * mostChunks(step.steps) : step.chunks),
    0,
  );
