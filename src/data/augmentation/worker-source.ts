import { type TransformFunctions, transformChunk } from './transform.ts';

/** A worker's answer to a chunk. */
export interface WorkerAnswer {
  readonly id: number;
  readonly pixels?: Float32Array;
  /** Why it failed. */
  readonly error?: string;
}

/**
 * The program of a worker: the source text of the transform functions, as a bundler may have changed it. No file has to
 * be fetched. The first chunk tests that the functions still work.
 */
export function workerSource({ noise, smooth, resample }: TransformFunctions): string {
  return `'use strict';
const transformChunk = ${transformChunk};
const functions = { noise: ${noise}, smooth: ${smooth}, resample: ${resample} };
const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort ?? globalThis;
port.onmessage = ({ data: { id, chunk } }) => {
  try {
    const pixels = transformChunk(chunk, functions);
    port.postMessage({ id, pixels }, [pixels.buffer]);
  } catch (error) {
    port.postMessage({ id, error: String(error) }, []);
  }
};
`;
}
