import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Site, serve } from '../../scripts/browser/serve.ts';
import { shardsOf } from '../../site/scripts/shards.ts';
import { setOf, sha256, writeDigits } from '../../site/scripts/write-digits.ts';
import { type DigitSet, inOriginalOrder, joined, type Manifest } from '../../site/src/digits/format.ts';
import {
  DigitLoader,
  type Digits,
  defaultShards,
  type LoadDigitsOptions,
  type Progress,
} from '../../site/src/digits/load.ts';
import type { Mnist, MnistSplit } from '../../src/data.ts';
import { loadMnist } from '../../src/node.ts';

const mnist = await loadMnist();

const first = ({ images, labels }: MnistSplit, count: number): MnistSplit => ({
  images: { data: images.data.subarray(0, count * 784), shape: [count, 28, 28] },
  labels: { data: labels.data.subarray(0, count), shape: [count] },
});

describe('shards', () => {
  const all = setOf(mnist.train);
  const shards = shardsOf(all, 5000, 1);
  const classes = ({ labels }: DigitSet): number[] =>
    Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);

  it('have 5,000 images, with the same share of each class', () => {
    const wanted = classes(all).map((count) => Math.floor(count / 12));
    expect(shards).toHaveLength(12);
    for (const shard of shards) {
      expect(shard.count).toBe(5000);
      classes(shard).forEach((count, digit) => {
        expect(count - wanted[digit]!, `class ${digit}`).toBeOneOf([0, 1]);
      });
    }
  });

  it('hold all images, whose original order can be restored', () => {
    const together = joined(shards);
    expect(together.places).not.toEqual(all.places);
    const restored = inOriginalOrder(together);
    expect(sha256(restored.images, restored.labels)).toBe(sha256(all.images, all.labels));
    expect(restored.places).toEqual(all.places);
  });

  it('mix the classes in an order that follows from the seed', () => {
    const [a, again, b] = [1, 1, 2].map((seed) => shardsOf(setOf(mnist.test), 5000, seed)[0]!);
    expect(again!.places).toEqual(a!.places);
    expect(b!.places).not.toEqual(a!.places);
    expect(new Set(a!.labels.subarray(0, 100)).size).toBe(10);
  });
});

describe('loading', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-digits-'));
  const some: Mnist = { train: first(mnist.train, 1200), test: first(mnist.test, 200) };
  let manifest: Manifest;
  let site: Site;
  beforeAll(async () => {
    manifest = await writeDigits(folder, some, { size: 100, seed: 1 });
    // A connection that the server closes while it is idle would fail the next request.
    site = await serve(folder, { Connection: 'close' });
  });
  afterAll(async () => {
    await site.close();
    rmSync(folder, { recursive: true });
  });
  const hashOf = ({ train, test }: Digits): string =>
    sha256(train.images, train.labels, test.images, test.labels);
  const load = (options: LoadDigitsOptions) => new DigitLoader(site.url).load(options);

  it('gives the exact images', async () => {
    const { train, test } = await load({ shards: 12 });
    expect([train.count, test.count]).toEqual([1200, 200]);
    for (const [set, wanted] of [
      [train, some.train],
      [test, some.test],
    ] as const) {
      const { images, labels } = inOriginalOrder(set);
      expect(sha256(images, labels)).toBe(sha256(wanted.images.data, wanted.labels.data));
    }
  });

  it('gives the first shards, with progress', async () => {
    const seen: Progress[] = [];
    const { train, test } = await load({ shards: 3, onProgress: (progress) => seen.push(progress) });
    expect([train.count, test.count]).toEqual([300, 100]);
    const wanted = [...manifest.train.shards.slice(0, 3), manifest.test.shards[0]!];
    const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(seen.at(-1)).toEqual({ loaded: total, total, shards: 3 });
    expect(seen.map(({ loaded }) => loaded)).toEqual(seen.map(({ loaded }) => loaded).sort((a, b) => a - b));
  });

  it('ends with the shards that are complete, and gives the others later', async () => {
    const loader = new DigitLoader(site.url);
    let end = (): void => {};
    const enough = new Promise<void>((resolve) => {
      end = resolve;
    });
    const some = await loader.load({
      shards: 12,
      enough,
      onProgress: ({ shards }) => {
        if (shards > 0) end();
      },
    });
    expect(some.shards).toBeLessThan(12);
    expect([some.train.count, some.test.count]).toEqual([100 * some.shards, 100]);
    const same = await load({ shards: some.shards });
    expect(hashOf(some)).toBe(hashOf(same));

    const seen: Progress[] = [];
    const all = await loader.load({ shards: 12, onProgress: (progress) => seen.push(progress) });
    expect([all.train.count, all.test.count, all.shards]).toEqual([1200, 200, 12]);
    expect(seen.at(-1)).toEqual({ loaded: seen[0]!.total, total: seen[0]!.total, shards: 12 });
    expect(hashOf(all)).toBe(hashOf(await load({ shards: 12 })));
  });

  it('gives at least one shard, and all where no more are wanted', async () => {
    const enough = Promise.resolve();
    const some = await load({ shards: 12, enough });
    expect(some.shards).toBeGreaterThan(0);
    expect(some.train.count).toBe(100 * some.shards);
    expect(hashOf(await load({ shards: 1, enough }))).toBe(hashOf(await load({ shards: 1 })));
  });

  it('finds a damaged shard', async () => {
    const path = join(folder, manifest.train.shards[1]!.file);
    const before = readFileSync(path);
    const other = readFileSync(join(folder, manifest.train.shards[2]!.file));
    try {
      writeFileSync(path, other);
      await expect(load({ shards: 2 })).rejects.toThrow(/train-01-.* is damaged: got SHA-256/);
      writeFileSync(path, gzipSync(new Uint8Array(10)));
      await expect(load({ shards: 2 })).rejects.toThrow(/train-01-.* is damaged/);
      writeFileSync(path, before.subarray(0, 2000));
      await expect(load({ shards: 2 })).rejects.toThrow();
      expect((await load({ shards: 1 })).train.count).toBe(100);
    } finally {
      writeFileSync(path, before);
    }
  });

  it('says which file is missing', async () => {
    const nowhere = `${site.url}nowhere`;
    await expect(new DigitLoader(nowhere).load({ shards: 1 })).rejects.toThrow(
      `[DigitLoader] got status 404 for ${nowhere}/manifest.json, wanted 200. Build the digits first.`,
    );
  });
});

describe('the number of shards', () => {
  afterEach(() => vi.unstubAllGlobals());
  const device = (isCoarse: boolean, width: number, saveData: boolean): number => {
    vi.stubGlobal('matchMedia', () => ({ matches: isCoarse }));
    vi.stubGlobal('screen', { width, height: 900 });
    vi.stubGlobal('navigator', { connection: { saveData } });
    return defaultShards();
  };

  it('is 12, and 4 on phones and where data is saved', () => {
    expect(device(false, 1600, false)).toBe(12);
    expect(device(true, 1200, false)).toBe(12);
    expect(device(true, 390, false)).toBe(4);
    expect(device(false, 1600, true)).toBe(4);
  });
});
