import { type DeviceCopy, neverComputed, valuesNotOnHost } from '../../ir/device-copy.ts';
import { dtypes, type TypedArray } from '../../ir/dtype.ts';
import type { StateError } from '../../ir/errors.ts';
import type { HostArray } from '../../ir/host-array.ts';
import type { Storage } from '../../ir/storage.ts';
import { ByteQueue } from '../../util/byte-queue.ts';
import { CollectorWeight } from '../../util/collector-weight.ts';
import type { Device } from './device/device.ts';
import { deviceLostError } from './device/device-lost.ts';
import { decode, encode } from './device/encoding.ts';

const MIB = 1 << 20;
/** The most bytes of one readback, unless a single block is larger. */
const READBACK_BYTES = 64 * MIB;
/** An input that one run has used stays on the device for this many runs. */
const INPUT_RUNS = 8;

/**
 * The values of storages on the device: a bounded cache. The values belong to the storages' arrays, which the garbage collector
 * sees. Blocks that only one run has used are evicted first, then the least recently used ones. A block that is newer than its
 * array is read back before its eviction. A finalizer saves that readback if the storage was collected; nothing depends on
 * finalizers, which may never run.
 */
export class DeviceCache<M> {
  readonly #device: Device<M>;
  /** Inputs that one run has used. Their arrays have the values too, so they are evicted early. */
  readonly #inputs = new ByteQueue<Block<M>>(128 * MIB);
  /** Results that no other run has used. */
  readonly #results = new ByteQueue<Block<M>>(128 * MIB);
  /** Used by several runs. The limit grows to twice the bytes that the current run uses. */
  readonly #reused = new ByteQueue<Block<M>>(1024 * MIB);
  readonly #weight = new CollectorWeight();
  readonly #collected: FinalizationRegistry<Block<M>>;
  #run = 0;
  #runBytes = 0;
  #evicting: Promise<void> | null = null;

  constructor(device: Device<M>) {
    this.#device = device;
    this.#collected = new FinalizationRegistry((block) => this.#release(block));
  }

  /** Settles when the evicted values have been read back. A run waits for it before it is issued, so memory stays bounded. */
  get evicting(): Promise<void> | null {
    return this.#evicting;
  }

  /** Begins a run: the blocks that it uses stay until the next run begins. */
  beginRun(): void {
    this.#run++;
    this.#runBytes = 0;
    for (const block of this.#inputs.entries) {
      if (block.run >= this.#run - INPUT_RUNS) break;
      if (!block.stale && !block.isEvicting && block.pins === 0) block.drop();
    }
  }

  /** The block of a storage on this device; null if it has none. */
  find({ deviceCopy }: Storage): Block<M> | null {
    return deviceCopy instanceof Block && deviceCopy.isHeldBy(this) ? deviceCopy : null;
  }

  /** The block with a storage's values, uploaded if they are not on the device. */
  forReading(storage: Storage): Block<M> {
    let block = this.find(storage);
    if (block === null) {
      const floats = encode(storage.array);
      block = this.#newBlock(storage, 4 * floats.length, this.#inputs);
      storage.adopt(block);
      block.memory = this.#device.upload(floats);
    }
    this.#use(block);
    return block;
  }

  /** The block for the values of a new storage, which a run will write. */
  forResult(storage: Storage, bytes: number): Block<M> {
    const block = this.#newBlock(storage, bytes, this.#results);
    storage.adopt(block);
    block.stale = true;
    this.#use(block);
    return block;
  }

  /**
   * The block for new values of a storage, which a run will write. It is the storage's device copy from now on. The previous
   * one stays until the run's outcome is known, see `decide`.
   */
  forReplacement(storage: Storage, bytes: number): Block<M> {
    if (storage.deviceCopy === null) void storage.array; // computes deferred initial values
    const old = this.find(storage);
    const block = this.#newBlock(storage, bytes, old?.queue ?? this.#results);
    block.isReplacement = true;
    block.previous = storage.deviceCopy;
    block.stale = true;
    storage.deviceCopy = block;
    if (old !== null) old.pin().superseded = true;
    this.#use(block);
    return block;
  }

  /** Keeps the new values of a storage after a successful run, or restores the previous ones after a failed one. */
  decide(storage: Storage, block: Block<M>, success: boolean): void {
    if (success) {
      while (block.previous !== null) block.dropPrevious();
      return;
    }
    block.fail();
    // A later run may have replaced the values again. It restores the latest ones that did not fail, if it fails too.
    if (storage.deviceCopy !== block) return;
    while (block.previous instanceof Block && block.previous.isUndone) block.dropPrevious();
    storage.deviceCopy = block.previous;
    if (block.previous instanceof Block) block.previous.unpin().superseded = false;
    block.drop();
  }

  /** Issues the readback of a block. */
  async download(block: Block<M>): Promise<Float32Array> {
    const [floats] = await this.#device.download([block.memory!]);
    return floats!;
  }

  /** Brings the arrays of blocks up to date, in readbacks of limited size. */
  async fetch(blocks: readonly Block<M>[]): Promise<void> {
    const remaining = [...blocks];
    while (remaining.length > 0) {
      let count = 1;
      let bytes = remaining[0]!.bytes;
      for (; count < remaining.length && bytes + remaining[count]!.bytes <= READBACK_BYTES; count++)
        bytes += remaining[count]!.bytes;
      const batch = remaining.splice(0, count).filter((block) => block.stale && block.memory !== null);
      if (batch.length === 0) continue;
      const arrays = await this.#device.download(batch.map((block) => block.memory!));
      batch.forEach((block, k) => {
        block.update(arrays[k]!);
      });
    }
  }

  /** Uploads a block's values again from its storage's array, which must be up to date. */
  uploadAgain(block: Block<M>): void {
    if (block.memory !== null) this.#device.release(block.memory);
    block.memory = this.#device.upload(encode(block.host.array));
  }

  /** Drops all blocks whose arrays are up to date and that no queued run needs, and frees idle device memory. */
  dropCopies(): void {
    for (const { entries: blocks } of this.#queues)
      for (const block of [...blocks]) if (!block.stale && block.pins === 0) block.drop();
    this.#device.trim();
  }

  /** All blocks whose arrays are out of date. */
  get staleBlocks(): Block<M>[] {
    return this.#queues
      .flatMap(({ entries: blocks }) => [...blocks])
      .filter((block) => block.stale && !block.failed);
  }

  get #queues(): readonly ByteQueue<Block<M>>[] {
    return [this.#inputs, this.#results, this.#reused];
  }

  #newBlock(storage: Storage, bytes: number, queue: ByteQueue<Block<M>>): Block<M> {
    this.#shrink(queue, queue.limit - bytes);
    this.#shrink(this.#reused, Math.max(this.#reused.limit, 2 * this.#runBytes));
    const block = new Block<M>(this, this.#device.name, queue, storage.host, bytes);
    this.#collected.register(storage, block, block);
    this.#weight.add(block.weight);
    block.queue.add(block);
    return block;
  }

  /** Records a use by the current run. The second run that uses a block moves it to the reused blocks. */
  #use(block: Block<M>): void {
    if (block.run === this.#run) return;
    this.#runBytes += block.bytes;
    if (block.run > 0) {
      block.queue.remove(block);
      this.#reused.add(block);
      block.queue = this.#reused;
    }
    block.run = this.#run;
  }

  /** Evicts blocks until a queue holds at most `limit` bytes. Blocks of this and the previous run and pinned blocks stay. */
  #shrink(queue: ByteQueue<Block<M>>, limit: number): void {
    const toReadBack: Block<M>[] = [];
    let bytes = queue.bytes;
    for (const block of queue.entries) {
      if (bytes <= limit || block.run >= this.#run - 1) break;
      if (block.isEvicting || block.pins > 0 || block.outcome !== null) continue;
      bytes -= block.bytes;
      if (block.stale && !block.failed) toReadBack.push(block);
      else block.drop();
    }
    if (toReadBack.length === 0) return;
    for (const block of toReadBack) block.isEvicting = true;
    const evicted: Promise<void> = (this.#evicting ?? Promise.resolve())
      .then(() => this.fetch(toReadBack))
      .catch(() => {}) // the readers of the values get the error
      .then(() => {
        for (const block of toReadBack) {
          block.isEvicting = false;
          if (!block.stale && block.pins === 0) block.drop();
        }
        if (this.#evicting === evicted) this.#evicting = null;
      });
    this.#evicting = evicted;
  }

  /** @internal The error for values on a lost device; null while the device works. */
  get lost(): StateError | null {
    return deviceLostError(this.#device);
  }

  /** @internal Removes a block and frees its memory. */
  forget(block: Block<M>): void {
    this.#collected.unregister(block);
    this.#release(block);
  }

  /** @internal Frees a block's memory, unless a queued run or read needs it. */
  free(block: Block<M>): void {
    if (block.pins > 0 || block.memory === null) return;
    this.#device.release(block.memory);
    block.memory = null;
  }

  #release(block: Block<M>): void {
    if (!block.queue.remove(block)) return;
    this.#weight.add(-block.weight);
    this.free(block);
  }
}

/** A storage's values on the device, written once: uploaded, or computed by a run. */
export class Block<M> implements DeviceCopy {
  readonly #deviceCache: DeviceCache<M>;
  readonly #device: string;
  readonly host: HostArray;
  readonly bytes: number;
  /** The bytes of which the garbage collector would not know without `CollectorWeight`. */
  readonly weight: number;
  queue: ByteQueue<Block<M>>;
  /** The values; null before the run that computes them is issued. */
  memory: M | null = null;
  /** The number of the last run that used it. */
  run = 0;
  /** Whether the storage's array does not have the values. */
  stale = false;
  /** Number of queued runs, reads and undecided replacements that need it. */
  pins = 0;
  /** Whether the run that computes it succeeded; null once that is known. */
  outcome: Promise<boolean> | null = null;
  /** Does it hold new values of a storage that had others? */
  isReplacement = false;
  /** The device copy that it replaces, until the outcome is known. */
  previous: DeviceCopy | null = null;
  /** Has another block replaced it? */
  superseded = false;
  /** Did the run that was to compute it fail? */
  failed = false;
  /** Is it being read back for its eviction? */
  isEvicting = false;

  constructor(
    deviceCache: DeviceCache<M>,
    device: string,
    queue: ByteQueue<Block<M>>,
    host: HostArray,
    bytes: number,
  ) {
    this.#deviceCache = deviceCache;
    this.#device = device;
    this.queue = queue;
    this.host = host;
    this.bytes = bytes;
    this.weight = host.isAllocated ? 0 : bytes;
  }

  /** Does this cache still hold it? */
  isHeldBy(deviceCache: unknown): boolean {
    return this.#deviceCache === deviceCache && this.queue.entries.has(this);
  }

  pin(): this {
    this.pins++;
    return this;
  }

  unpin(): this {
    this.pins--;
    if (!this.isHeldBy(this.#deviceCache)) this.#deviceCache.free(this);
    return this;
  }

  /**
   * Decodes the block's numbers. Returns the storage's array, or a new array if that must keep or get other values.
   */
  update(floats: Float32Array): TypedArray {
    const isCurrent = !this.superseded && !this.failed && this.isHeldBy(this.#deviceCache);
    const { dtype, size } = this.host;
    const values = isCurrent ? this.host.array : dtypes[dtype].allocate(size);
    decode(floats, values);
    if (isCurrent) this.stale = false;
    return values;
  }

  /** Drops the copy that it replaced. What that one had replaced takes its place. */
  dropPrevious(): void {
    const copy = this.previous;
    this.previous = null;
    if (copy instanceof Block) {
      this.previous = copy.previous;
      copy.previous = null;
      copy.unpin();
    }
    copy?.drop();
  }

  /** Marks the values as never computed. */
  fail(): void {
    this.failed = true;
    this.stale = true;
    this.#deviceCache.free(this);
  }

  /** Does the storage have the values from before, since the run failed? */
  get isUndone(): boolean {
    return this.failed && this.isReplacement;
  }

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
