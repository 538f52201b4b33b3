import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { NdgradError } from 'ndgrad';
import { type Flags, type ModelEntry, type ModelList, parseFlags, UsageError, usage } from './flags.ts';

/**
 * Reads the command line, creates the directory for the results and runs `main`. A wrong flag prints one line and the
 * usage, with exit code 2. An error of ndgrad (such as missing data) prints one line, with exit code 1.
 */
export async function command<Model extends ModelEntry>(
  models: ModelList<Model>,
  main: (flags: Flags<Model>) => Promise<void>,
): Promise<void> {
  try {
    const flags = parseFlags(process.argv.slice(2), models);
    if (flags === 'help') return console.log(usage(models));
    await makeDirectory(flags.out);
    await main(flags);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage(models)}`);
      process.exitCode = 2;
    } else if (error instanceof NdgradError) {
      console.error(error.message);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}

/** Called before the training, so that no results are lost because the directory is not writable. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--out: got '${path}', wanted a directory to write to (${reason})`);
  }
}
