import { dtypes, type TypedArray } from '../../ir/dtype.ts';
import type { Residence, Storage } from '../../ir/node.ts';
import type { Memory } from './memory.ts';

/** Bytes of values that were used in one run only; older ones give way to new ones. */
const ONCE_BYTES = 16 << 20;
/** Bytes of all values that are kept, or twice what the present run needs where that is more. */
const KEPT_BYTES = 256 << 20;

/**
 * The values of storages in WebAssembly's memory: a bounded cache. The values belong to the storages' arrays, which the
 * garbage collector sees; nobody else keeps a block in use. What was used once goes first (a batch of data), then what was
 * used least recently. A block that is newer than its array is written back when the array is asked for or the block goes.
 */
export class Residents {
  readonly #memory: Memory;
  /** In order of their last use. */
  readonly #once = new Set<Block>();
  readonly #kept = new Set<Block>();
  readonly #collected: FinalizationRegistry<Block>;
  #onceBytes = 0;
  #keptBytes = 0;
  #run = 0;
  #runBytes = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#collected = new FinalizationRegistry((block) => this.#release(block));
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#onceBytes + this.#keptBytes;
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
    const block = this.#find(storage) ?? this.#bringIn(storage, true);
    this.#use(block);
    return block.address;
  }

  /** The address of memory for a storage's new values, which the run writes. */
  enterResult(storage: Storage): number {
    const block = this.#bringIn(storage, false);
    this.#use(block);
    return block.address;
  }

  /** The run has written the storage's values: the array is older from now on. */
  written(storage: Storage): void {
    const block = this.#find(storage);
    if (block !== null) block.isNewer = true;
  }

  /** Writes the values back and gives their memory free. */
  leave(storage: Storage): void {
    const block = this.#find(storage);
    if (block !== null) this.#evict(block);
  }

  #find({ residence }: Storage): Block | null {
    return residence instanceof Block && residence.residents === this ? residence : null;
  }

  #bringIn(storage: Storage, copy: boolean): Block {
    const bytes = storage.size * dtypes[storage.dtype].bytes;
    const address = this.#allocate(bytes);
    // Another backend's copy is fetched by `array`, and counts no more.
    const array = copy ? storage.array : storage.overwrite();
    storage.residence?.drop();
    if (copy) this.#memory.view(storage.dtype, address, storage.size).set(array);
    const block = new Block(this, storage, address, bytes);
    storage.residence = block;
    this.#collected.register(storage, block, block);
    this.#once.add(block);
    this.#onceBytes += bytes;
    return block;
  }

  #use(block: Block): void {
    if (block.run !== this.#run) this.#runBytes += block.bytes;
    if (block.run === 0) {
      block.run = this.#run;
      return;
    }
    if (block.run === this.#run) return;
    block.run = this.#run;
    if (this.#once.delete(block)) {
      this.#onceBytes -= block.bytes;
      this.#keptBytes += block.bytes;
    }
    this.#kept.delete(block);
    this.#kept.add(block);
  }

  #allocate(bytes: number): number {
    this.#shrink(this.#once, ONCE_BYTES, bytes);
    this.#shrink(this.#kept, Math.max(KEPT_BYTES, 2 * this.#runBytes), bytes);
    return this.#memory.allocate(bytes, () => this.evictOldest());
  }

  /** Makes room in one of the sets, but not at the cost of this run or the one before. */
  #shrink(blocks: Set<Block>, limit: number, coming: number): void {
    for (const block of blocks) {
      const held = blocks === this.#once ? this.#onceBytes : this.#keptBytes;
      if (held + coming <= limit || block.run >= this.#run - 1) return;
      this.#evict(block);
    }
  }

  /** Gives some memory free; false where this run needs all of it. */
  evictOldest(): boolean {
    for (const blocks of [this.#once, this.#kept]) {
      for (const block of blocks) {
        if (block.run === this.#run) continue;
        this.#evict(block);
        return true;
      }
    }
    return false;
  }

  #evict(block: Block): void {
    const storage = block.owner.deref();
    if (storage !== undefined) {
      // Asking for the array brings it up to date.
      void storage.array;
      storage.residence = null;
      this.#collected.unregister(block);
    }
    this.#release(block);
  }

  /** @internal Copies a block's values to an array. */
  copyOut(block: Block, array: TypedArray): void {
    array.set(this.#memory.viewLike(array, block.address));
  }

  /** @internal The block is wanted no more. */
  forget(block: Block): void {
    this.#collected.unregister(block);
    this.#release(block);
  }

  #release(block: Block): void {
    if (this.#once.delete(block)) this.#onceBytes -= block.bytes;
    else if (this.#kept.delete(block)) this.#keptBytes -= block.bytes;
    else return;
    this.#memory.release(block.address, block.bytes);
  }
}

class Block implements Residence {
  readonly residents: Residents;
  readonly owner: WeakRef<Storage>;
  readonly address: number;
  readonly bytes: number;
  /** The number of the run that used it last. */
  run = 0;
  /** Are the values newer than the array? */
  isNewer = false;

  constructor(residents: Residents, owner: Storage, address: number, bytes: number) {
    this.residents = residents;
    this.owner = new WeakRef(owner);
    this.address = address;
    this.bytes = bytes;
  }

  fetch(array: TypedArray): void {
    if (!this.isNewer) return;
    this.isNewer = false;
    this.residents.copyOut(this, array);
  }

  drop(): void {
    const storage = this.owner.deref();
    if (storage?.residence === this) storage.residence = null;
    this.residents.forget(this);
  }
}
