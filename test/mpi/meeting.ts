import type { World } from '../../src/index.ts';
import type { Communicator, Elements } from '../../src/mpi/communicator.ts';
import { Ranks } from '../../src/mpi/ranks.ts';

/** What all ranks give, once the last one has come. */
class Meeting {
  readonly #size: number;
  #given: { readonly all: unknown[]; readonly waiting: ((all: unknown[]) => void)[] };

  constructor(size: number) {
    this.#size = size;
    this.#given = { all: [], waiting: [] };
  }

  meet<T>(rank: number, own: T): Promise<T[]> {
    const { all, waiting } = this.#given;
    all[rank] = own;
    return new Promise<T[]>((resolve) => {
      waiting.push(resolve as (all: unknown[]) => void);
      if (waiting.length < this.#size) return;
      this.#given = { all: [], waiting: [] };
      for (const go of waiting) go(all);
    });
  }
}

/** Communicators of ranks in one process, which run at the same time and exchange arrays. */
export function communicators(size: number): Communicator[] {
  const meeting = new Meeting(size);
  const joined = <A extends Elements>(parts: readonly A[]): A => {
    const all = new (parts[0]!.constructor as new (length: number) => A)(
      parts.reduce((sum, { length }) => sum + length, 0),
    );
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    headers: (own) => meeting.meet(rank, own),
    gather: async <A extends Elements>(own: A) => joined(await meeting.meet(rank, own)),
    async exchange<A extends Elements>(own: A, lengths: readonly number[]) {
      const parts = await meeting.meet(rank, { own, lengths });
      return joined(
        parts.map((given) => {
          const start = given.lengths.slice(0, rank).reduce((sum, length) => sum + length, 0);
          return given.own.slice(start, start + given.lengths[rank]!) as A;
        }),
      );
    },
  }));
}

/** Calls a function for each rank, and returns its results or errors by rank. `quiet` gets the errors that a rank does not print. */
export async function together<T>(
  size: number,
  run: (world: World) => Promise<T>,
  quiet: (rank: number, error: unknown) => void = () => {},
): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(
    communicators(size).map((communicator) =>
      run(new Ranks(communicator, (error) => quiet(communicator.rank, error))),
    ),
  );
}
