import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import { alignToCacheLine, CACHE_LINE, counters, FRAME, frame, SLEEP_MS, Status } from './frame-layout.ts';
import type { PlanCode, Task } from './plan-code.ts';

/** A task, and how many of the plan's first tasks must be complete before it may begin. */
export interface ScheduledTask extends Task {
  readonly after: number;
}

/** A loop over steps. What it emits is in iterations.ts. */
export interface ScheduledLoop {
  readonly steps: readonly ScheduledStep[];
  readonly count: number;
  /** Emits the loop. `body` gets the number of iterations before, also in earlier rounds of the loop around it. */
  emit(code: Code, round: Local | null, body: (round: Local) => void): void;
  /** Emits the number of chunks that are done when the task is complete in this iteration. */
  target(code: Code, chunks: number, round: Local): Local;
  /** Emits that the thread takes a chunk: its number in the iteration, or `chunks` or more if none is left. */
  take(code: Code, line: Local, chunk: Local, begun: Local, target: Local, chunks: number): void;
}

export type ScheduledStep = ScheduledTask | ScheduledLoop;

/** What the host needs to know to run the exports of a plan's module. */
export interface Schedule {
  /** Bytes of the frame: its words, then the counters, which begin at `counters`. */
  readonly frameBytes: number;
  readonly counters: number;
  /** Bytes of scratch memory for each thread. */
  readonly scratchBytes: number;
  /** The maximum number of chunks of a task: more threads would have no work. */
  readonly width: number;
  /** Estimated nanoseconds on one thread: of all tasks, and of those with several chunks. */
  readonly cost: number;
  readonly sharedCost: number;
  /** How many tasks are run, in all iterations of loops. */
  readonly tasks: number;
}

/** The exports of a plan's module. */
export interface ScheduleExports {
  /** Runs all tasks on the calling thread. */
  alone(): void;
  /**
   * Takes part in a run as thread number `thread` and returns the number of chunks that it ran. Thread 0 returns when
   * all chunks are done. A waiting thread gives up after `rounds` rounds without any progress and sets the status to
   * stalled; 0 means no limit. A round is a wait of `SLEEP_MS` if `sleeps`, else a few milliseconds of spinning.
   */
  run(thread: number, rounds: number, sleeps: number): number;
}

/** How often a thread reads a counter before it waits: about 40 microseconds. */
const SPINS = 20_000;
/** The same in one round of a thread that must not block: 1 to 7 milliseconds, depending on the compiler tier. */
const ROUND_SPINS = 500_000;

/**
 * Emits and exports the functions that run a plan's tasks in order: `alone` and, for shared memory, `run`. No frame word
 * may be added to the plan afterwards.
 */
export function emitSchedule(plan: PlanCode, steps: readonly ScheduledStep[], shared = true): Schedule {
  const tasks = placedTasks(steps);
  tasks.forEach(({ after }, i) => {
    if (after > i) throw new Error(`[wasm] task ${i} waits for task ${after - 1}`);
  });
  const start = frame.words + alignToCacheLine(4 * plan.words.length);
  emitAlone(plan, steps);
  if (shared) emitRun(plan, steps, tasks, start);
  const sum = (some: readonly PlacedTask[]) =>
    some.reduce((total, { cost, times }) => total + cost * times, 0);
  return {
    frameBytes: start + counters.tasks + CACHE_LINE * tasks.length,
    counters: start,
    scratchBytes: plan.scratchBytes,
    width: tasks.reduce((most, { chunks }) => Math.max(most, chunks), 0),
    cost: sum(tasks),
    sharedCost: sum(tasks.filter(({ chunks }) => chunks > 1)),
    tasks: tasks.reduce((total, { times }) => total + times, 0),
  };
}

/** A task, how often it is run, and the loop in which it is. */
type PlacedTask = ScheduledTask & { readonly times: number; readonly loop: ScheduledLoop | null };

const placedTasks = (
  steps: readonly ScheduledStep[],
  times = 1,
  loop: ScheduledLoop | null = null,
): PlacedTask[] =>
  steps.flatMap((step) =>
    'steps' in step ? placedTasks(step.steps, times * step.count, step) : [{ ...step, times, loop }],
  );

function emitAlone(plan: PlanCode, steps: readonly ScheduledStep[]): void {
  const alone = plan.module.function([], [], (code) => {
    const scratch = plan.word(code, frame.scratch);
    const [chunk, more] = [code.local('i32'), code.local('i32')];
    const emit = (step: ScheduledStep): void => {
      if ('steps' in step) {
        step.emit(code, null, () => step.steps.forEach(emit));
        return;
      }
      const { run, chunks } = step;
      if (chunks === 1) code.call(run, 0, scratch);
      if (chunks < 2) return;
      code.set(chunk, 0);
      code.loop(() => {
        code.call(run, chunk, scratch);
        code.update(chunk, 'i32.add', chunk, 1);
        code.update(more, 'i32.lt_u', chunk, chunks);
        return more;
      });
    };
    steps.forEach(emit);
  });
  plan.module.export('alone', alone);
}

function emitRun(
  plan: PlanCode,
  steps: readonly ScheduledStep[],
  tasks: readonly PlacedTask[],
  start: number,
): void {
  const wait = emitWait(plan, start, tasks.length);
  // One function for each task keeps the number of locals in `run` small: baseline compilers are slow with many locals.
  const takeChunks = tasks.map((task) => emitTakeChunks(plan, task, start));
  const lineOf = (task: number) => start + counters.tasks + CACHE_LINE * task;
  const run = plan.module.function(['i32', 'i32', 'i32'], ['i32'], (code, thread, rounds, sleeps) => {
    const count = code.local('i32');
    const even = plan.word(code, frame.evenThreads);
    const offset = code.op('i32.mul', thread!, plan.word(code, frame.scratchBytes));
    const scratch = code.op('i32.add', plan.word(code, frame.scratch), offset);
    const base = code.global(FRAME);
    // Locals are reused: engines allow 50,000 in a function, and a plan may have many thousand tasks.
    const [line, goesOn, ran] = [code.local('i32'), code.local('i32'), code.local('i32')];
    let next = 0;
    let settled = 0;
    const target = ({ chunks, loop }: PlacedTask, round: Local | null): Operand =>
      round === null ? chunks : loop!.target(code, chunks, round);
    const settle = (after: number, round: Local | null) => {
      for (; settled < after; settled++) {
        code.update(line, 'i32.add', base, lineOf(settled));
        code.callInto(goesOn, wait, line, target(tasks[settled]!, round), rounds!, sleeps!);
        code.update(goesOn, 'i32.eqz', goesOn);
        code.if(goesOn, () => code.return(count));
      }
    };
    const emit = (step: ScheduledStep, round: Local | null): void => {
      if ('steps' in step) {
        settle(next, round);
        step.emit(code, round, (inner) => {
          for (const s of step.steps) emit(s, inner);
          settle(next, inner);
        });
        return;
      }
      settle(step.after, round);
      code.update(line, 'i32.add', base, lineOf(next));
      const task = tasks[next]!;
      code.callInto(ran, takeChunks[next++]!, line, thread!, even, scratch, target(task, round));
      code.update(count, 'i32.add', count, ran);
    };
    for (const step of steps) emit(step, null);
    code.if(code.op('i32.eqz', thread!), () => settle(tasks.length, null));
    code.return(count);
  });
  plan.module.export('run', run);
}

/**
 * `takeChunks(line, thread, even, scratch, target)` runs chunks of a task until none is left and returns their number.
 * `target` is the number of chunks that are done then.
 */
function emitTakeChunks(plan: PlanCode, { run, chunks, loop }: PlacedTask, start: number): Callable {
  const types = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
  return plan.module.function(types, ['i32'], (code, line, thread, even, scratch, target) => {
    const count = code.local('i32');
    const chunk = code.copy(thread!);
    const begun = code.local('i32');
    const take = () =>
      code.if(code.op('i32.eqz', even!), () => {
        if (loop !== null) return loop.take(code, line!, chunk, begun, target!, chunks);
        // A load is cheaper than an atomic addition, and suffices for threads that find no chunk left.
        code.loadInto(begun, 'i32.atomic.load', [line!], counters.begun);
        code.if(code.op('i32.ge_u', begun, chunks), () => code.return(count));
        code.loadInto(chunk, 'i32.atomic.rmw.add', [line!, 1], counters.begun);
      });
    code.loop(() => {
      take();
      code.if(code.op('i32.ge_u', chunk, chunks), () => code.return(count));
      code.call(run, chunk, scratch!);
      code.update(count, 'i32.add', count, 1);
      code.update(chunk, 'i32.add', chunk, even!);
      const before = code.load('i32.atomic.rmw.add', [line!, 1], counters.done);
      code.update(before, 'i32.add', before, 1);
      code.if(code.op('i32.eq', before, target!), () => emitSignal(code, start));
      return 1;
    });
    code.return(count);
  });
}

/** Emits the signal that wakes the waiting threads. */
function emitSignal(code: Code, start: number): void {
  const base = code.global(FRAME);
  code.load('i32.atomic.rmw.add', [base, 1], start + counters.signal);
  const sleepers = code.load('i32.atomic.load', [base], start + counters.sleepers);
  code.if(sleepers, () => {
    code.load('memory.atomic.notify', [base, -1], start + counters.signal);
  });
}

/**
 * `wait(line, chunks, rounds, sleeps)` waits until this many chunks of a task are complete and returns 1. It returns 0 if the run must end,
 * because a thread has trapped or because there was no progress for `rounds` rounds.
 */
function emitWait(plan: PlanCode, start: number, tasks: number): Callable {
  const progress = emitProgress(plan, start, tasks);
  const types = ['i32', 'i32', 'i32', 'i32'] as const;
  return plan.module.function(types, ['i32'], (code, line, chunks, rounds, sleeps) => {
    const base = code.global(FRAME);
    const spins = code.copy(SPINS);
    const seen = code.local('i32');
    const still = code.local('i32');
    const look = () => {
      const done = code.load('i32.atomic.load', [line!], counters.done);
      code.if(code.op('i32.ge_u', done, chunks!), () => code.return(1));
      const status = code.load('i32.atomic.load', [base], frame.status);
      code.if(status, () => code.return(0));
    };
    const sleep = () => {
      const signal = code.load('i32.atomic.load', [base], start + counters.signal);
      // A task that completes after this load changes the signal, so the wait below returns at once.
      look();
      code.load('i32.atomic.rmw.add', [base, 1], start + counters.sleepers);
      code.load('memory.atomic.wait32', [base, signal, code.i64(SLEEP_MS * 1e6)], start + counters.signal);
      code.load('i32.atomic.rmw.add', [base, -1], start + counters.sleepers);
      code.set(spins, 1);
    };
    const giveUp = () => {
      code.load('i32.atomic.rmw.cmpxchg', [base, Status.ok, Status.stalled], frame.status);
      emitSignal(code, start);
      code.return(0);
    };
    code.loop(() => {
      look();
      code.update(spins, 'i32.sub', spins, 1);
      code.if(code.op('i32.eqz', spins), () => {
        code.if(sleeps!, sleep, () => code.set(spins, ROUND_SPINS));
        const now = code.call(progress)!;
        const moved = code.op('i32.ne', now, seen);
        code.set(seen, now);
        code.update(still, 'i32.add', still, 1);
        code.set(still, code.select(moved, 0, still));
        const all = code.op('i32.and', code.op('i32.ne', rounds!, 0), code.op('i32.ge_u', still, rounds!));
        code.if(all, giveUp);
      });
      return 1;
    });
    code.return(0);
  });
}

/** `progress()` is the sum of all counters of the tasks: it changes whenever a chunk begins or ends. */
function emitProgress(plan: PlanCode, start: number, tasks: number): Callable {
  return plan.module.function([], ['i32'], (code) => {
    const sum: Local = code.local('i32');
    const base = code.global(FRAME);
    const first = code.op('i32.add', base, start + counters.tasks);
    code.for(first, code.op('i32.add', first, CACHE_LINE * tasks), CACHE_LINE, (line) => {
      for (const counter of [counters.begun, counters.done]) {
        code.update(sum, 'i32.add', sum, code.load('i32.atomic.load', [line], counter));
      }
    });
    code.return(sum);
  });
}
