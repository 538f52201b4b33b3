import { buffersRead, buffersWritten } from '../ir/buffer-use.ts';
import type { PlanStep } from '../ir/plan.ts';
import type { ArenaBuffers, Arrangement, Block } from '../ir/primitive.ts';
import { paddedBytes } from '../util/address-padding.ts';
import { FreeList } from '../util/free-list.ts';

/** Plans with more blocks are allocated in the order of their steps, in linear time. */
const MOST = 1024;

/** A block for each intermediate buffer. Blocks that the same steps use are disjoint. */
export function arrange(steps: readonly PlanStep[], buffers: ArenaBuffers): Arrangement {
  const blocks = new Map<number, Block>();
  steps.forEach((step, last) => {
    for (const b of [...buffersWritten(step), ...buffersRead(step)]) {
      if (!buffers.isIntermediate(b)) continue;
      const bytes = paddedBytes(buffers.sizeOf(b) * buffers.elementBytesOf(b));
      blocks.set(b, { buffers: [[b, 0]], bytes, first: blocks.get(b)?.first ?? last, last });
    }
  });
  return { steps, blocks: [...blocks.values()], sizes: new Map(), clash };
}

const clash = (a: Block, b: Block): readonly [number, number] | null =>
  a.first <= b.last && b.first <= a.last ? [-b.bytes, a.bytes] : null;

/**
 * Pass 5. Places the intermediate buffers in one arena, the largest first, each at the lowest offset that the larger ones
 * leave free (greedy by size, Pisarchyk & Lee 2020).
 */
export function allocateArena({ blocks, clash }: Arrangement): {
  offsets: ReadonlyMap<number, number>;
  arenaBytes: number;
} {
  const isLong = blocks.length > MOST;
  const placed = isLong ? placeInOrder(blocks) : placeLargestFirst(blocks, clash);
  const offsets = new Map<number, number>();
  let arenaBytes = 0;
  for (const [{ buffers, bytes }, at] of placed) {
    for (const [b, inside] of buffers) offsets.set(b, at + inside);
    arenaBytes = Math.max(arenaBytes, at + bytes);
  }
  return { offsets, arenaBytes };
}

function placeLargestFirst(blocks: readonly Block[], clash: Arrangement['clash']): Map<Block, number> {
  const placed = new Map<Block, number>();
  for (const block of [...blocks].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const taken: (readonly [low: number, high: number])[] = [];
    for (const [other, offset] of placed) {
      const range = clash(other, block);
      if (range !== null) taken.push([offset + range[0], offset + range[1]]);
    }
    taken.sort(([a], [b]) => a - b);
    let at = 0;
    for (const [low, high] of taken) if (at > low) at = Math.max(at, high);
    placed.set(block, at);
  }
  return placed;
}

/** Places each block in the smallest sufficient gap at its first step. */
function placeInOrder(blocks: readonly Block[]): Map<Block, number> {
  const arena = new FreeList();
  const placed = new Map<Block, number>();
  const byLast = [...blocks].sort((a, b) => a.last - b.last);
  let released = 0;
  for (const block of [...blocks].sort((a, b) => a.first - b.first || b.bytes - a.bytes)) {
    for (; byLast[released]!.last < block.first; released++)
      arena.release(placed.get(byLast[released]!)!, byLast[released]!.bytes);
    placed.set(block, arena.take(block.bytes));
  }
  return placed;
}
