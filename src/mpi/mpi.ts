import { hostname } from 'node:os';
import { checkCount, checkOptions, type Known, refusal } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import { defaultGenerator } from '../tensor/random.ts';
import type { World } from '../train/world.ts';
import { Job } from './job.ts';
import { isRank } from './launcher.ts';
import { MpiLibrary } from './library.ts';
import { oneProcess } from './one-process.ts';
import { OpenMpi } from './open-mpi.ts';
import { Ranks } from './ranks.ts';

/** Options of `mpi`. */
export interface MpiOptions {
  /**
   * For how many seconds a rank waits for the others in one exchange, before training ends; 300 by default. It must be longer
   * than the slowest rank takes for a step, or for a validation.
   */
  readonly timeoutSeconds?: number;
  /** The path of Open MPI's libmpi; where the system finds it by default. */
  readonly library?: string;
}

const known: Known<MpiOptions> = { timeoutSeconds: 0, library: 0 };

let opened: { readonly world: Promise<World>; readonly options: string } | undefined;

/**
 * The processes that `mpirun` of Open MPI 4 or 5, or Slurm, has started with this program, for the option `world` of `fit`.
 * Without a launcher it is this process alone, and neither koffi nor Open MPI is needed. From the call on, all ranks draw
 * the same numbers from the default generator. Further calls return the same.
 *
 *     const world = await mpi();
 *     await fit(model, data, { ..., accumulate: 8, world });
 *
 * MPI ends with the process. If a rank fails or ends, or does not answer in time, all others end too.
 *
 * @throws StateError if koffi or Open MPI can't be loaded, or another launcher has started several processes.
 */
export async function mpi(options: MpiOptions = {}): Promise<World> {
  checkCount('mpi', arguments.length, 1);
  checkOptions('mpi', options, known);
  const { library, timeoutSeconds = 300 } = options;
  if (!(typeof timeoutSeconds === 'number' && timeoutSeconds > 0))
    throw refusal('mpi', 'timeoutSeconds', timeoutSeconds, 'a number above 0');
  if (library !== undefined && typeof library !== 'string')
    throw refusal('mpi', 'library', library, 'the path of libmpi');
  const text = JSON.stringify([library, timeoutSeconds]);
  opened ??= { world: open(library, timeoutSeconds), options: text };
  if (opened.options !== text && Object.keys(options).length > 0)
    throw new StateError('[mpi] got other options than in the first call. Pass them there only.');
  return opened.world;
}

async function open(path: string | undefined, timeoutSeconds: number): Promise<World> {
  if (!isRank(process.env)) return oneProcess;
  const library = await MpiLibrary.open(path);
  library.call('MPI_Init_thread', null, null, 1, new Int32Array(1));
  const { errorsReturn, world } = library.objects;
  library.call('MPI_Comm_set_errhandler', world, errorsReturn);
  const job = new Job(library);
  const communicator = new OpenMpi(library, timeoutSeconds * 1000);
  const ranks = new Ranks(communicator, job.quiet);
  const own = {
    process: { host: hostname(), pid: process.pid },
    random: { ...defaultGenerator().getState() },
  };
  const all = await ranks.gather('mpi', own);
  job.watch(
    ranks,
    all.map((rank) => rank.process),
  );
  communicator.ended = job.ended;
  defaultGenerator().setState(all[0]!.random);
  return ranks;
}
