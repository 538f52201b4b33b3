// The files of the digits: shards and a manifest.
//
// A shard is gzip of: the images (count x 784 bytes), the labels (count bytes), and the place of each image in the original
// files (count x 2 bytes, little-endian). Its name ends in .bin, since some servers send .gz files with Content-Encoding.

/** The bytes of an image of 28 x 28 pixels. */
export const PIXELS = 784;

/** The digits in a shard, and the seed of their order. */
export const SHARD = { size: 5000, seed: 1 } as const;

/** The bytes of an image with its label and its place, before compression. */
export const BYTES_PER_IMAGE = PIXELS + 3;

/** Images and their classes, in the order of the shards. */
export interface DigitSet {
  /** count x 784: 0 is paper, 255 is full ink. */
  readonly images: Uint8Array<ArrayBuffer>;
  /** The classes from 0 to 9. */
  readonly labels: Uint8Array<ArrayBuffer>;
  /** The place of each image in the original files. */
  readonly places: Uint16Array<ArrayBuffer>;
  readonly count: number;
}

export interface ShardEntry {
  /** The name of the file. It contains the start of the hash, so that a name never changes its contents. */
  readonly file: string;
  readonly count: number;
  /** The number of images of each class. */
  readonly classes: readonly number[];
  /** The size of the file. */
  readonly bytes: number;
  /** SHA-256 of the decompressed shard. */
  readonly sha256: string;
}

export interface SetEntry {
  readonly count: number;
  /** SHA-256 of all images and all labels in the original order. */
  readonly sha256: string;
  readonly shards: readonly ShardEntry[];
}

/** The contents of `manifest.json`. */
export interface Manifest {
  readonly version: 1;
  /** The seed of the order. */
  readonly seed: number;
  readonly train: SetEntry;
  readonly test: SetEntry;
}

/** The bytes of a shard before compression. */
export function encodeShard({ images, labels, places, count }: DigitSet): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * BYTES_PER_IMAGE);
  bytes.set(images);
  bytes.set(labels, count * PIXELS);
  const view = new DataView(bytes.buffer, count * (PIXELS + 1));
  for (let i = 0; i < count; i++) view.setUint16(2 * i, places[i]!, true);
  return bytes;
}

/** The images of a decompressed shard, which use its memory. */
export function decodeShard(bytes: Uint8Array<ArrayBuffer>): DigitSet {
  const count = bytes.length / BYTES_PER_IMAGE;
  const view = new DataView(bytes.buffer, bytes.byteOffset + count * (PIXELS + 1));
  return {
    images: bytes.subarray(0, count * PIXELS),
    labels: bytes.subarray(count * PIXELS, count * (PIXELS + 1)),
    places: Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i, true)),
    count,
  };
}

/** One set of the images of several, with memory of its own. */
export function joined(sets: readonly DigitSet[]): DigitSet {
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const all = {
    images: new Uint8Array(count * PIXELS),
    labels: new Uint8Array(count),
    places: new Uint16Array(count),
    count,
  };
  let at = 0;
  for (const { images, labels, places, count } of sets) {
    all.images.set(images, at * PIXELS);
    all.labels.set(labels, at);
    all.places.set(places, at);
    at += count;
  }
  return all;
}

/** The chosen images of a set, in this order. */
export function picked({ images, labels, places }: DigitSet, order: ArrayLike<number>): DigitSet {
  const count = order.length;
  const some = new Uint8Array(count * PIXELS);
  for (let i = 0; i < count; i++)
    some.set(images.subarray(order[i]! * PIXELS, (order[i]! + 1) * PIXELS), i * PIXELS);
  return {
    images: some,
    labels: Uint8Array.from(order, (from) => labels[from]!),
    places: Uint16Array.from(order, (from) => places[from]!),
    count,
  };
}

/** The images in the order of the original files, so that a training gives what it gives in Node. */
export const inOriginalOrder = (set: DigitSet): DigitSet =>
  picked(
    set,
    Array.from(set.places, (_, i) => i).sort((a, b) => set.places[a]! - set.places[b]!),
  );
