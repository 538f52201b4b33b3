import { DeviceCache } from '../memory/device-cache.ts';
import { WasmMemory } from '../memory/wasm-memory.ts';
import { currentPlatform } from '../threads/platform.ts';
import { Threads } from '../threads/threads.ts';

export interface EngineOptions {
  /** Nanoseconds of work in a chunk, at least; tests make it small. */
  readonly grain?: number;
}

/**
 * The resources that all plans share: the memory, the device cache, the arena, scratch memory and the threads.
 */
export class Engine {
  readonly memory: WasmMemory;
  readonly deviceCache: DeviceCache;
  readonly threads: Threads;
  readonly grain: number | undefined;
  /** Holds the intermediates of the running plan. */
  readonly arena: Region;
  /** Holds the scratch memory of all threads. */
  readonly scratch: Region;

  constructor({ grain }: EngineOptions = {}) {
    const platform = currentPlatform();
    this.memory = new WasmMemory({ shared: platform.obstacle === null });
    this.deviceCache = new DeviceCache(this.memory);
    this.threads = new Threads(this.memory, platform);
    this.grain = grain;
    this.arena = new Region(this.memory);
    this.scratch = new Region(this.memory);
    this.memory.makeRoom = () =>
      this.deviceCache.evictOldest() || this.arena.shrink() || this.scratch.shrink();
  }
}

/**
 * A memory region that consecutive runs reuse. It grows to the maximum that a run needs.
 */
class Region {
  address = 0;
  #bytes = 0;
  /** Bytes that the current run needs. */
  #needed = 0;
  readonly #memory: WasmMemory;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  /** Makes the region at least `bytes` long. If it moves, its contents are lost. */
  reserve(bytes: number): void {
    this.#needed = bytes;
    if (bytes > this.#bytes) this.#resize(bytes);
  }

  /** Releases what the current run does not need; false if it needs all. */
  shrink(): boolean {
    if (this.#needed >= this.#bytes) return false;
    this.#resize(this.#needed);
    return true;
  }

  #resize(bytes: number): void {
    this.#memory.release(this.address, this.#bytes);
    this.#bytes = 0;
    this.address = this.#memory.allocate(bytes);
    this.#bytes = bytes;
  }
}
