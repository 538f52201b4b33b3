import { type DType, dtypes, type TypedArray } from '../../../ir/dtype.ts';
import { MemoryError } from '../../../ir/errors.ts';
import { FreeList } from '../../../util/free-list.ts';
import { MAX_PAGES } from '../assembler/module.ts';
import { alignToCacheLine, CACHE_LINE } from '../module/frame-layout.ts';

const PAGE = 65536;
const MIB = 1 << 20;
/** So many bytes after the end of what is allocated can be read. */
const MARGIN = CACHE_LINE;

export interface MemoryOptions {
  /** May several threads use it? */
  readonly shared: boolean;
  /** The most that it may grow to, in pages of 64 KiB. */
  readonly maximumPages?: number;
}

/**
 * The one WebAssembly memory of all plans, and who has which part of it. It grows when it must and never
 * shrinks. Addresses are unsigned; 0 belongs to nobody.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** Views over the whole memory. They are new objects after each growth: do not keep them. */
  bytes!: Uint8Array;
  words!: Int32Array;
  floats!: Float32Array;
  /** Called where the memory can't grow: releases something, and says whether it did. */
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

  /** Bytes of the whole memory. */
  get size(): number {
    return this.bytes.length;
  }

  /** Bytes that are allocated, each allocation rounded up to a multiple of 64. */
  get used(): number {
    return this.#used;
  }

  /**
   * The address of `bytes` bytes with any contents, a multiple of 64; the 64 bytes after them can be read.
   * Where the memory cannot grow, `makeRoom` is called to release something, as long as it says that it did;
   * a `MemoryError` where that does not help.
   */
  allocate(bytes: number): number {
    const wanted = alignToCacheLine(bytes);
    for (;;) {
      const address = this.#free.fill(wanted) ?? this.#extend(wanted);
      if (address !== null) {
        this.#used += wanted;
        return address;
      }
      if (!this.makeRoom()) throw this.#exhausted(bytes);
    }
  }

  /** Gives back what `allocate` gave for as many bytes. */
  release(address: number, bytes: number): void {
    this.#free.release(address, alignToCacheLine(bytes));
    this.#used -= alignToCacheLine(bytes);
  }

  /** `length` elements from an address on; valid until the memory grows. */
  view(dtype: DType, address: number, length: number): TypedArray {
    return dtypes[dtype].on(this.bytes.buffer, address, length);
  }

  /** As many elements as an array has and of its kind, from an address on; valid until the memory grows. */
  viewLike(array: TypedArray, address: number): TypedArray {
    const { buffer } = this.bytes;
    if (array instanceof Float32Array) return new Float32Array(buffer, address, array.length);
    if (array instanceof Int32Array) return new Int32Array(buffer, address, array.length);
    return new Uint8Array(buffer, address, array.length);
  }

  #extend(bytes: number): number | null {
    const end = this.#free.tail + bytes + MARGIN;
    return end <= this.size || this.#grow(end) ? this.#free.extend(bytes) : null;
  }

  /** Makes the memory hold `bytes` bytes at least. */
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
        ? 'WebAssembly with 32-bit addresses has 4 GiB at most'
        : `this platform gives ${inWords(this.#limit)} at most`;
    return new MemoryError(
      `[memory] ${inWords(bytes)} more do not fit: ${inWords(this.#used)} are in use, and ${limit}. ` +
        "Use smaller batches, or the 'js' backend, whose tensors have no common limit.",
    );
  }
}

/** A memory that is small but may grow to as many pages as the platform has addresses for. */
function reserve(shared: boolean, most: number): { memory: WebAssembly.Memory; pages: number } {
  const initial = Math.min(16, most);
  for (let pages = most; ; pages = Math.ceil(pages / 2)) {
    try {
      return { memory: new WebAssembly.Memory({ initial, maximum: pages, shared }), pages };
    } catch (error) {
      if (pages > 16 * initial) continue;
      throw new MemoryError(`[memory] this platform gives no memory to WebAssembly: ${error}`);
    }
  }
}

function inWords(bytes: number): string {
  const units = [
    ['GiB', 1024 * MIB],
    ['MiB', MIB],
    ['KiB', 1024],
  ] as const;
  const unit = units.find(([, size]) => bytes >= size);
  return unit === undefined ? `${bytes} bytes` : `${(bytes / unit[1]).toFixed(1)} ${unit[0]}`;
}
