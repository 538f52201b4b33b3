import type { DeviceCopy } from '../../../ir/device-copy.ts';
import { dtypes, type TypedArray } from '../../../ir/dtype.ts';
import type { Storage } from '../../../ir/storage.ts';
import { paddedBytes } from '../../../util/address-padding.ts';
import { ByteQueue } from '../../../util/byte-queue.ts';
import type { WasmMemory } from './wasm-memory.ts';

const MIB = 1 << 20;

/**
 * The values of storages in WebAssembly's memory: a bounded cache. The values belong to the storages' arrays,
 * which the garbage collector sees. What one run has used goes first (a batch of data, a result that nobody
 * asked for), then what was used least recently. A block that is newer than its array is written back when
 * the array is asked for or the block goes; a finalizer saves that work where a storage is gone, but nothing
 * depends on finalizers, which may never run. (No block refers to its storage: even a WeakRef would keep it
 * alive until the event loop turns.)
 */
export class DeviceCache {
  readonly #memory: WasmMemory;
  /** Used in one run: brought in for it, or written by it. */
  readonly #inputs = new ByteQueue<CachedCopy>(8 * MIB);
  readonly #results = new ByteQueue<CachedCopy>(64 * MIB);
  /** Used in several runs; twice what the present run needs stays in any case. */
  readonly #kept = new ByteQueue<CachedCopy>(256 * MIB);
  readonly #collected: FinalizationRegistry<CachedCopy>;
  #run = 0;
  #runBytes = 0;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
    this.#collected = new FinalizationRegistry((block) => this.#release(block));
  }

  /** Are there many results that nobody has read? Finalizers may know that they are not wanted any more. */
  get isCrowded(): boolean {
    return 2 * this.#results.bytes > this.#results.limit;
  }

  /** What is brought in from now on stays until the next call. */
  beginRun(): void {
    this.#run++;
    this.#runBytes = 0;
  }

  /** Are the storage's values in memory? */
  has(storage: Storage): boolean {
    return this.#find(storage) !== null;
  }

  /** The address of a storage's values, for reading and for writing in place. */
  enter(storage: Storage): number {
    let block = this.#find(storage);
    if (block === null) {
      block = this.#bringIn(storage, this.#inputs);
      this.#memory.view(storage.dtype, block.address, storage.size).set(storage.array);
      this.#settle(storage, block);
    }
    return this.#use(block);
  }

  /** The address of memory for a storage's new values, which the run writes. */
  enterResult(storage: Storage): number {
    const block = this.#bringIn(storage, this.#results);
    this.#settle(storage, block);
    return this.#use(block);
  }

  /** The run has written the storage's values: its array is older from now on. */
  written(storage: Storage): void {
    const block = this.#find(storage);
    if (block !== null) block.older = storage.hostArray;
  }

  /** The storage's values in memory are not wanted. */
  leave(storage: Storage): void {
    this.#find(storage)?.drop();
  }

  #find({ deviceCopy }: Storage): CachedCopy | null {
    return deviceCopy instanceof CachedCopy && deviceCopy.isHeldBy(this) ? deviceCopy : null;
  }

  #bringIn(storage: Storage, queue: ByteQueue<CachedCopy>): CachedCopy {
    const bytes = paddedBytes(storage.size * dtypes[storage.dtype].bytes);
    this.#shrink(queue, queue.limit - bytes);
    this.#shrink(this.#kept, Math.max(this.#kept.limit, 2 * this.#runBytes));
    const address = this.#memory.allocate(bytes);
    return new CachedCopy(this, queue, address, bytes);
  }

  #settle(storage: Storage, block: CachedCopy): void {
    storage.deviceCopy?.drop();
    storage.deviceCopy = block;
    this.#collected.register(storage, block, block);
    block.queue.add(block);
  }

  /** Notes a use by the present run; the second run that uses a block moves it to those that are kept. */
  #use(block: CachedCopy): number {
    if (block.run !== this.#run) {
      this.#runBytes += block.bytes;
      if (block.run > 0) {
        block.queue.remove(block);
        this.#kept.add(block);
        block.queue = this.#kept;
      }
      block.run = this.#run;
    }
    return block.address;
  }

  /** Brings a queue down to so many bytes, but not at the cost of this run or the one before. */
  #shrink(queue: ByteQueue<CachedCopy>, limit: number): void {
    for (const block of queue.blocks) {
      if (queue.bytes <= limit || block.run >= this.#run - 1) return;
      this.#evict(block);
    }
  }

  /** Gives some memory free; false where this run needs all of it. */
  evictOldest(): boolean {
    for (const { blocks } of [this.#inputs, this.#results, this.#kept]) {
      for (const block of blocks) {
        if (block.run === this.#run) continue;
        this.#evict(block);
        return true;
      }
    }
    return false;
  }

  #evict(block: CachedCopy): void {
    if (block.older !== null) block.fetch(block.older);
    block.drop();
  }

  /** @internal Copies a block's values to an array. */
  copyOut(block: CachedCopy, array: TypedArray): void {
    array.set(this.#memory.viewLike(array, block.address));
  }

  /** @internal The block is wanted no more. */
  forget(block: CachedCopy): void {
    this.#collected.unregister(block);
    this.#release(block);
  }

  #release(block: CachedCopy): void {
    if (block.queue.remove(block)) this.#memory.release(block.address, block.bytes);
  }
}

class CachedCopy implements DeviceCopy {
  readonly #deviceCache: DeviceCache;
  readonly address: number;
  readonly bytes: number;
  queue: ByteQueue<CachedCopy>;
  /** The number of the run that used it last. */
  run = 0;
  /** The storage's array, while the block's values are newer. */
  older: TypedArray | null = null;

  constructor(deviceCache: DeviceCache, queue: ByteQueue<CachedCopy>, address: number, bytes: number) {
    this.#deviceCache = deviceCache;
    this.queue = queue;
    this.address = address;
    this.bytes = bytes;
  }

  /** Is it still in memory, and in this one? */
  isHeldBy(deviceCache: DeviceCache): boolean {
    return this.#deviceCache === deviceCache && this.queue.blocks.has(this);
  }

  fetch(array: TypedArray): void {
    if (this.older === null) return;
    this.older = null;
    this.#deviceCache.copyOut(this, array);
  }

  drop(): void {
    this.older = null;
    this.#deviceCache.forget(this);
  }
}
