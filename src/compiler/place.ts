import type { Kernel } from '../ir/kernel.ts';
import { buffersRead } from './merge.ts';

/** Buffers start at multiples of this many bytes: a cache line. */
const alignment = 64;

interface Interval {
  readonly buffer: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Pass 6. Lays the intermediate buffers out in one arena, so that buffers that live at the same time do not
 * overlap: from the largest to the smallest, each at the lowest place that is free during its life (Pisarchyk
 * & Lee 2020, greedy by size).
 */
export function place(
  kernels: readonly Kernel[],
  bytesOf: (buffer: number) => number,
  isIntermediate: (buffer: number) => boolean,
): { offsets: Map<number, number>; arenaBytes: number } {
  const lives = new Map<number, { first: number; last: number }>();
  const touch = (buffer: number, at: number): void => {
    const life = lives.get(buffer);
    if (life) life.last = at;
    else lives.set(buffer, { first: at, last: at });
  };
  kernels.forEach((kernel, at) => {
    for (const b of buffersRead(kernel)) touch(b, at);
    for (const s of kernel.stores) touch(s.buffer, at);
  });
  const intervals: Interval[] = [];
  for (const [buffer, life] of lives) {
    if (!isIntermediate(buffer)) continue;
    intervals.push({ buffer, ...life, bytes: Math.ceil(bytesOf(buffer) / alignment) * alignment });
  }
  intervals.sort((a, b) => b.bytes - a.bytes || a.buffer - b.buffer);
  const offsets = new Map<number, number>();
  let arenaBytes = 0;
  const placed: Interval[] = [];
  for (const interval of intervals) {
    const busy = placed
      .filter((p) => p.first <= interval.last && interval.first <= p.last)
      .map((p) => ({ start: offsets.get(p.buffer)!, end: offsets.get(p.buffer)! + p.bytes }))
      .sort((a, b) => a.start - b.start);
    let offset = 0;
    for (const { start, end } of busy) {
      if (start - offset >= interval.bytes) break;
      offset = Math.max(offset, end);
    }
    offsets.set(interval.buffer, offset);
    placed.push(interval);
    arenaBytes = Math.max(arenaBytes, offset + interval.bytes);
  }
  return { offsets, arenaBytes };
}
