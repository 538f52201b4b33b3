import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Mnist, MnistSplit } from 'ndgrad/data';
import {
  type DigitSet,
  encodeShard,
  type Manifest,
  type SetEntry,
  type ShardEntry,
} from '../src/digits/format.ts';
import { shardsOf } from './shards.ts';

export interface WriteDigitsOptions {
  /** The number of images in a shard, which divides the numbers of images. */
  readonly size: number;
  readonly seed: number;
}

/** Writes shards and a manifest to a folder. Shards that are there already are kept, other files removed. */
export async function writeDigits(
  folder: string,
  { train, test }: Mnist,
  { size, seed }: WriteDigitsOptions,
): Promise<Manifest> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, split: MnistSplit): Promise<SetEntry> => {
    const set = setOf(split);
    return writeSet(folder, name, set, shardsOf(set, size, seed));
  };
  const manifest: Manifest = {
    version: 1,
    seed,
    train: await write('train', train),
    test: await write('test', test),
  };
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  const shards = [...manifest.train.shards, ...manifest.test.shards];
  const current = new Set(['manifest.json', ...shards.map(({ file }) => file)]);
  for (const file of await readdir(folder)) if (!current.has(file)) await rm(join(folder, file));
  return manifest;
}

/** The images of a split, in their own order. */
export const setOf = ({ images, labels }: MnistSplit): DigitSet => ({
  images: new Uint8Array(images.data),
  labels: new Uint8Array(labels.data),
  places: Uint16Array.from(labels.data.keys()),
  count: labels.data.length,
});

async function writeSet(
  folder: string,
  name: string,
  set: DigitSet,
  parts: readonly DigitSet[],
): Promise<SetEntry> {
  const shards: ShardEntry[] = [];
  for (const [i, part] of parts.entries())
    shards.push(await writeShard(folder, `${name}-${`${i}`.padStart(2, '0')}`, part));
  return { count: set.count, sha256: sha256(set.images, set.labels), shards };
}

async function writeShard(folder: string, name: string, shard: DigitSet): Promise<ShardEntry> {
  const plain = encodeShard(shard);
  const hash = sha256(plain);
  const file = `${name}-${hash.slice(0, 8)}.bin`;
  const path = join(folder, file);
  if (!existsSync(path)) await writeFile(path, gzipSync(plain, { level: 9 }));
  const classes = new Array<number>(10).fill(0);
  for (const label of shard.labels) classes[label]!++;
  return { file, count: shard.count, classes, bytes: (await readFile(path)).length, sha256: hash };
}

/** SHA-256 of bytes, as 64 hexadecimal digits. */
export const sha256 = (...parts: readonly Uint8Array[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
