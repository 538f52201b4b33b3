import { type DType, dtypes, type TypedArray } from '../../../ir/dtype.ts';
import { MemoryError } from '../../../ir/errors.ts';
import { typedArrayName } from '../../../ir/typed-array.ts';
import { FreeList } from '../../../util/free-list.ts';
import { MAX_PAGES } from '../assembler/module.ts';
import { alignToCacheLine, CACHE_LINE } from '../module/frame-layout.ts';

const PAGE = 65536;
const MIB = 1 << 20;
/** Readable bytes after the last allocation. */
const MARGIN = CACHE_LINE;

export interface MemoryOptions {
  /** Whether several threads may use it. */
  readonly shared: boolean;
  /** The maximum size in pages of 64 KiB. */
  readonly maximumPages?: number;
}

/**
 * The WebAssembly memory of all plans, with its allocator. It grows on demand and never shrinks. Addresses are unsigned;
 * address 0 is never allocated.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** Views of the whole memory. Growing replaces them, so do not keep references. */
  bytes!: Uint8Array;
  words!: Int32Array;
  floats!: Float32Array;
  /** Called if the memory can't grow: releases some memory and returns true, or returns false. */
  makeRoom: () => boolean = () => false;
  readonly #free = new FreeList(CACHE_LINE);
  readonly #limit: number;
  #used = 0;

  constructor({ shared, maximumPages = MAX_PAGES }: MemoryOptions) {
    this.shared = shared;
    const { memory, pages } = reserve(shared, maximumPages);
    this.memory = memory;
    this.#limit = pages * PAGE;
    this.#refresh();
  }

  /** Bytes of the memory. */
  get size(): number {
    return this.bytes.length;
  }

  /** Allocated bytes, each allocation rounded up to a multiple of 64. */
  get used(): number {
    return this.#used;
  }

  /**
   * Allocates `bytes` bytes with unspecified contents and returns their address, a multiple of 64. The 64 bytes after them
   * are readable. If the memory can't grow, calls `makeRoom` until the allocation succeeds.
   *
   * @throws MemoryError if `makeRoom` returns false.
   */
  allocate(bytes: number): number {
    const wanted = alignToCacheLine(bytes);
    for (;;) {
      const address = this.#free.takeGap(wanted) ?? this.#extend(wanted);
      if (address !== null) {
        this.#used += wanted;
        return address;
      }
      if (!this.makeRoom()) throw this.#exhausted(bytes);
    }
  }

  /** Frees an allocation of `bytes` bytes. */
  release(address: number, bytes: number): void {
    this.#free.release(address, alignToCacheLine(bytes));
    this.#used -= alignToCacheLine(bytes);
  }

  /** A view of `length` elements at an address; valid until the memory grows. */
  view(dtype: DType, address: number, length: number): TypedArray {
    return dtypes[dtype].on(this.bytes.buffer, address, length);
  }

  /** A view with the type and length of `array` at an address; valid until the memory grows. */
  viewLike(array: TypedArray, address: number): TypedArray {
    const { buffer } = this.bytes;
    const name = typedArrayName(array);
    if (name === 'Float32Array') return new Float32Array(buffer, address, array.length);
    if (name === 'Int32Array') return new Int32Array(buffer, address, array.length);
    return new Uint8Array(buffer, address, array.length);
  }

  #extend(bytes: number): number | null {
    const end = this.#free.extendOffset + bytes + MARGIN;
    return end <= this.size || this.#grow(end) ? this.#free.extend(bytes) : null;
  }

  /** Grows the memory to at least `bytes` bytes; false if that is not possible. */
  #grow(bytes: number): boolean {
    if (bytes > this.#limit) return false;
    const present = this.size;
    const generous = Math.min(this.#limit, Math.max(bytes, present + Math.max(MIB, present / 4)));
    for (const target of [generous, bytes]) {
      try {
        this.memory.grow(Math.ceil((target - present) / PAGE));
      } catch {
        continue;
      }
      this.#refresh();
      return true;
    }
    return false;
  }

  #refresh(): void {
    const { buffer } = this.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.floats = new Float32Array(buffer);
  }

  #exhausted(bytes: number): MemoryError {
    const limit =
      this.#limit === MAX_PAGES * PAGE
        ? 'WebAssembly with 32-bit addresses has at most 4 GiB'
        : `this platform allows at most ${formatBytes(this.#limit)}`;
    return new MemoryError(
      `[memory] got a request for ${formatBytes(bytes)}, but ${formatBytes(this.#used)} are in use, and ${limit}. ` +
        "Use smaller batches, or the 'js' backend, whose tensors have no common limit.",
    );
  }
}

/** A small memory with the largest maximum that the platform allows. */
function reserve(shared: boolean, most: number): { memory: WebAssembly.Memory; pages: number } {
  const initial = Math.min(16, most);
  for (let pages = most; ; pages = Math.ceil(pages / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial, maximum: pages, shared }), pages };
    } catch (error) {
      if (pages > 16 * initial) continue;
      throw new MemoryError(
        `[memory] could not create a WebAssembly memory of ${initial} pages: ${error}. Use the 'js' backend.`,
      );
    }
  }
}

function formatBytes(bytes: number): string {
  const units = [
    ['GiB', 1024 * MIB],
    ['MiB', MIB],
    ['KiB', 1024],
  ] as const;
  const unit = units.find(([, size]) => bytes >= size);
  return unit === undefined ? `${bytes} bytes` : `${(bytes / unit[1]).toFixed(1)} ${unit[0]}`;
}
