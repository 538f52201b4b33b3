import { nodeModule, processorCount } from '../../../util/node-modules.ts';

/** What differs between Node, browsers and other hosts. */
export interface Platform {
  /** Processors that this process may use. */
  readonly cores: number;
  /** Why threads can't share memory here; null where they can. */
  readonly obstacle: string | null;
  /** May the calling thread sleep? A browser's main thread may not. */
  readonly mayBlock: boolean;
}

/** The platform that this code runs on. */
export function currentPlatform(): Platform {
  const host = globalThis as { SharedArrayBuffer?: unknown; crossOriginIsolated?: boolean; Worker?: unknown };
  const hasWorkers = host.Worker !== undefined || nodeModule('node:worker_threads') !== undefined;
  return { cores: processorCount(), obstacle: obstacle(host, hasWorkers), mayBlock: mayBlock(host) };
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
