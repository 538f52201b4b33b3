import { type ByteSource, byteSource } from '../../io/byte-source.ts';
import { producer } from '../../io/metadata.ts';
import { fileStart } from '../../io/safetensors/file-start.ts';
import { readHeader } from '../../io/safetensors/header.ts';
import { StateError, ValueError } from '../../ir/errors.ts';
import { crc32 } from '../../util/crc32.ts';
import { yieldToEventLoop } from '../../util/event-loop.ts';
import { type ElementType, elementTypes, StoredTensors } from './stored-tensor.ts';

/** The version of the format that is written, and the newest that is read. */
const VERSION = 1;
/** Files are written and checked in parts of this size, with a yield to the event loop between them. */
const PART = 1 << 20;
/** The checksum is that of the file with these characters in its place. */
const NO_CHECKSUM = '00000000';
/** Where the checksum begins, in files of every version. */
const CHECKSUM_AT = 8 + '{"__metadata__":{"crc32":"'.length;

/** What a checkpoint holds. */
export interface Content {
  readonly tensors: StoredTensors;
  /** Strings, for `__metadata__`. */
  readonly texts: Readonly<Record<string, string>>;
}

const toHex = (n: number): string => n.toString(16).padStart(8, '0');

/** The bytes of a checkpoint, part by part. The values must not be changed until the last part has been taken. */
export async function* filePartsOf({ tensors, texts }: Content): AsyncIterable<Uint8Array> {
  const all = tensors.sorted();
  const start = fileStart(
    all.map(([name, { dtype, shape, values }]) => ({ name, dtype, shape, bytes: values.byteLength })),
    { crc32: NO_CHECKSUM, format: 'ndgrad', version: String(VERSION), producer, ...texts },
  );
  const bytes = [
    start,
    ...all.map(([, { values }]) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ];
  let checksum = 0;
  for (const part of partsOf(bytes)) {
    checksum = crc32(part, checksum);
    await yieldToEventLoop();
  }
  start.set(new TextEncoder().encode(toHex(checksum)), CHECKSUM_AT);
  for (const part of partsOf(bytes)) {
    yield part;
    await yieldToEventLoop();
  }
}

/** The same bytes in parts of equal size. */
function* partsOf(arrays: readonly Uint8Array[]): Iterable<Uint8Array> {
  let left = arrays.reduce((sum, { length }) => sum + length, 0);
  let part = new Uint8Array(Math.min(PART, left));
  let used = 0;
  for (const array of arrays) {
    for (let at = 0; at < array.length; ) {
      const piece = array.subarray(at, at + part.length - used);
      part.set(piece, used);
      at += piece.length;
      used += piece.length;
      if (used < part.length) continue;
      yield part;
      left -= used;
      part = new Uint8Array(Math.min(PART, left));
      used = 0;
    }
  }
}

/**
 * Reads a checkpoint.
 *
 * @throws ValueError if it is damaged; StateError if a newer version has written it.
 */
export async function readFile(name: string, given: ByteSource): Promise<Content> {
  const source = byteSource('fit', given);
  const { metadata, entries } = await readHeader('fit', source);
  const { crc32: checksum, format, version, ...texts } = metadata;
  if (format !== 'ndgrad' || checksum === undefined || (await checksumOf(source)) !== checksum)
    throw new ValueError('[fit] got a wrong checksum, wanted that of the file.');
  if (Number(version) > VERSION) {
    throw new StateError(
      `[fit] got the checkpoint '${name}' of version ${version}, wanted at most ${VERSION}. Update ndgrad.`,
    );
  }
  const tensors = new StoredTensors();
  for (const [key, { dtype, shape, start, end }] of entries) {
    const type = dtype as ElementType;
    const copy = (await source.read(start, end - start)).slice();
    const values = new elementTypes[type](copy.buffer, 0, copy.length / elementTypes[type].BYTES_PER_ELEMENT);
    tensors.set(key, { dtype: type, shape, values });
  }
  return { tensors, texts };
}

async function checksumOf(source: ByteSource): Promise<string> {
  let checksum = 0;
  for (let at = 0; at < source.size; at += PART) {
    let part = await source.read(at, Math.min(PART, source.size - at));
    if (at === 0 && part.length >= CHECKSUM_AT + NO_CHECKSUM.length) {
      part = part.slice();
      part.set(new TextEncoder().encode(NO_CHECKSUM), CHECKSUM_AT);
    }
    checksum = crc32(part, checksum);
    await yieldToEventLoop();
  }
  return toHex(checksum);
}
