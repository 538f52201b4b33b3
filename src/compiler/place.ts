import type { Kernel } from '../ir/kernel.ts';
import { buffersRead } from './merge.ts';

/** Buffers start at multiples of this many bytes: a cache line. */
const alignment = 64;

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
  const arena = new Arena();
  const offsets = new Map<number, number>();
  kernels.forEach((kernel, at) => {
    const written = kernel.stores.map((s) => s.buffer).filter((b) => isIntermediate(b) && !offsets.has(b));
    // Large ones first: they are the hardest to fit in.
    written.sort((a, b) => bytesOf(b) - bytesOf(a) || a - b);
    for (const b of written) offsets.set(b, arena.take(aligned(bytesOf(b))));
    for (const b of new Set([...buffersRead(kernel), ...written])) {
      if (isIntermediate(b) && lastUse.get(b) === at) arena.release(offsets.get(b)!, aligned(bytesOf(b)));
    }
  });
  return { offsets, arenaBytes: arena.bytes };
}

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

interface Gap {
  offset: number;
  bytes: number;
}

/** A stretch of memory with gaps, which are kept in ascending order and never touch. */
class Arena {
  bytes = 0;
  readonly #gaps: Gap[] = [];

  take(bytes: number): number {
    if (bytes === 0) return 0;
    let best = -1;
    this.#gaps.forEach((gap, i) => {
      if (gap.bytes >= bytes && (best < 0 || gap.bytes < this.#gaps[best]!.bytes)) best = i;
    });
    if (best < 0) return this.#grow(bytes);
    const gap = this.#gaps[best]!;
    const { offset } = gap;
    if (gap.bytes === bytes) this.#gaps.splice(best, 1);
    else Object.assign(gap, { offset: offset + bytes, bytes: gap.bytes - bytes });
    return offset;
  }

  /** Takes the end of the arena, a gap there included. */
  #grow(bytes: number): number {
    const last = this.#gaps[this.#gaps.length - 1];
    const atEnd = last !== undefined && last.offset + last.bytes === this.bytes;
    const offset = atEnd ? last.offset : this.bytes;
    if (atEnd) this.#gaps.pop();
    this.bytes = offset + bytes;
    return offset;
  }

  release(offset: number, bytes: number): void {
    if (bytes === 0) return;
    let i = this.#gaps.findIndex((gap) => gap.offset > offset);
    if (i < 0) i = this.#gaps.length;
    const before = this.#gaps[i - 1];
    const after = this.#gaps[i];
    const gap = { offset, bytes };
    let from = i;
    let merged = 0;
    if (before !== undefined && before.offset + before.bytes === offset) {
      gap.offset = before.offset;
      gap.bytes += before.bytes;
      from--;
      merged++;
    }
    if (after !== undefined && offset + bytes === after.offset) {
      gap.bytes += after.bytes;
      merged++;
    }
    this.#gaps.splice(from, merged, gap);
  }
}
