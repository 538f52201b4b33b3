import { deflateSync, inflateSync } from 'fflate';
import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { crc32 } from '../util/crc32.ts';
import type { CheckedSource } from './byte-source.ts';
import { joinBytes, totalLength } from './join-bytes.ts';

/** A file in a zip file. */
export interface ZipMember {
  /** The number of bytes. */
  readonly size: number;
  /** Decompresses the file and checks its checksum. The bytes are in memory of their own. */
  read(operation: string): Promise<Uint8Array>;
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** The position of the header before the data. */
  readonly start: number;
}

const MAX_DIRECTORY = 100_000_000;
/** DEFLATE data are at most 1032 times as long as before. */
const MAX_RATIO = 1032;
const STORED = 0;
const DEFLATED = 8;

const damaged = 'The file is damaged or no zip file.';
const fault = (operation: string, got: string, wanted: string): ValueError =>
  new ValueError(`[${operation}] got ${got}, wanted ${wanted}. ${damaged}`);

/**
 * The files of a zip file, by name. Only its directory is read. Zip64 is known; encryption is not.
 *
 * @throws ValueError if the directory is damaged, or if files overlap or have one name.
 *
 * Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", version 6.3.
 */
export async function openZip(
  operation: string,
  file: CheckedSource,
): Promise<ReadonlyMap<string, ZipMember>> {
  const { count, start, end } = await findDirectory(operation, file);
  if (end - start > MAX_DIRECTORY)
    throw fault(operation, `a directory of ${end - start} bytes`, `at most ${MAX_DIRECTORY}`);
  const entries = readDirectory(operation, await file.read(start, end - start));
  if (entries.length !== count)
    throw fault(operation, `${entries.length} files in the directory`, `${count}`);
  const members = new Map<string, ZipMember>();
  const inOrder = entries.toSorted((a, b) => a.start - b.start);
  for (const [i, entry] of inOrder.entries()) {
    const { name, size, compressed } = entry;
    const next = inOrder[i + 1]?.start ?? start;
    const most = entry.method === STORED ? compressed : MAX_RATIO * compressed;
    if (entry.start + HEADER + compressed > next)
      throw fault(operation, `${describe(name)} over other data`, 'files one after the other');
    if (size > most) throw fault(operation, `${size} bytes for ${describe(name)}`, `at most ${most}`);
    if (members.has(name)) throw fault(operation, `${describe(name)} twice`, 'each name once');
    members.set(name, { size, read: (caller) => readMember(caller, file, entry, next) });
  }
  return members;
}

const HEADER = 30;
const DIRECTORY_ENTRY = 46;
const DIRECTORY_END = 22;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An integer of 64 bits; those above 2^53 are larger than any file. */
const uint64 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;

async function findDirectory(
  operation: string,
  file: CheckedSource,
): Promise<{ count: number; start: number; end: number }> {
  const { size } = file;
  const tail = Math.min(size, DIRECTORY_END + 0xffff);
  const view = viewOf(await file.read(size - tail, tail));
  let at = tail - DIRECTORY_END;
  // A comment of known length follows.
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === 0x06054b50 && view.getUint16(at + 20, true) === tail - DIRECTORY_END - at)
  )
    at--;
  if (at < 0) throw fault(operation, `a file of ${size} bytes without a directory`, 'a zip file');
  let found = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    start: view.getUint32(at + 16, true),
  };
  let end = size - tail + at;
  if (found.count === 0xffff || found.length === 0xffffffff || found.start === 0xffffffff) {
    const wrong = (): ValueError => fault(operation, 'a wrong zip64 directory', 'a zip file');
    if (end < 20) throw wrong();
    const locator = viewOf(await file.read(end - 20, 20));
    const position = uint64(locator, 8);
    if (locator.getUint32(0, true) !== 0x07064b50 || position + 56 > end) throw wrong();
    const large = viewOf(await file.read(position, 56));
    if (large.getUint32(0, true) !== 0x06064b50) throw wrong();
    found = { count: uint64(large, 32), length: uint64(large, 40), start: uint64(large, 48) };
    end = position;
  }
  if (found.start + found.length !== end) {
    throw fault(
      operation,
      `a directory from byte ${found.start} to ${found.start + found.length}`,
      `its end at ${end}`,
    );
  }
  return { count: found.count, start: found.start, end };
}

function readDirectory(operation: string, bytes: Uint8Array): Entry[] {
  const view = viewOf(bytes);
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const wrong = (got: string): ValueError =>
      fault(operation, `${got} at byte ${at} of the directory`, 'an entry of a file');
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) throw wrong('no entry');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((i) =>
      view.getUint16(at + i, true),
    ) as [number, number, number];
    const next = at + 46 + nameLength + extraLength + commentLength;
    if (next > bytes.length) throw wrong('an entry that is cut off');
    let name: string;
    try {
      name = new TextDecoder('utf-8', { fatal: true }).decode(bytes.slice(at + 46, at + 46 + nameLength));
    } catch {
      throw wrong('a name that is not UTF-8');
    }
    const method = view.getUint16(at + 10, true);
    if (view.getUint16(at + 8, true) & 1) throw wrong(`the encrypted file ${describe(name)}`);
    if (method !== STORED && method !== DEFLATED) throw wrong(`compression method ${method}`);
    // Sizes and positions that do not fit 32 bits follow in the extra field of zip64, in this order.
    let large = zip64Field(view, at + 46 + nameLength, extraLength);
    const [size, compressed, start] = [24, 20, 42].map((i) => {
      const value = view.getUint32(at + i, true);
      if (value !== 0xffffffff) return value;
      if (large.byteLength < 8) throw wrong('an entry without its size');
      const wide = uint64(large, 0);
      large = new DataView(large.buffer, large.byteOffset + 8, large.byteLength - 8);
      return wide;
    }) as [number, number, number];
    entries.push({ name, method, crc: view.getUint32(at + 16, true), compressed, size, start });
    at = next;
  }
  return entries;
}

/** The data of the extra field of zip64; empty if there is none. */
function zip64Field(view: DataView, from: number, length: number): DataView {
  for (let at = from; at + 4 <= from + length; ) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && at + 4 + size <= from + length) {
      return new DataView(view.buffer, view.byteOffset + at + 4, size);
    }
    at += 4 + size;
  }
  return new DataView(new ArrayBuffer(0));
}

async function readMember(
  operation: string,
  file: CheckedSource,
  entry: Entry,
  next: number,
): Promise<Uint8Array> {
  const { name, start, compressed, size, method } = entry;
  const wrong = (got: string): ValueError => fault(operation, `${got} in ${describe(name)}`, 'its data');
  const header = viewOf(await file.read(start, HEADER));
  const data = start + HEADER + header.getUint16(26, true) + header.getUint16(28, true);
  if (header.getUint32(0, true) !== 0x04034b50) throw wrong('no header');
  if (data + compressed > next) throw wrong('data of other files');
  const stored = await file.read(data, compressed);
  const bytes = method === STORED ? stored : inflate(stored, size);
  if (bytes?.length !== size) throw wrong("data that can't be decompressed");
  if (crc32(bytes) !== entry.crc) throw wrong('a wrong checksum');
  return method === STORED && file.inMemory ? bytes.slice() : bytes;
}

/** Decompressed data of the expected size; null or data of another size if they are damaged. */
function inflate(bytes: Uint8Array, size: number): Uint8Array | null {
  try {
    // One byte more: fflate drops what does not fit.
    return inflateSync(bytes, { out: new Uint8Array(size + 1) });
  } catch {
    return null;
  }
}

/** A zip file. The contents of files are in parts. The same files always give the same bytes. */
export function makeZip(
  operation: string,
  files: readonly (readonly [name: string, parts: readonly Uint8Array[]])[],
  compress: boolean,
): Uint8Array {
  const members = files.map(([name, parts]) => {
    const encoded = new TextEncoder().encode(name);
    if (encoded.length > 0xffff)
      throw new ValueError(
        `[${operation}] got a name of ${name.length} characters, wanted at most 65535 bytes.`,
      );
    const stored = compress ? [deflateSync(joinBytes(operation, parts, totalLength(parts)))] : parts;
    return { name: encoded, parts, stored, size: totalLength(parts), length: totalLength(stored) };
  });
  const size = members.reduce(
    (sum, { name, length }) => sum + HEADER + DIRECTORY_ENTRY + 2 * name.length + length,
    DIRECTORY_END,
  );
  if (size > 0xffffffff || files.length >= 0xffff) {
    throw new ValueError(
      `[${operation}] got ${files.length} arrays of ${size} bytes, wanted less than 4 GiB and less than 65535 arrays. Write several files.`,
    );
  }
  const zip = new Uint8Array(size);
  const view = viewOf(zip);
  let at = 0;
  const put16 = (...values: number[]): void => {
    for (const value of values) {
      view.setUint16(at, value, true);
      at += 2;
    }
  };
  const put32 = (...values: number[]): void => {
    for (const value of values) {
      view.setUint32(at, value, true);
      at += 4;
    }
  };
  const put = (bytes: Uint8Array): void => {
    zip.set(bytes, at);
    at += bytes.length;
  };
  const written = members.map(({ name, parts, stored, size, length }) => {
    const start = at;
    const putFields = (): void => {
      // Version 2.0, names in UTF-8, and the earliest time of a zip file.
      put16(20, 0x800, compress ? DEFLATED : STORED, 0, 0x21);
      put32(crc, length, size);
      put16(name.length, 0);
    };
    const crc = parts.reduce((before, part) => crc32(part, before), 0);
    put32(0x04034b50);
    putFields();
    put(name);
    for (const part of stored) put(part);
    return { name, start, putFields };
  });
  const directory = at;
  for (const { name, start, putFields } of written) {
    put32(0x02014b50);
    put16(20);
    putFields();
    put16(0, 0, 0);
    put32(0, start);
    put(name);
  }
  const length = at - directory;
  put32(0x06054b50);
  put16(0, 0, written.length, written.length);
  put32(length, directory);
  return zip;
}
