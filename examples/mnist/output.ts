import { constants } from 'node:os';
import { NdgradError } from 'ndgrad';
import { saveFile } from 'ndgrad/node';

/** Thrown if results cannot be written. The message is one line. */
export class OutputError extends Error {}

/**
 * Ends the process without a stack trace if its output is closed (`| head -1`), its disk is full or it gets a signal, and
 * leaves no temporary files behind. Call it once, first.
 */
export function handleOutput(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0); // the reader has seen enough
      if (stream === process.stdout) console.error(error.message);
      process.exit(1);
    });
  }
}

/** Whether an error comes from the operating system, such as ENOSPC. Its message is one line. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** Writes a file atomically: readers see the old contents or the new contents, never a part. */
export async function writeAtomically(path: string, contents: string): Promise<void> {
  try {
    await saveFile(path, new TextEncoder().encode(contents));
  } catch (error) {
    if (!(error instanceof NdgradError)) throw error;
    throw new OutputError(`${error.message} --resume reuses the networks so far.`, { cause: error });
  }
}
