import { buffersRead, buffersWritten } from '../ir/buffer-use.ts';
import type { PlanStep } from '../ir/plan.ts';
import type { ArenaBuffers, ArenaLayout } from '../ir/primitive.ts';
import { paddedBytes } from '../util/address-padding.ts';
import { FreeList } from '../util/free-list.ts';

/**
 * Pass 5. Allocates the intermediate buffers in one arena, so that buffers with overlapping live ranges do not overlap. In
 * the order of the steps, each written buffer gets the smallest sufficient gap (best fit) and is released after its last
 * use. Plans with loops have an allocation of their own (`loop-memory.ts`).
 */
export function allocateArena(
  steps: readonly PlanStep[],
  { isIntermediate, bytesOf }: ArenaBuffers,
): ArenaLayout {
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
  return { steps, offsets, arenaBytes: arena.end };
}
