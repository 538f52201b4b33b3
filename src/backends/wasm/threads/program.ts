import type { WasmMemory } from '../memory/wasm-memory.ts';
import { frame } from '../module/frame-layout.ts';
import type { Schedule, ScheduleExports } from '../module/schedule.ts';

/** A plan's module, and where it is in memory. */
export interface PlacedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The address of a copy of `bytes` in the shared memory, from which workers compile it. */
  readonly bytesAt: number;
  readonly frame: number;
  readonly schedule: Schedule;
}

/** A plan that is ready to run. */
export interface Program extends PlacedModule {
  readonly id: number;
  readonly exports: ScheduleExports;
  /** Nanoseconds of work that several threads can share, less what it costs them to wait for each other. */
  readonly shareable: number;
}

/** Nanoseconds that threads lose with each task. */
const TASK_LOSS = 1_000;

/** Nanoseconds of shareable work from which on several threads are faster than one, though workers sleep. */
export const WORTH_ASLEEP = 100_000;

let programs = 0;

/** Compiles a plan's module. What it has in memory must stay there as long as the program is run. */
export function loadProgram({ memory }: WasmMemory, source: PlacedModule): Program {
  const { bytes, frame, schedule } = source;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory, frame: frame | 0 },
  });
  return {
    ...source,
    id: ++programs,
    exports: exports as { [K in keyof ScheduleExports]: ScheduleExports[K] },
    shareable: schedule.sharedCost - TASK_LOSS * schedule.tasks,
  };
}

/** Tells a program where the scratch memory of its threads is. */
export function writeScratch({ words }: WasmMemory, program: Program, scratch: number): void {
  const at = program.frame >>> 2;
  words[at + frame.scratch / 4] = scratch;
  words[at + frame.scratchBytes / 4] = program.schedule.scratchBytes;
}
