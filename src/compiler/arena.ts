import { buffersRead, buffersWritten } from '../ir/buffer-use.ts';
import type { PlanStep } from '../ir/plan.ts';
import { paddedBytes } from '../util/address-padding.ts';
import { FreeList } from '../util/free-list.ts';

/**
 * Pass 6. Allocates the intermediate buffers in one arena, so that buffers with overlapping live ranges do not overlap. In
 * the order of the steps, each written buffer gets the smallest sufficient gap (best fit) and is released after its last
 * use.
 */
export function allocateArena(
  steps: readonly PlanStep[],
  bytesOf: (buffer: number) => number,
  isIntermediate: (buffer: number) => boolean,
): { offsets: Map<number, number>; arenaBytes: number } {
  const lastUse = new Map<number, number>();
  steps.forEach((step, at) => {
    for (const b of [...buffersRead(step), ...buffersWritten(step)]) lastUse.set(b, at);
  });
  const arena = new FreeList();
  const offsets = new Map<number, number>();
  steps.forEach((step, at) => {
    const written = buffersWritten(step).filter((b) => isIntermediate(b) && !offsets.has(b));
    // Large buffers first: they are the hardest to fit.
    written.sort((a, b) => bytesOf(b) - bytesOf(a) || a - b);
    for (const b of written) offsets.set(b, arena.take(paddedBytes(bytesOf(b))));
    for (const b of new Set([...buffersRead(step), ...written])) {
      if (isIntermediate(b) && lastUse.get(b) === at) arena.release(offsets.get(b)!, paddedBytes(bytesOf(b)));
    }
  });
  return { offsets, arenaBytes: arena.end };
}
