// The parts of Node that are used if it is present. This package must not depend on Node's types.

/** A worker thread of Node. */
export interface NodeWorker {
  unref(): void;
  on(event: 'message' | 'messageerror' | 'error' | 'exit', listener: (value: unknown) => void): void;
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  terminate(): unknown;
}

interface NodeModules {
  'node:os': { availableParallelism(): number };
  /** Bun and Deno have it without `crc32`, in some versions. */
  'node:zlib': { crc32?(bytes: Uint8Array, before: number): number };
  'node:worker_threads': { Worker: new (source: string, options: object) => NodeWorker };
}

/** A module that is part of Node; undefined on other platforms. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: <N extends keyof NodeModules>(name: N) => NodeModules[N] | undefined };
  };
  return process?.getBuiltinModule?.(name);
}

/** The number of processors that this process may use, at least 1. */
export const processorCount = (): number =>
  Math.max(
    1,
    nodeModule('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1,
  );
