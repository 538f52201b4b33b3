import { counters, frame, Status } from '../module/frame-layout.ts';

/**
 * Indices of the pool's control words, 32 bits each. Each cache line of 16 words has one purpose.
 */
export const control = {
  /** The number of the latest run; idle workers wait for it to change. */
  sequence: 0,
  /**
   * Open (during a run): the number of workers inside + 256 * the number of the next thread to enter + 65536 * the number
   * of the last one. Closed: the number of workers inside.
   */
  gate: 16,
  /** The number of sleeping workers, including those that were stopped while they slept. */
  sleepers: 32,
  /** The current run: its number, its plan's number, and the plan's module, frame and counters. */
  run: 48,
  plan: 49,
  module: 50,
  moduleBytes: 51,
  frame: 52,
  counters: 53,
  /** The error text of a worker that has trapped: the number of characters, and the characters. */
  fault: 64,
  faultText: 65,
  /**
   * For each worker index the id of its worker, negative until the worker is ready. A worker that finds another id ends.
   */
  owner: 320,
  /** The number of chunks that each thread ran in the latest run. */
  work: 576,
  words: 832,
} as const;

const FAULT_CHARACTERS = control.owner - control.faultText;

/** The start data of a worker. */
export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  /** The address of the pool's control words. */
  readonly control: number;
  /** The worker's index in the pool. */
  readonly index: number;
  /** Unique among all workers of this process, also earlier ones. */
  readonly id: number;
}

/** Maximum compiled plans that a worker keeps. */
export const WORKER_PLANS = 256;

/**
 * How many sleeping workers each thread of a run wakes. Waking one takes about 10 microseconds, and it wakes others.
 */
export const WAKE_COUNT = 2;

/** Milliseconds that an idle worker spins before it sleeps. */
const IDLE_SPIN = 0.05;

/**
 * The source text of a worker. As a string it needs no file, and bundlers and minifiers do not change it. A worker waits
 * for runs and takes part in them. It accesses a plan and its memory only while it is inside the gate, and ends only while
 * it is outside. (Its comments are here, since the text is shipped as it is.)
 *
 * - `view` returns a view of the memory, which may have grown.
 * - `add` adds to the gate word if one more thread may enter, and returns the previous value, else 0.
 * - `leave`: the last worker to leave a closed gate wakes the host.
 * - `work`: the host does not wait for compilation. A worker without the compiled plan copies the module's bytes, leaves
 *   the gate, compiles, and tries again.
 */
export const workerSource = `
'use strict';
const start = ({ memory, control, index, id }) => {
  const words = new Int32Array(memory.buffer, control, ${control.words});
  const plans = new Map();
  let seen = 0;

  const view = (View, address, length) => {
    if (memory.buffer.byteLength < address + length * View.BYTES_PER_ELEMENT) memory.grow(0);
    return new View(memory.buffer, address, length);
  };

  const hasRoom = (gate) => (gate >> 8 & 255) > 0 && (gate >> 8 & 255) <= gate >> 16;

  const add = (amount) => {
    for (;;) {
      const gate = Atomics.load(words, ${control.gate});
      if (!hasRoom(gate)) return 0;
      if (Atomics.compareExchange(words, ${control.gate}, gate, gate + amount) === gate) return gate;
    }
  };

  const leave = () => {
    if (Atomics.sub(words, ${control.gate}, 1) === 1) Atomics.notify(words, ${control.gate});
  };

  const compile = (bytes, frame) => {
    try {
      const module = new WebAssembly.Module(bytes);
      return new WebAssembly.Instance(module, { env: { memory, frame } }).exports.run;
    } catch {
      return null;
    }
  };

  const fail = (error) => {
    const frame = words[${control.frame}] >>> 0;
    const status = view(Int32Array, frame + ${frame.status}, 1);
    const signal = view(Int32Array, frame + words[${control.counters}] + ${counters.signal}, 1);
    if (Atomics.compareExchange(status, 0, ${Status.ok}, ${Status.trapped}) === ${Status.ok}) {
      const text = String(error).slice(0, ${FAULT_CHARACTERS});
      for (let i = 0; i < text.length; i++) words[${control.faultText} + i] = text.charCodeAt(i);
      words[${control.fault}] = text.length;
    }
    Atomics.add(signal, 0, 1);
    Atomics.notify(signal, 0);
  };

  const work = () => {
    while (add(1) > 0) {
      seen = words[${control.run}];
      if (Atomics.load(words, ${control.sleepers}) > 0 && hasRoom(Atomics.load(words, ${control.gate}))) {
        Atomics.notify(words, ${control.sequence}, ${WAKE_COUNT});
      }
      const plan = words[${control.plan}];
      let run = plans.get(plan);
      if (run === undefined) {
        const frame = words[${control.frame}];
        const bytes = view(Uint8Array, words[${control.module}] >>> 0, words[${control.moduleBytes}]).slice();
        leave();
        plans.set(plan, compile(bytes, frame));
        if (plans.size > ${WORKER_PLANS}) plans.delete(plans.keys().next().value);
        continue;
      }
      plans.delete(plan);
      plans.set(plan, run);
      const thread = run === null ? 0 : add(256) >> 8 & 255;
      if (thread > 0) {
        try {
          words[${control.work} + thread] = run(thread, 0, 1);
        } catch (error) {
          fail(error);
        }
      }
      leave();
      return;
    }
  };

  const idle = (now) => {
    const end = performance.now() + ${IDLE_SPIN};
    do {
      for (let i = 0; i < 100; i++) if (Atomics.load(words, ${control.sequence}) !== now) return;
    } while (performance.now() < end);
    Atomics.add(words, ${control.sleepers}, 1);
    Atomics.wait(words, ${control.sequence}, now);
    Atomics.sub(words, ${control.sleepers}, 1);
  };

  const owner = ${control.owner} + index;
  Atomics.compareExchange(words, owner, -id, id);
  Atomics.notify(words, owner);
  while (Atomics.load(words, owner) === id) {
    const now = Atomics.load(words, ${control.sequence});
    if ((now - seen | 0) > 0) {
      seen = now;
      work();
    } else {
      idle(now);
    }
  }
  globalThis.close?.();
};
const data = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.workerData;
if (data) start(data);
else onmessage = (event) => start(event.data);
`;
