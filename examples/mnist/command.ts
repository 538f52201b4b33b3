import { NdgradError, type World } from 'ndgrad';
import { mpi } from 'ndgrad/mpi';
import { folderStore } from 'ndgrad/node';
import { type Flags, type ModelEntry, type ModelList, parseFlags, UsageError, usage } from './flags.ts';
import { handleOutput, isSystemError, OutputError } from './output.ts';

/**
 * Reads the command line, creates the directory for the results and runs `main`. A wrong flag prints one line and the
 * usage, with exit code 2. An error of ndgrad (such as missing data) or of the system (such as a full disk) prints one line,
 * with exit code 1. Of several ranks of mpirun, rank 0 prints and writes.
 */
export async function command<Model extends ModelEntry>(
  models: ModelList<Model>,
  main: (flags: Flags<Model>, world: World) => Promise<void>,
): Promise<void> {
  handleOutput();
  try {
    const flags = parseFlags(process.argv.slice(2), models);
    if (flags === 'help') return console.log(usage(models));
    const world = await mpi();
    if (world.size > flags.shards)
      throw new UsageError(
        `--shards: got ${flags.shards}, wanted a power of two from the ${world.size} ranks up`,
      );
    if (world.rank === 0) await prepareDirectory(flags.out);
    await main(flags, world);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage(models)}`);
      process.exitCode = 2;
    } else if (error instanceof NdgradError || error instanceof OutputError || isSystemError(error)) {
      console.error(error.message);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}

/** Called before the training, so that no results are lost because the directory is not writable. */
async function prepareDirectory(path: string): Promise<void> {
  try {
    const folder = folderStore(path);
    await folder.write('trial', []);
    await folder.remove('trial');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--out: got '${path}', wanted a directory to write to (${reason})`);
  }
}
