import type { Kernel } from './kernel.ts';
import { transformChunk } from './kernel.ts';

/** What a worker answers to a chunk. */
export interface WorkerAnswer {
  readonly id: number;
  readonly pixels?: Float32Array;
  /** Why it failed. */
  readonly fault?: string;
}

/**
 * What a worker runs: the functions of the kernel as they stand in the program, whatever a bundler has made
 * of them. No file has to be fetched. That they still work is seen by a first chunk (`Helper`).
 */
export function workerSource({ noise, smooth, resample }: Kernel): string {
  return `'use strict';
const transformChunk = ${transformChunk};
const kernel = { noise: ${noise}, smooth: ${smooth}, resample: ${resample} };
const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort ?? globalThis;
port.onmessage = ({ data: { id, chunk } }) => {
  try {
    const pixels = transformChunk(chunk, kernel);
    port.postMessage({ id, pixels }, [pixels.buffer]);
  } catch (error) {
    port.postMessage({ id, fault: String(error) }, []);
  }
};
`;
}
