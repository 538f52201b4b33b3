import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';

/** The contents of `results.json`. Two runs with one seed differ in `secondsPerEpoch` only. */
export interface Results {
  readonly seed: number;
  readonly backend: string;
  readonly threads: number;
  readonly models: readonly ModelResult[];
}

/** What became of one model. */
export interface ModelResult {
  readonly name: string;
  /** How many numbers were trained. */
  readonly parameters: number;
  readonly epochs: number;
  readonly secondsPerEpoch: number;
  /** One number per epoch of everything that was followed while training, `loss` among them. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly test: {
    readonly loss: number;
    readonly accuracy: number;
    readonly macroF1: number;
    /** Row: the digit that it is. Column: the digit that was predicted. */
    readonly confusion: readonly (readonly number[])[];
  };
  /** The predicted digit of every test image, in order. */
  readonly predictions: readonly number[];
  /** See `parametersHash`. */
  readonly parametersHash: string;
}

/** A Parameter, as far as its hash is concerned. */
interface Values {
  readonly dtype: string;
  readonly shape: readonly number[];
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
}

/**
 * SHA-256 of trained values, as 64 hexadecimal digits. What is hashed: of each parameter in turn, one line of
 * JSON with its path, dtype and shape, then its values, row-major and little-endian.
 */
export async function parametersHash(parameters: Iterable<readonly [path: string, Values]>): Promise<string> {
  const hash = createHash('sha256');
  for (const [path, parameter] of parameters) {
    hash.update(`${JSON.stringify([path, parameter.dtype, parameter.shape])}\n`);
    const values = await parameter.data();
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const swap = endianness() === 'BE' && values.BYTES_PER_ELEMENT === 4;
    hash.update(swap ? Buffer.from(bytes).swap32() : bytes);
  }
  return hash.digest('hex');
}

/** Writes `results.json` into a directory and gives the file's path. */
export async function writeResults(dir: string, results: Results): Promise<string> {
  const path = join(dir, 'results.json');
  // Readers see the old file or the new one, never half of one.
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, format(results), { flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return path;
}

/** Indented JSON, with each list of numbers on one line. */
function format(results: Results): string {
  const json = JSON.stringify(results, null, 2);
  return `${json.replace(/\[[-+\d.e,\s]+\]/g, (list) => list.replace(/\s+/g, ' ').replace(/ ?([[\]]) ?/g, '$1'))}\n`;
}
