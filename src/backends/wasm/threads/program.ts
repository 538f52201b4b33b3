import type { WasmMemory } from '../memory/wasm-memory.ts';
import { frame } from '../module/frame-layout.ts';
import type { Schedule, ScheduleExports } from '../module/schedule.ts';

/** A plan's module and its memory. */
export interface PlacedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The address of a copy of `bytes` in the shared memory; workers compile the module from it. */
  readonly bytesAt: number;
  readonly frame: number;
  readonly schedule: Schedule;
}

/** An instantiated module, ready to run. */
export interface Program extends PlacedModule {
  readonly id: number;
  readonly exports: ScheduleExports;
  /** Estimated nanoseconds of work that can be distributed among threads, minus the cost of synchronization. */
  readonly shareable: number;
}

/** Nanoseconds of synchronization for each task. */
const SYNC_COST = 1_000;

/** From this many nanoseconds of shareable work on, several threads are faster than one even if workers sleep. */
export const WORTH_ASLEEP = 100_000;

let programs = 0;

/** Compiles and instantiates a plan's module. Its memory must stay allocated while the program is used. */
export function loadProgram({ memory }: WasmMemory, source: PlacedModule): Program {
  const { bytes, frame, schedule } = source;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory, frame: frame | 0 },
  });
  return {
    ...source,
    id: ++programs,
    exports: exports as { [K in keyof ScheduleExports]: ScheduleExports[K] },
    shareable: schedule.sharedCost - SYNC_COST * schedule.tasks,
  };
}

/** Writes the address of the threads' scratch memory to a program's frame. */
export function writeScratch({ words }: WasmMemory, program: Program, scratch: number): void {
  const at = program.frame >>> 2;
  words[at + frame.scratch / 4] = scratch;
  words[at + frame.scratchBytes / 4] = program.schedule.scratchBytes;
}
