import { ValueError } from '../ir/errors.ts';
import { now, setImmediate, setTimeout } from '../util/timers.ts';
import type { Communicator, Elements } from './communicator.ts';
import type { MpiLibrary } from './library.ts';
import { RankFailure } from './rank-failure.ts';

const TAG = 0x6e64;
/** Polls without a pause: a message in shared memory takes a few microseconds. */
const POLLS = 50;
/** Milliseconds after which a rank that waits for others sleeps between two polls. */
const AWAKE = 2;
/** Milliseconds between two looks for ranks whose process has ended. */
const LOOK = 250;

/** The ranks of `MPI_COMM_WORLD`. Calls are nonblocking: `MPI_Testall` polls them, so that this process can go on if a rank does not answer. */
export class OpenMpi implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly #library: MpiLibrary;
  readonly #timeout: number;
  readonly #flag = new Int32Array(1);
  /** The ranks whose processes are known to have ended. */
  ended: () => readonly number[] = () => [];
  /** Memory that the library may still write. */
  readonly #abandoned: unknown[] = [];

  /** @param timeout in milliseconds. */
  constructor(library: MpiLibrary, timeout: number) {
    this.#library = library;
    this.#timeout = timeout;
    this.rank = library.number('MPI_Comm_rank');
    this.size = library.number('MPI_Comm_size');
  }

  async headers(own: Uint8Array): Promise<readonly Uint8Array[]> {
    const { byte, world } = this.#library.objects;
    const all = Array.from({ length: this.size }, (_, rank) =>
      rank === this.rank ? own : new Uint8Array(new ArrayBuffer(own.length)),
    );
    const others = [...all.keys()].filter((rank) => rank !== this.rank);
    const requests = new BigUint64Array(2 * others.length);
    others.forEach((rank, i) => {
      const [receiving, sending] = [requests.subarray(2 * i), requests.subarray(2 * i + 1)];
      this.#library.call('MPI_Irecv', all[rank]!, own.length, byte, rank, TAG, world, receiving);
      this.#library.call('MPI_Isend', own, own.length, byte, rank, TAG, world, sending);
    });
    await this.#complete(requests, all, (isPending) => others.filter((_, i) => isPending(2 * i)));
    return all;
  }

  async gather<A extends Elements>(own: A, lengths: readonly number[]): Promise<A> {
    const [counts, starts, total] = spread(lengths);
    const all = emptyLike(own, total);
    await this.#collective((type, request) => {
      const { world } = this.#library.objects;
      const to = [all, counts, starts, type] as const;
      this.#library.call('MPI_Iallgatherv', own, own.length, type, ...to, world, request);
      return [own, ...to];
    }, own);
    return all;
  }

  async exchange<A extends Elements>(
    own: A,
    lengths: readonly number[],
    incoming: readonly number[],
  ): Promise<A> {
    const [counts, starts] = spread(lengths);
    const [toCounts, toStarts, total] = spread(incoming);
    const all = emptyLike(own, total);
    await this.#collective((type, request) => {
      const { world } = this.#library.objects;
      const from = [own, counts, starts, type] as const;
      const to = [all, toCounts, toStarts, type] as const;
      this.#library.call('MPI_Ialltoallv', ...from, ...to, world, request);
      return [...from, ...to];
    }, own);
    return all;
  }

  /** @param begin returns what the library uses until the request is complete. */
  async #collective(
    begin: (type: bigint, request: BigUint64Array) => readonly unknown[],
    elements: Elements,
  ): Promise<void> {
    const { byte, float, uint16 } = this.#library.objects;
    const types: Record<number, bigint> = { 1: byte, 2: uint16, 4: float };
    const request = new BigUint64Array(1);
    const used = begin(types[elements.BYTES_PER_ELEMENT]!, request);
    await this.#complete(request, used, null);
  }

  /**
   * Waits until all requests are complete.
   *
   * @param used memory that the requests use. @param missing the ranks that are waited for, of requests that may take long.
   */
  async #complete(
    requests: BigUint64Array,
    used: unknown,
    missing: ((isPending: (request: number) => boolean) => number[]) | null,
  ): Promise<void> {
    const flag = this.#flag;
    const start = now();
    let look = LOOK;
    for (let polls = 0; ; polls++) {
      this.#library.call('MPI_Testall', requests.length, requests, flag, null);
      if (flag[0] !== 0) return;
      if (polls < POLLS) continue;
      const waited = now() - start;
      if (waited >= look || waited >= this.#timeout) {
        look = waited + LOOK;
        const late = missing?.((request) => !this.#test(requests.subarray(request))) ?? [];
        const ended = this.ended();
        const gone = missing === null ? ended : ended.filter((rank) => late.includes(rank));
        const isLate = waited >= this.#timeout;
        if (gone.length > 0 || isLate) this.#abandoned.push(requests, used);
        if (gone.length > 0)
          throw new RankFailure(gone, this.size, 'ended during training. See its messages.');
        if (isLate) {
          const others = Array.from({ length: this.size }, (_, rank) => rank).filter(
            (rank) => rank !== this.rank,
          );
          throw new RankFailure(
            late.length > 0 ? late : others,
            this.size,
            `did not answer within ${this.#timeout / 1000} s, at which training ends. If a step may take longer, raise timeoutSeconds of mpi.`,
          );
        }
      }
      if (missing === null || waited < AWAKE) await new Promise<void>((resolve) => setImmediate!(resolve));
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #test(request: BigUint64Array): boolean {
    this.#library.call('MPI_Test', request, this.#flag, null);
    return this.#flag[0] !== 0;
  }
}

const emptyLike = <A extends Elements>({ constructor }: A, length: number): A =>
  new (constructor as new (length: number) => A)(length);

/** Counts and starts as the library wants them, and the total length. */
function spread(lengths: readonly number[]): [counts: Int32Array, starts: Int32Array, total: number] {
  let total = 0;
  const starts = lengths.map((length) => {
    total += length;
    return total - length;
  });
  if (total > 0x7fffffff)
    throw new ValueError(
      `[fit] got ${total} elements to exchange, wanted at most 2^31 - 1: the limit of MPI's counts.`,
    );
  return [Int32Array.from(lengths), Int32Array.from(starts), total];
}
