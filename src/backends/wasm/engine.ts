import { Memory } from './memory.ts';
import { currentPlatform } from './platform.ts';
import { Residents } from './residents.ts';
import { Threads } from './threads.ts';

export interface EngineOptions {
  /** Nanoseconds of work that are worth a chunk of their own; tests make it small. */
  readonly grain?: number;
}

/** What all plans share: the memory, the values that are kept in it, room for intermediates, and the threads. */
export class Engine {
  readonly memory: Memory;
  readonly residents: Residents;
  readonly threads: Threads;
  readonly grain: number | undefined;
  /** For the intermediates of the plan that runs. */
  readonly arena: Region;
  /** For what the threads compute with. */
  readonly scratch: Region;

  constructor({ grain }: EngineOptions = {}) {
    const platform = currentPlatform();
    this.memory = new Memory({ shared: platform.obstacle === null });
    this.residents = new Residents(this.memory);
    this.threads = new Threads(this.memory, platform);
    this.grain = grain;
    this.arena = new Region(this);
    this.scratch = new Region(this);
  }

  /** The address of memory; values that can be spared give way to it. */
  allocate(bytes: number): number {
    return this.memory.allocate(bytes, () => this.residents.evictOldest());
  }
}

/** A stretch of memory that grows to what the largest of its users needs, and keeps nothing for them. */
class Region {
  address = 0;
  #bytes = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  reserve(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#engine.memory.release(this.address, this.#bytes);
    this.#bytes = 0;
    this.address = this.#engine.allocate(bytes);
    this.#bytes = bytes;
  }
}
