interface Gap {
  offset: number;
  bytes: number;
}

/**
 * A best-fit allocator for one memory that grows at its end. Released regions become gaps, which are kept in ascending
 * order; adjacent gaps are merged.
 */
export class FreeList {
  #end: number;
  readonly #gaps: Gap[] = [];

  /** `start` is the first offset that may be allocated. */
  constructor(start = 0) {
    this.#end = start;
  }

  /** The end of all memory that was ever allocated. */
  get end(): number {
    return this.#end;
  }

  /** The offset that `extend` would return: the end, or the start of a gap before the end. */
  get extendOffset(): number {
    const last = this.#gaps[this.#gaps.length - 1];
    return last !== undefined && last.offset + last.bytes === this.#end ? last.offset : this.#end;
  }

  /** Allocates `bytes` in the smallest sufficient gap, or at the end. */
  take(bytes: number): number {
    return this.takeGap(bytes) ?? this.extend(bytes);
  }

  /** As `take`, but returns null if no gap is large enough. */
  takeGap(bytes: number): number | null {
    if (bytes === 0) return 0;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#gaps.length && least !== bytes; i++) {
      const size = this.#gaps[i]!.bytes;
      if (size < bytes || size >= least) continue;
      best = i;
      least = size;
    }
    if (best < 0) return null;
    const gap = this.#gaps[best]!;
    const { offset } = gap;
    if (gap.bytes === bytes) this.#gaps.splice(best, 1);
    else Object.assign(gap, { offset: offset + bytes, bytes: gap.bytes - bytes });
    return offset;
  }

  /** Allocates at the end of the memory, including a gap before it. */
  extend(bytes: number): number {
    const offset = this.extendOffset;
    if (offset !== this.#end) this.#gaps.pop();
    this.#end = offset + bytes;
    return offset;
  }

  release(offset: number, bytes: number): void {
    if (bytes === 0) return;
    const at = this.#after(offset);
    const before = this.#gaps[at - 1];
    const after = this.#gaps[at];
    const beforeEnd = before === undefined ? 0 : before.offset + before.bytes;
    if (offset < beforeEnd || offset + bytes > (after?.offset ?? this.#end)) {
      throw new Error(`[memory] ${bytes} bytes at ${offset} are not all in use`);
    }
    const gap = { offset, bytes };
    let from = at;
    let merged = 0;
    if (before !== undefined && beforeEnd === offset) {
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

  /** The index of the first gap that begins after an offset. */
  #after(offset: number): number {
    let low = 0;
    let high = this.#gaps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#gaps[middle]!.offset > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
