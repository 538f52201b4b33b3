import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { version as packageVersion } from '../util/version.ts';

/** What files of weights and of models have in common: `__metadata__` of a safetensors file. */
type Metadata = Readonly<Record<string, string>>;

/** The version of the format that is written, and the newest that is read. */
const VERSION = 1;

/** The program that writes a file. */
export const producer: string = `ndgrad ${packageVersion}`;

/** The entries with which `__metadata__` begins. */
export const metadata = (): Metadata => ({
  format: 'ndgrad',
  version: String(VERSION),
  producer,
});

/**
 * Whether a file was written by this library.
 *
 * @throws ValueError if its version is newer than those known here.
 */
export function isOwn(operation: string, { format, version }: Metadata): boolean {
  if (format !== 'ndgrad') return false;
  if (Number(version) <= VERSION) return true;
  throw new ValueError(
    `[${operation}] got a file of version ${describe(version)}, wanted at most ${VERSION}. Update ndgrad.`,
  );
}
