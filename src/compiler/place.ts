import { buffersRead } from '../ir/buffers.ts';
import { FreeList } from '../ir/free-list.ts';
import type { Kernel } from '../ir/kernel.ts';
import { spread } from '../ir/spread.ts';

/**
 * Pass 6. Lays the intermediate buffers out in one arena, so that buffers that live at the same time do not
 * overlap: in the order of the kernels, what a kernel writes takes the smallest gap that holds it, and what
 * is read for the last time leaves a gap behind.
 */
export function place(
  kernels: readonly Kernel[],
  bytesOf: (buffer: number) => number,
  isIntermediate: (buffer: number) => boolean,
): { offsets: Map<number, number>; arenaBytes: number } {
  const lastUse = new Map<number, number>();
  kernels.forEach((kernel, at) => {
    for (const b of buffersRead(kernel)) lastUse.set(b, at);
    for (const s of kernel.stores) lastUse.set(s.buffer, at);
  });
  const arena = new FreeList();
  const offsets = new Map<number, number>();
  kernels.forEach((kernel, at) => {
    const written = kernel.stores.map((s) => s.buffer).filter((b) => isIntermediate(b) && !offsets.has(b));
    // Large ones first: they are the hardest to fit in.
    written.sort((a, b) => bytesOf(b) - bytesOf(a) || a - b);
    for (const b of written) offsets.set(b, arena.take(spread(bytesOf(b))));
    for (const b of new Set([...buffersRead(kernel), ...written])) {
      if (isIntermediate(b) && lastUse.get(b) === at) arena.release(offsets.get(b)!, spread(bytesOf(b)));
    }
  });
  return { offsets, arenaBytes: arena.end };
}
