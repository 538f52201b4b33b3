import type { World } from 'ndgrad';
import type { Times } from './times.ts';

/** Milliseconds of the parts of one step on one rank, and what was exchanged. */
export interface Parts {
  /** The forward and backward passes of the rank's shards. */
  readonly compute: Times;
  readonly combine: Times;
  /** The update, from the end of the exchange to the agreement on the end of training. */
  readonly update: Times;
  readonly agree: Times;
  readonly tensors: number;
  readonly elements: number;
}

const now = (): Times => {
  const { system, user } = process.cpuUsage();
  return { wall: performance.now(), processor: (system + user) / 1000 };
};

const since = (start: Times, end = now()): Times => ({
  wall: end.wall - start.wall,
  processor: end.processor - start.processor,
});

/** A world that measures the parts of all steps but the first. */
export class ObservedWorld implements World {
  readonly rank: number;
  readonly size: number;
  readonly parts: Parts[] = [];
  readonly #world: World;
  #agreed: Times | null = null;
  #step: Omit<Parts, 'update' | 'agree'> | null = null;
  #combined = now();

  constructor(world: World) {
    this.#world = world;
    this.rank = world.rank;
    this.size = world.size;
  }

  async gather<T>(where: string, own: T): Promise<readonly T[]> {
    const start = now();
    const all = await this.#world.gather(where, own);
    if (this.#step !== null) {
      this.parts.push({ ...this.#step, update: since(this.#combined, start), agree: since(start) });
      this.#step = null;
    }
    this.#agreed = now();
    return all;
  }

  async combine(own: Parameters<World['combine']>[0]): ReturnType<World['combine']> {
    const start = now();
    const compute = this.#agreed && since(this.#agreed, start);
    const all = await this.#world.combine(own);
    this.#combined = now();
    const sum = own.nodes[0]?.sum;
    const gradients = [...(sum?.parts.values() ?? [])].flatMap((part) => [...part.gradients.values()]);
    const tensors = [...gradients, ...[...(sum?.assigned.values() ?? [])].map(({ value }) => value)];
    if (compute !== null)
      this.#step = {
        compute,
        combine: since(start, this.#combined),
        tensors: tensors.length,
        elements: tensors.reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0),
      };
    return all;
  }

  async share(...args: Parameters<World['share']>): ReturnType<World['share']> {
    const saving = await this.#world.share(...args);
    this.#agreed = null;
    return saving;
  }

  end(): Promise<void> {
    return this.#world.end();
  }

  get shardedOptimizer() {
    return this.#world.shardedOptimizer;
  }

  get bfloat16() {
    return this.#world.bfloat16;
  }

  fail(error: unknown): Promise<void> {
    return this.#world.fail(error);
  }
}
