import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { timing } from './measure.ts';

// A loop without memory accesses: it measures the peak rate of one thread with 128-bit vectors, and the largest speedup by
// several threads. Twelve accumulators a = a * 0.5 + 1 hide most of the latency of both operations and fit the 16 vector
// registers; a thirteenth gains nothing.

const accumulators = 12;
const iterations = 10_000_000;
const flopsPerIteration = accumulators * 4 * 2;

/** A WebAssembly module with one function, run(iterations). */
function loopModule(): Uint8Array<ArrayBuffer> {
  const [i32, f32, v128] = [0x7f, 0x7d, 0x7b];
  const localGet = (i: number) => [0x20, i];
  const localSet = (i: number) => [0x21, i];
  const constant = (bytes: readonly number[]) => [0xfd, 0x0c, ...bytes, ...bytes, ...bytes, ...bytes];
  const f32x4 = { add: [0xfd, 0xe4, 0x01], mul: [0xfd, 0xe6, 0x01] };
  const [factor, summand, first] = [1, 2, 3];
  const all = Array.from({ length: accumulators }, (_, i) => first + i);
  const body = [
    ...[1, accumulators + 2, v128], // one group of locals
    ...[...constant([0, 0, 0, 0x3f]), ...localSet(factor)], // 0.5
    ...[...constant([0, 0, 0x80, 0x3f]), ...localSet(summand)], // 1
    ...[0x03, 0x40], // loop
    ...all.flatMap((a) => [
      ...[...localGet(a), ...localGet(factor), ...f32x4.mul],
      ...[...localGet(summand), ...f32x4.add, ...localSet(a)],
    ]),
    ...[...localGet(0), 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b], // count down, br_if to the loop, end
    ...all.flatMap((a, i) => [...localGet(a), ...(i === 0 ? [] : f32x4.add)]),
    ...[0xfd, 0x1f, 0, 0x0b], // the first lane of their sum, end
  ];
  const unsigned = (n: number) => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
  const section = (id: number, bytes: readonly number[]) => [id, ...unsigned(bytes.length), ...bytes];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32, 1, f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

/** The program of a thread, in JavaScript, since TypeScript loaders do not apply to worker threads in all versions of Node. */
const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(workerData));
  parentPort.on('message', (iterations) => {
    exports.run(iterations);
    parentPort.postMessage(null);
  });
`;

const newWorker = () => new Worker(program, { eval: true, execArgv: [], workerData: loopModule() });

/** Seconds of the loop on one thread, and on all threads at the same time. */
interface LoopTimes {
  readonly one: number;
  readonly all: number;
}

/** Threads that run the loop. */
export class RegisterLoop {
  readonly threads: number;
  readonly #workers: readonly Worker[];
  #times: LoopTimes[] = [];

  constructor(threads: number) {
    this.threads = threads;
    this.#workers = Array.from({ length: threads }, newWorker);
  }

  /** Runs the loop on one thread and then on all. */
  async measure(): Promise<void> {
    const one = await this.#time(1);
    const all = await this.#time(this.threads);
    this.#times.push({ one, all });
  }

  async #time(threads: number): Promise<number> {
    const start = performance.now();
    await Promise.all(
      this.#workers.slice(0, threads).map((worker) => {
        const done = once(worker, 'message');
        worker.postMessage(iterations);
        return done;
      }),
    );
    return (performance.now() - start) / 1000;
  }

  /** Returns the medians since the last call: GFLOP/s of one thread, and the speedup by all threads. */
  take(): { gflops: number; gain: number } {
    const times = this.#times;
    this.#times = [];
    return {
      gflops: (iterations * flopsPerIteration) / timing(times.map(({ one }) => one)).median / 1e9,
      gain: timing(times.map(({ one, all }) => (this.threads * one) / all)).median,
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
