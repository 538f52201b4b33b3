import type { DeviceCopy } from '../../ir/device-copy.ts';
import { neverComputed, valuesNotOnHost } from '../../ir/device-copy.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import type { StateError } from '../../ir/errors.ts';
import type { Storage } from '../../ir/storage.ts';
import { ByteQueue } from '../../util/byte-queue.ts';
import type { Device } from './device/device.ts';
import { decode, encode } from './device/format.ts';
import { lostError } from './device/lost.ts';

const MIB = 1 << 20;
/** Bytes that are read back at a time. */
const PIECE = 64 * MIB;
/** Runs for which an input stays that one of them has used. */
const AGE = 8;

/**
 * The values of storages on the device: a bounded cache over the storages' arrays, which the garbage collector sees.
 * What one run has used goes first, then what was used least recently; what is newer than its array is read back before.
 * A finalizer saves that work where a storage is gone, but nothing depends on finalizers, which may never run.
 */
export class DeviceCache<M> {
  readonly #device: Device<M>;
  /** Brought in for one run. Arrays have them too, so they go soon. */
  readonly #inputs = new ByteQueue<Block<M>>(128 * MIB);
  /** Written by one run. */
  readonly #results = new ByteQueue<Block<M>>(128 * MIB);
  /** Used by several runs; twice what the present run needs stays in any case. */
  readonly #kept = new ByteQueue<Block<M>>(1024 * MIB);
  readonly #collected: FinalizationRegistry<Block<M>>;
  #run = 0;
  #runBytes = 0;
  #leaving: Promise<void> | null = null;

  constructor(device: Device<M>) {
    this.#device = device;
    this.#collected = new FinalizationRegistry((block) => this.#release(block));
  }

  /** Settles when values that had to make room have been read back: who issues runs waits for it, so memory is bounded. */
  get leaving(): Promise<void> | null {
    return this.#leaving;
  }

  /** A run is asked for: what it uses stays until the next one is. */
  beginRun(): void {
    this.#run++;
    this.#runBytes = 0;
    for (const block of this.#inputs.blocks) {
      if (block.run >= this.#run - AGE) break;
      if (!block.stale && !block.leaves && block.pins === 0) block.drop();
    }
  }

  /** The block of a storage on this device; null where it has none. */
  find({ deviceCopy }: Storage): Block<M> | null {
    return deviceCopy instanceof Block && deviceCopy.isHeldBy(this) ? deviceCopy : null;
  }

  /** The block with a storage's values; they come to the device at once where they are not there. */
  enter(storage: Storage): Block<M> {
    let block = this.find(storage);
    if (block === null) {
      const floats = encode(storage.array);
      block = this.#add(storage, 4 * floats.length, this.#inputs);
      block.memory = this.#device.upload(floats);
    }
    this.#use(block);
    return block;
  }

  /** The block that a run will write a storage's values to, without reading them. */
  target(storage: Storage, bytes: number): Block<M> {
    let block = this.find(storage);
    if (block === null) {
      void storage.array; // up to date, in case that the run fails
      block = this.#add(storage, bytes, this.#results);
    }
    this.#use(block);
    return block;
  }

  /**
   * Issues the reading of a block, and gives the values as of now: the storage's array, or, where a later run has been asked
   * for that writes it, one of their own.
   */
  async read(block: Block<M>): Promise<TypedArray> {
    if (!block.stale || block.memory === null) return block.target;
    const asked = block.asked - block.waiting;
    const [floats] = await this.#device.download([block.memory]);
    block.update(floats!, asked);
    if (block.asked === asked) return block.target;
    const own = block.target.slice();
    decode(floats!, own);
    return own;
  }

  /** Brings the arrays of blocks up to date, some at a time. */
  async fetch(blocks: readonly Block<M>[]): Promise<void> {
    const left = [...blocks];
    while (left.length > 0) {
      let count = 1;
      let bytes = left[0]!.bytes;
      for (; count < left.length && bytes + left[count]!.bytes <= PIECE; count++) bytes += left[count]!.bytes;
      const some = left.splice(0, count).filter((block) => block.stale && block.memory !== null);
      if (some.length === 0) continue;
      const asked = some.map((block) => block.asked - block.waiting);
      const arrays = await this.#device.download(some.map((block) => block.memory!));
      some.forEach((block, k) => {
        block.update(arrays[k]!, asked[k]!);
      });
    }
  }

  /** Puts a block's values, which its storage's array has, on the device anew. */
  renew(block: Block<M>): void {
    if (block.memory !== null) this.#device.release(block.memory);
    block.memory = this.#device.upload(encode(block.target));
  }

  /** Gives up all that arrays have too and no run waits for. */
  shed(): void {
    for (const { blocks } of this.#queues)
      for (const block of [...blocks]) if (!block.stale && block.pins === 0) block.drop();
    this.#device.trim();
  }

  /** All blocks whose arrays are out of date. */
  get staleBlocks(): Block<M>[] {
    return this.#queues.flatMap(({ blocks }) => [...blocks]).filter((block) => block.stale && !block.failed);
  }

  get #queues(): readonly ByteQueue<Block<M>>[] {
    return [this.#inputs, this.#results, this.#kept];
  }

  #add(storage: Storage, bytes: number, queue: ByteQueue<Block<M>>): Block<M> {
    this.#shrink(queue, queue.limit - bytes);
    this.#shrink(this.#kept, Math.max(this.#kept.limit, 2 * this.#runBytes));
    storage.deviceCopy?.drop();
    const block = new Block<M>(this, this.#device.name, queue, storage.target, bytes);
    storage.deviceCopy = block;
    this.#collected.register(storage, block, block);
    block.queue.add(block);
    return block;
  }

  /** Notes a use by the present run; the second run that uses a block moves it to those that are kept. */
  #use(block: Block<M>): void {
    if (block.run === this.#run) return;
    this.#runBytes += block.bytes;
    if (block.run > 0) {
      block.queue.remove(block);
      this.#kept.add(block);
      block.queue = this.#kept;
    }
    block.run = this.#run;
  }

  /** Brings a queue down to so many bytes, but not at the cost of this run or the one before, or of one that waits. */
  #shrink(queue: ByteQueue<Block<M>>, limit: number): void {
    const newer: Block<M>[] = [];
    let bytes = queue.bytes;
    for (const block of queue.blocks) {
      if (bytes <= limit || block.run >= this.#run - 1) break;
      if (block.leaves || block.pins > 0) continue;
      bytes -= block.bytes;
      if (block.stale && !block.failed) newer.push(block);
      else block.drop();
    }
    if (newer.length === 0) return;
    for (const block of newer) block.leaves = true;
    const left: Promise<void> = (this.#leaving ?? Promise.resolve())
      .then(() => this.fetch(newer))
      .catch(() => {}) // of a device that is lost or in trouble hears who waits for its values
      .then(() => {
        for (const block of newer) {
          block.leaves = false;
          if (!block.stale && block.pins === 0) block.drop();
        }
        if (this.#leaving === left) this.#leaving = null;
      });
    this.#leaving = left;
  }

  /** @internal Why the values can't be had any more; null where they can. */
  get lost(): StateError | null {
    return lostError(this.#device);
  }

  /** @internal The block is wanted no more. */
  forget(block: Block<M>): void {
    this.#collected.unregister(block);
    this.#release(block);
  }

  /** @internal Gives a block's memory back, unless a run waits that reads it. */
  free(block: Block<M>): void {
    if (block.pins > 0 || block.memory === null) return;
    this.#device.release(block.memory);
    block.memory = null;
  }

  #release(block: Block<M>): void {
    if (block.queue.remove(block)) this.free(block);
  }
}

/** One storage's values on the device. */
export class Block<M> implements DeviceCopy {
  readonly #deviceCache: DeviceCache<M>;
  readonly #device: string;
  /** The storage's array. */
  readonly target: TypedArray;
  readonly bytes: number;
  queue: ByteQueue<Block<M>>;
  /** The values as of the latest run that has been issued; null before the first one. */
  memory: M | null = null;
  /** The number of the run that used it last. */
  run = 0;
  /** Runs that have been asked for and write it, those of them that have not been issued, and those that the array has seen. */
  asked = 0;
  waiting = 0;
  #seen = 0;
  /** Runs and reads that need it and have not been issued. */
  pins = 0;
  /** The outcome of the run that computes it, while that is not known. */
  outcome: Promise<unknown> | null = null;
  /** Did the run fail that was to compute it? */
  failed = false;
  /** Is it on its way out? */
  leaves = false;

  constructor(
    deviceCache: DeviceCache<M>,
    device: string,
    queue: ByteQueue<Block<M>>,
    target: TypedArray,
    bytes: number,
  ) {
    this.#deviceCache = deviceCache;
    this.#device = device;
    this.queue = queue;
    this.target = target;
    this.bytes = bytes;
  }

  /** Is it still on the device, and on this one? */
  isHeldBy(deviceCache: unknown): boolean {
    return this.#deviceCache === deviceCache && this.queue.blocks.has(this);
  }

  get stale(): boolean {
    return this.failed || this.#seen !== this.asked;
  }

  pin(): this {
    this.pins++;
    return this;
  }

  unpin(): void {
    this.pins--;
    if (!this.isHeldBy(this.#deviceCache)) this.#deviceCache.free(this);
  }

  /** Writes the block's numbers, as read after so many runs, to the storage's array. */
  update(floats: Float32Array, asked: number): void {
    if (this.failed || asked <= this.#seen) return;
    decode(floats, this.target);
    this.#seen = asked;
  }

  /** The run that was to compute it failed. */
  fail(): void {
    this.failed = true;
    this.#deviceCache.free(this);
  }

  /** Will the values never come home? */
  get lost(): boolean {
    return this.stale && (this.failed || this.#deviceCache.lost !== null);
  }

  fetch(): void {
    if (this.failed) throw neverComputed();
    if (this.stale) throw this.#deviceCache.lost ?? valuesNotOnHost(this.#device);
  }

  drop(): void {
    this.#deviceCache.forget(this);
  }
}
