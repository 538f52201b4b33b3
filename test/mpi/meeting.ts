import type { World } from '../../src/index.ts';
import type { Communicator } from '../../src/mpi/communicator.ts';
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
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async exchange(outgoing, incoming, kind) {
      // Arrays may be changed as soon as the call has ended.
      const copies = outgoing.map((array, to) => (to === rank ? null : array.slice()));
      const all = await meeting.meet(rank, { copies, kind });
      for (const [from, given] of all.entries()) {
        if (from === rank) continue;
        const [array, sent] = [incoming[from]!, given.copies[rank]!];
        const found = [given.kind, sent.length, sent.constructor];
        const wanted = [kind, array.length, array.constructor];
        if (String(found) !== String(wanted)) throw new Error(`got ${found}, wanted ${wanted}`);
        array.set(sent);
      }
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
