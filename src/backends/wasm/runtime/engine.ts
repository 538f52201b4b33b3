import { DeviceCache } from '../memory/device-cache.ts';
import { WasmMemory } from '../memory/wasm-memory.ts';
import { currentPlatform } from '../threads/platform.ts';
import { Threads } from '../threads/threads.ts';

export interface EngineOptions {
  /** Nanoseconds of work that are worth a chunk of their own; tests make it small. */
  readonly grain?: number;
}

/**
 * What all plans share: the memory, the values that are kept in it, room for intermediates, and the threads.
 */
export class Engine {
  readonly memory: WasmMemory;
  readonly deviceCache: DeviceCache;
  readonly threads: Threads;
  readonly grain: number | undefined;
  /** For the intermediates of the plan that runs. */
  readonly arena: Region;
  /** For what the threads compute with. */
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
 * A stretch of memory that the runs share, one after the other; it grows to what the largest of them needs.
 */
class Region {
  address = 0;
  #bytes = 0;
  /** What the present run needs. */
  #needed = 0;
  readonly #memory: WasmMemory;

  constructor(memory: WasmMemory) {
    this.#memory = memory;
  }

  /** Makes the region hold so many bytes at least. Its contents are lost where it moves. */
  reserve(bytes: number): void {
    this.#needed = bytes;
    if (bytes > this.#bytes) this.#resize(bytes);
  }

  /** Gives back what the present run does not need; false where it needs all. */
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
