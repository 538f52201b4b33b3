import type { DeviceCopy } from '../../../ir/device-copy.ts';
import { dtypes, type TypedArray } from '../../../ir/dtype.ts';
import type { HostArray } from '../../../ir/host-array.ts';
import type { Storage } from '../../../ir/storage.ts';
import { paddedBytes } from '../../../util/address-padding.ts';
import { ByteQueue } from '../../../util/byte-queue.ts';
import { CollectorWeight } from '../../../util/collector-weight.ts';
import type { WasmMemory } from './wasm-memory.ts';

const MIB = 1 << 20;

/**
 * A bounded cache of storages' values in WebAssembly memory; the least recently used are evicted. A copy that is newer than
 * its storage's host array is written back when the array is read or the copy is evicted. Of a result that nobody has read
 * it is the only copy: the host array is not allocated before that. A finalizer drops the copies of collected storages
 * without that work, but nothing depends on finalizers, which may never run. No copy refers to its storage: even a WeakRef
 * would keep the storage alive until the current task of the event loop ends.
 */
export class DeviceCache {
  readonly #memory: WasmMemory;
  /** Copies used by one run, whose values the host arrays have too: uploaded, or read back. */
  readonly #inputs = new ByteQueue<CachedCopy>(8 * MIB);
  /** Results whose host arrays do not have the values. */
  readonly #results = new ByteQueue<CachedCopy>(256 * MIB);
  /** Other copies used by several runs. The last two limits are raised to twice the bytes that the current run needs. */
  readonly #kept = new ByteQueue<CachedCopy>(256 * MIB);
  /** The bytes of copies without a host array. */
  readonly #weight = new CollectorWeight();
  readonly #collected: FinalizationRegistry<CachedCopy>;
  #run = 0;
  #runBytes = 0;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
    this.#collected = new FinalizationRegistry((copy) => this.#release(copy));
  }

  /** Are half of the results' bytes in use? Finalizers may find that the storages of some were collected. */
  get isCrowded(): boolean {
    return 2 * this.#results.bytes > this.#results.limit;
  }

  /** Starts a run. Copies that it uses are not evicted before the next call. */
  beginRun(): void {
    this.#run++;
    this.#runBytes = 0;
  }

  /** Does the cache hold a copy of the storage's values? */
  has(storage: Storage): boolean {
    return this.#find(storage) !== null;
  }

  /** The address of a storage's values. Uploads them if needed. */
  enter(storage: Storage): number {
    let copy = this.#find(storage);
    if (copy === null) {
      copy = this.#newCopy(storage, this.#inputs);
      this.#memory.view(storage.dtype, copy.address, storage.size).set(storage.array);
      this.#attach(storage, copy);
    }
    return this.#use(copy);
  }

  /** The address of memory for the values of a new storage, which the run will write. */
  enterResult(storage: Storage): number {
    const copy = this.#newCopy(storage, this.#results);
    this.#attach(storage, copy);
    return this.#use(copy);
  }

  /** The address of memory for other values of a storage, for `replace`; `release` frees it if the run fails. */
  allocate(storage: Storage): number {
    const bytes = bytesOf(storage);
    this.#makeRoom(this.#results, bytes);
    this.#runBytes += bytes;
    return this.#memory.allocate(bytes);
  }

  release(storage: Storage, address: number): void {
    this.#memory.release(address, bytesOf(storage));
  }

  /** Replaces the values of a storage by those at an address that `allocate` returned. */
  replace(storage: Storage, address: number): void {
    const copy = this.#find(storage);
    if (copy === null) {
      this.#attach(storage, new CachedCopy(this, this.#kept, address, bytesOf(storage)));
    } else {
      this.#memory.release(copy.address, copy.bytes);
      copy.address = address;
    }
    this.written(storage);
  }

  /** The run has written the copy: the storage's array is out of date. */
  written(storage: Storage): void {
    const copy = this.#find(storage);
    if (copy !== null) copy.staleHost = storage.host;
  }

  /** Drops the copy of the storage's values without writing it back. */
  discard(storage: Storage): void {
    this.#find(storage)?.drop();
  }

  #find({ deviceCopy }: Storage): CachedCopy | null {
    return deviceCopy instanceof CachedCopy && deviceCopy.isHeldBy(this) ? deviceCopy : null;
  }

  #newCopy(storage: Storage, queue: ByteQueue<CachedCopy>): CachedCopy {
    const bytes = bytesOf(storage);
    this.#makeRoom(queue, bytes);
    return new CachedCopy(this, queue, this.#memory.allocate(bytes), bytes);
  }

  /** Evicts copies so that `bytes` more bytes in a queue stay within its limit. */
  #makeRoom(queue: ByteQueue<CachedCopy>, bytes: number): void {
    this.#shrink(this.#inputs, this.#inputs.limit - (queue === this.#inputs ? bytes : 0));
    for (const shared of [this.#results, this.#kept]) {
      const limit = Math.max(shared.limit, 2 * this.#runBytes);
      this.#shrink(shared, limit - (queue === shared ? bytes : 0));
    }
  }

  #attach(storage: Storage, copy: CachedCopy): void {
    storage.adopt(copy);
    this.#collected.register(storage, copy, copy);
    if (!storage.host.isAllocated) copy.weight = copy.bytes;
    this.#weight.add(copy.weight);
    copy.queue.add(copy);
  }

  /** Records a use by the current run. An input that a second run uses is kept. */
  #use(copy: CachedCopy): number {
    if (copy.run !== this.#run) {
      this.#runBytes += copy.bytes;
      if (copy.run > 0) this.#move(copy, copy.queue === this.#inputs ? this.#kept : copy.queue);
      copy.run = this.#run;
    }
    return copy.address;
  }

  #move(copy: CachedCopy, queue: ByteQueue<CachedCopy>): void {
    copy.queue.remove(copy);
    queue.add(copy);
    copy.queue = queue;
  }

  /** Evicts copies until the queue has at most `limit` bytes; keeps those that this run or the previous one used. */
  #shrink(queue: ByteQueue<CachedCopy>, limit: number): void {
    for (const copy of queue.entries) {
      if (queue.bytes <= limit || copy.run >= this.#run - 1) return;
      this.#evict(copy);
    }
  }

  /** Evicts one copy that the current run does not use; false if there is none. */
  evictOldest(): boolean {
    for (const { entries } of [this.#inputs, this.#results, this.#kept]) {
      for (const copy of entries) {
        if (copy.run === this.#run) continue;
        this.#evict(copy);
        return true;
      }
    }
    return false;
  }

  #evict(copy: CachedCopy): void {
    copy.fetch();
    copy.drop();
  }

  /** @internal The values of a copy for a host array, valid until the memory grows. */
  view({ address }: CachedCopy, { dtype, size }: HostArray): TypedArray {
    return this.#memory.view(dtype, address, size);
  }

  /** @internal The host array has got the values of a copy. */
  fetched(copy: CachedCopy): void {
    if (copy.queue === this.#results) this.#move(copy, this.#inputs);
  }

  /** @internal Releases a copy that is no longer needed. */
  forget(copy: CachedCopy): void {
    this.#collected.unregister(copy);
    this.#release(copy);
  }

  #release(copy: CachedCopy): void {
    if (!copy.queue.remove(copy)) return;
    this.#weight.add(-copy.weight);
    this.#memory.release(copy.address, copy.bytes);
  }
}

const bytesOf = ({ size, dtype }: Storage): number => paddedBytes(size * dtypes[dtype].bytes);

class CachedCopy implements DeviceCopy {
  readonly #deviceCache: DeviceCache;
  address: number;
  readonly bytes: number;
  /** The bytes of which the garbage collector would not know without `CollectorWeight`. */
  weight = 0;
  queue: ByteQueue<CachedCopy>;
  /** The number of the last run that used it. */
  run = 0;
  /** The storage's host array while it is out of date, else null. */
  staleHost: HostArray | null = null;

  constructor(deviceCache: DeviceCache, queue: ByteQueue<CachedCopy>, address: number, bytes: number) {
    this.#deviceCache = deviceCache;
    this.queue = queue;
    this.address = address;
    this.bytes = bytes;
  }

  /** Does this cache still hold the copy? */
  isHeldBy(deviceCache: DeviceCache): boolean {
    return this.#deviceCache === deviceCache && this.queue.entries.has(this);
  }

  fetch(): void {
    const host = this.staleHost;
    if (host === null) return;
    host.array.set(this.#deviceCache.view(this, host));
    this.staleHost = null;
    this.#deviceCache.fetched(this);
  }

  view(): TypedArray | null {
    return this.staleHost && this.#deviceCache.view(this, this.staleHost);
  }

  drop(): void {
    this.staleHost = null;
    this.#deviceCache.forget(this);
  }
}
