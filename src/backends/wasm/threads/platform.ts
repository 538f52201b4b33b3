/** What differs between Node, browsers and other hosts. */
export interface Platform {
  /** Processors that this process may use. */
  readonly cores: number;
  /** Why threads can't share memory here; null where they can. */
  readonly obstacle: string | null;
  /** May the calling thread sleep? A browser's main thread may not. */
  readonly mayBlock: boolean;
  /**
   * Starts a worker that runs `source` and finds `data` there; it never keeps a process alive. `onEnd` is
   * called when it has ended, also where it never began, with a message if something went wrong.
   */
  startWorker(source: string, data: WorkerData, onEnd: (message: string | null) => void): WorkerHandle;
}

export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  /** The address of the pool's control words. */
  readonly control: number;
  /** The worker's place among the others, and a number that no other worker ever has. */
  readonly slot: number;
  readonly id: number;
}

export interface WorkerHandle {
  terminate(): void;
}

// The few parts of Node that are needed, since types of Node are not part of this package.
interface NodeWorker {
  unref(): void;
  on(event: 'error' | 'exit', listener: (value: unknown) => void): void;
  terminate(): unknown;
}

interface NodeModules {
  'node:os': { availableParallelism(): number };
  'node:worker_threads': { Worker: new (source: string, options: object) => NodeWorker };
}

type GetModule = <K extends keyof NodeModules>(name: K) => NodeModules[K] | undefined;

/** The platform that this code runs on. */
export function currentPlatform(): Platform {
  const host = globalThis as {
    process?: { getBuiltinModule?: GetModule };
    SharedArrayBuffer?: unknown;
    crossOriginIsolated?: boolean;
    Worker?: unknown;
  };
  const threads = host.process?.getBuiltinModule?.('node:worker_threads');
  const os = host.process?.getBuiltinModule?.('node:os');
  return {
    cores: Math.max(1, os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1),
    obstacle: obstacle(host, threads !== undefined || host.Worker !== undefined),
    mayBlock: mayBlock(host),
    startWorker: threads === undefined ? startWebWorker : startNodeWorker(threads.Worker),
  };
}

function obstacle(
  host: { SharedArrayBuffer?: unknown; crossOriginIsolated?: boolean },
  hasWorkers: boolean,
): string | null {
  if (host.SharedArrayBuffer === undefined) {
    const isolated = host.crossOriginIsolated !== false;
    return `SharedArrayBuffer is missing${isolated ? '' : ': the page is not cross-origin isolated (send COOP and COEP headers)'}`;
  }
  return hasWorkers ? null : 'this platform has no workers';
}

function mayBlock(host: { SharedArrayBuffer?: unknown }): boolean {
  if (host.SharedArrayBuffer === undefined) return false;
  try {
    // It would return at once, since the value is another, but throws where waiting is not allowed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

function startNodeWorker(Worker: NodeModules['node:worker_threads']['Worker']): Platform['startWorker'] {
  return (source, workerData, onEnd) => {
    // Neither flags nor NODE_OPTIONS are handed on: loaders that they name would only slow the start.
    const worker = new Worker(source, { eval: true, workerData, execArgv: [], env: {}, name: 'ndgrad' });
    worker.on('error', (error) => onEnd(messageOf(error)));
    worker.on('exit', () => onEnd(null));
    worker.unref();
    return { terminate: () => void worker.terminate() };
  };
}

let scriptUrl: string | undefined;

const startWebWorker: Platform['startWorker'] = (source, data, onEnd) => {
  scriptUrl ??= URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(scriptUrl, { name: 'ndgrad' });
  worker.onerror = (event) => {
    event.preventDefault();
    onEnd(
      event.message || 'the script was not loaded, perhaps for a content-security policy (worker-src blob:)',
    );
  };
  try {
    worker.postMessage(data);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return { terminate: () => worker.terminate() };
};

/** What an error says. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error);
