import type { Kernel } from './kernel.ts';
import { transformChunk } from './kernel.ts';

/** What workers are asked for, and what they answer. */
export interface WorkerAnswer {
  readonly id: number;
  readonly pixels?: Float32Array;
  /** What went wrong. */
  readonly fault?: string;
}

/** A worker that runs. It never keeps a process alive. */
export interface WorkerPort {
  /** Sends a message; `transfer` belongs to the worker afterwards. */
  post(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): void;
}

/** Where workers run: Node, a browser, or what tests put in their place. */
export interface WorkerHost {
  /** Processors that this process may use. */
  readonly cores: number;
  /**
   * Starts a worker. `onEnd` is called when it has ended by itself or never began, with a message if
   * something went wrong.
   *
   * @throws where workers are missing or forbidden.
   */
  start(
    source: string,
    onMessage: (answer: WorkerAnswer) => void,
    onEnd: (message: string | null) => void,
  ): WorkerPort;
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

// The few parts of Node that are needed, since types of Node are not part of this package.
interface NodeWorker {
  unref(): void;
  on(event: 'message', listener: (answer: WorkerAnswer) => void): void;
  on(event: 'error' | 'exit' | 'messageerror', listener: (value: unknown) => void): void;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): unknown;
}

interface NodeModules {
  'node:os': { availableParallelism(): number };
  'node:worker_threads': { Worker: new (source: string, options: object) => NodeWorker };
}

type GetModule = <K extends keyof NodeModules>(name: K) => NodeModules[K] | undefined;

/** The host that this code runs on. */
export function currentHost(): WorkerHost {
  const { process } = globalThis as { process?: { getBuiltinModule?: GetModule } };
  const threads = process?.getBuiltinModule?.('node:worker_threads');
  const os = process?.getBuiltinModule?.('node:os');
  return {
    cores: Math.max(1, os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1),
    start: threads === undefined ? startWebWorker : startNodeWorker(threads.Worker),
  };
}

function startNodeWorker(Worker: NodeModules['node:worker_threads']['Worker']): WorkerHost['start'] {
  return (source, onMessage, onEnd) => {
    // Neither flags nor NODE_OPTIONS are handed on: loaders that they name would only slow the start.
    const worker = new Worker(source, { eval: true, execArgv: [], env: {}, name: 'ndgrad augmentation' });
    worker.on('message', onMessage);
    worker.on('messageerror', (error) => onEnd(messageOf(error)));
    worker.on('error', (error) => onEnd(messageOf(error)));
    worker.on('exit', () => onEnd(null));
    worker.unref();
    return {
      post: (message, transfer) => worker.postMessage(message, transfer),
      terminate: () => void worker.terminate(),
    };
  };
}

const startWebWorker: WorkerHost['start'] = (source, onMessage, onEnd) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  let worker: Worker;
  try {
    worker = new Worker(url, { name: 'ndgrad augmentation' });
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
  let loaded = false;
  const revoke = () => {
    if (!loaded) URL.revokeObjectURL(url); // not before the script is loaded
    loaded = true;
  };
  worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
    revoke();
    onMessage(data);
  };
  worker.onmessageerror = () => onEnd('a message could not be read');
  worker.onerror = (event) => {
    event.preventDefault();
    revoke();
    onEnd(
      event.message || 'the script was not loaded, perhaps for a content-security policy (worker-src blob:)',
    );
  };
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => {
      revoke();
      worker.terminate();
    },
  };
};

/** What an error says. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
