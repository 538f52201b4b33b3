import { buffersRead, buffersWritten } from '../ir/buffer-use.ts';
import type { PlanStep } from '../ir/plan.ts';
import { paddedBytes } from '../util/address-padding.ts';
import { FreeList } from '../util/free-list.ts';

/**
 * Pass 6. Lays the intermediate buffers out in one arena, so that buffers that live at the same time do not
 * overlap: in the order of the kernels, what a kernel writes takes the smallest gap that holds it, and what
 * is read for the last time leaves a gap behind.
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
    // Large ones first: they are the hardest to fit in.
    written.sort((a, b) => bytesOf(b) - bytesOf(a) || a - b);
    for (const b of written) offsets.set(b, arena.take(paddedBytes(bytesOf(b))));
    for (const b of new Set([...buffersRead(step), ...written])) {
      if (isIntermediate(b) && lastUse.get(b) === at) arena.release(offsets.get(b)!, paddedBytes(bytesOf(b)));
    }
  });
  return { offsets, arenaBytes: arena.end };
}
