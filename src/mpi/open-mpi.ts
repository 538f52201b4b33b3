import { ValueError } from '../ir/errors.ts';
import { now, setImmediate, setTimeout } from '../util/timers.ts';
import { block } from './block.ts';
import type { Communicator, Elements } from './communicator.ts';
import type { MpiFunction, MpiLibrary } from './library.ts';
import { RankFailure } from './rank-failure.ts';

const TAGS = { opening: 0x6e64, data: 0x6e66 } as const;
/** Polls without a pause: a message in shared memory takes a few microseconds. */
const POLLS = 50;
/** Milliseconds after which a rank that waits leaves its processor to others between two polls. */
const AWAKE = 1;
/** Milliseconds of such a pause: data that arrive meanwhile must fit into the buffers of sockets. */
const NAP = 0.1;
/** Milliseconds after which a rank that waits for others to come sleeps for a millisecond between two polls. */
const PATIENT = 50;
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

  exchange: Communicator['exchange'] = async (outgoing, incoming, kind) => {
    const { rank, size } = this;
    // Each rank begins with another one, so that no rank gets the messages of all at once.
    const after = Array.from({ length: size - 1 }, (_, i) => (rank + 1 + i) % size);
    const before = after.map((_, i) => (rank + size - 1 - i) % size);
    const calls = [
      ...before.map((from) => ['MPI_Irecv', from, incoming[from]!] as const),
      ...after.map((to) => ['MPI_Isend', to, outgoing[to]!] as const),
    ].filter(([, , { length }]) => checkCount(length) > 0);
    if (calls.length === 0) return;
    const requests = new BigUint64Array(calls.length);
    const { world } = this.#library.objects;
    calls.forEach(([name, other, elements], i) => {
      const request = requests.subarray(i);
      const [type, tag] = [this.#typeOf(elements), TAGS[kind]];
      this.#library.call(name, elements, elements.length, type, other, tag, world, request);
    });
    const pending = (...names: MpiFunction[]): number[] => {
      const found = calls.filter(([name], i) => names.includes(name) && !this.#test(requests.subarray(i)));
      return [...new Set(found.map(([, other]) => other))];
    };
    await this.#complete(requests, [outgoing, incoming], pending, kind === 'opening');
  };

  #typeOf({ BYTES_PER_ELEMENT: bytes }: Elements): bigint {
    const { byte, float, uint16 } = this.#library.objects;
    return bytes === 1 ? byte : bytes === 2 ? uint16 : float;
  }

  /**
   * Waits until all requests are complete.
   *
   * @param used memory that the requests use. @param pending the ranks whose requests are not complete.
   * @param isOpening whether ranks may come late. One that has sent its opening may end without taking that of this rank.
   */
  async #complete(
    requests: BigUint64Array,
    used: unknown,
    pending: (...names: MpiFunction[]) => number[],
    isOpening: boolean,
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
        const silent = pending('MPI_Irecv');
        const late =
          isOpening && silent.length > 0 ? silent : [...new Set([...silent, ...pending('MPI_Isend')])];
        const ended = this.ended();
        const gone = (isOpening ? silent : late).filter((rank) => ended.includes(rank));
        const isLate = waited >= this.#timeout && late.length > 0;
        if (gone.length > 0 || isLate) this.#abandoned.push(requests, used);
        if (gone.length > 0)
          throw new RankFailure(gone, this.size, 'ended during training. See its messages.');
        if (isLate)
          throw new RankFailure(
            late,
            this.size,
            `did not answer within ${this.#timeout / 1000} s, at which training ends. If a step may take longer, raise timeoutSeconds of mpi.`,
          );
      }
      if (isOpening && waited >= PATIENT) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      } else {
        if (waited >= AWAKE) block(NAP);
        await new Promise<void>((resolve) => setImmediate!(resolve));
      }
    }
  }

  #test(request: BigUint64Array): boolean {
    this.#library.call('MPI_Test', request, this.#flag, null);
    return this.#flag[0] !== 0;
  }
}

function checkCount(length: number): number {
  if (length <= 0x7fffffff) return length;
  throw new ValueError(
    `[fit] got ${length} elements to exchange, wanted at most 2^31 - 1: the limit of MPI's counts.`,
  );
}
