import { StateError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';

/** The optional packages of this entry point. */
export interface Peers {
  readonly bullmq: typeof import('bullmq');
  readonly ioredis: typeof import('ioredis');
}

/**
 * Loads both packages. Without ioredis BullMQ can be loaded too, but then its workers repeat their first step without end.
 *
 * @throws StateError that names the one that cannot be loaded.
 */
export async function loadPeers(operation: string): Promise<Peers> {
  const ioredis = await load(operation, 'ioredis', () => import('ioredis'));
  return { ioredis, bullmq: await load(operation, 'bullmq', () => import('bullmq')) };
}

async function load<T>(operation: string, name: string, get: () => Promise<T>): Promise<T> {
  try {
    return await get();
  } catch (cause) {
    throw new StateError(
      `[${operation}] ${name} can't be loaded (${errorMessage(cause)}). Install it: npm i bullmq ioredis.`,
      { cause },
    );
  }
}
