import { describe, isRecord } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { elementTypes } from '../elements.ts';

/** A tensor of a safetensors file. */
export interface SafetensorsEntry {
  /** The type of its elements in the file, such as `F16`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The position of its first byte in the file, and of the byte after its last. */
  readonly start: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

/** The same limit as in the safetensors project. */
const MAX_HEADER = 100_000_000;
const MAX_AXES = 64;

type Fault = (got: string, wanted: string) => ValueError;

/**
 * Reads and checks the header of a safetensors file: 8 bytes with its length, then JSON. The tensors must fill the rest of
 * the file without gaps and overlaps.
 *
 * @throws ValueError for every fault.
 */
export async function readHeader(operation: string, file: ByteSource): Promise<Header> {
  const fault: Fault = (got, wanted) =>
    new ValueError(
      `[${operation}] got ${got}, wanted ${wanted}. The file is damaged or no safetensors file.`,
    );
  const { size } = file;
  const expectSize = (least: number): void => {
    if (size < least) throw fault(`a file of ${size} bytes`, `at least ${least}`);
  };
  expectSize(8);
  const prefix = await file.read(0, 8);
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000;
  if (length > MAX_HEADER) throw fault(`a header of ${length} bytes`, `at most ${MAX_HEADER}`);
  expectSize(8 + length);
  const header = parse(await file.read(8, length), fault);
  const { __metadata__: metadata = {}, ...tensors } = header;
  checkMetadata(metadata, fault);
  const entries = Object.entries(tensors).map(
    ([name, value]) => [name, readEntry(name, value, 8 + length, size, fault)] as const,
  );
  checkLayout(entries, 8 + length, size, fault);
  return { metadata, entries: new Map(entries) };
}

function parse(bytes: Uint8Array, fault: Fault): Record<string, unknown> {
  const header = parseJson(bytes, ' ');
  if (header === 'twice') throw fault('a header in which a name occurs twice', 'each name once');
  if (header !== null) return header;
  throw fault("a header that can't be read", 'JSON that describes tensors');
}

/**
 * The object in a text of JSON that begins with `{` and is not nested more than a header; null for other texts, `'twice'`
 * if it has a name twice.
 *
 * @param spaces what may follow the object.
 */
export function parseJson(bytes: Uint8Array, spaces: string): Record<string, unknown> | 'twice' | null {
  try {
    // A copy: browsers decode no shared memory.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
    if (text[0] !== '{') return null;
    let keys = countKeys(text, spaces);
    const object = JSON.parse(text) as Record<string, unknown>;
    for (const value of Object.values(object)) keys -= isRecord(value) ? 1 + Object.keys(value).length : 1;
    return keys === 0 ? object : 'twice';
  } catch {
    return null;
  }
}

/**
 * The number of keys in JSON. `JSON.parse` drops repeated ones.
 *
 * @throws Error for values that are not nested like those of a header: JSON of any depth and with arrays in arrays can need
 * many times its size in memory.
 */
function countKeys(text: string, spaces: string): number {
  let keys = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (c === ':') keys++;
    else if (c === '}' || c === ']') depth--;
    else if ((c === '{' || c === '[') && c !== '{{['[depth++]) throw new Error();
    else if (depth === 0 && !spaces.includes(c!)) throw new Error();
  }
  return keys;
}

const areCounts = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);

/** Assigning to it would set a prototype. */
const FORBIDDEN = '__proto__';

function checkMetadata(metadata: unknown, fault: Fault): asserts metadata is Record<string, string> {
  if (!isRecord(metadata)) throw fault(`__metadata__ ${describe(metadata)}`, 'an object of strings');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || key === FORBIDDEN)
      throw fault(`${describe(value)} for ${describe(key)} in __metadata__`, 'strings, and no __proto__');
  }
}

function readEntry(
  name: string,
  value: unknown,
  origin: number,
  size: number,
  fault: Fault,
): SafetensorsEntry {
  const of = (what: string, got: unknown): string => `${what} ${describe(got)} for ${describe(name)}`;
  if (name === FORBIDDEN) throw fault(of('a tensor', value), 'another name');
  if (!isRecord(value)) throw fault(of('the entry', value), 'an object');
  const { dtype, shape, data_offsets: offsets, ...rest } = value;
  const [other] = Object.keys(rest);
  if (other !== undefined) throw fault(of('the key', other), 'dtype, shape and data_offsets');
  if (typeof dtype !== 'string' || !Object.hasOwn(elementTypes, dtype))
    throw fault(of('dtype', dtype), Object.keys(elementTypes).join(', '));
  if (!areCounts(shape) || shape.length > MAX_AXES)
    throw fault(of('shape', shape), `at most ${MAX_AXES} whole numbers from 0 up`);
  if (!areCounts(offsets) || offsets.length !== 2)
    throw fault(of('data_offsets', offsets), 'two whole numbers from 0 up');
  const [begin, end] = offsets as [number, number];
  const wanted = shape.reduce((product, n) => product * n, elementTypes[dtype]!.bytes);
  if (end - begin !== wanted)
    throw fault(`${end - begin} bytes for ${describe(name)}`, `${wanted} for ${dtype} [${shape.join(', ')}]`);
  if (origin + end > size)
    throw fault(`a file of ${size} bytes`, `${origin + end} or more for ${describe(name)}`);
  return { dtype, shape, start: origin + begin, end: origin + end };
}

/** The tensors must lie one after the other. */
function checkLayout(
  entries: readonly (readonly [name: string, entry: SafetensorsEntry])[],
  origin: number,
  size: number,
  fault: Fault,
): void {
  let at = origin;
  for (const [name, { start, end }] of entries.toSorted(
    ([, a], [, b]) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== at)
      throw fault(
        `${describe(name)} at byte ${start}, ${start < at ? 'an overlap' : 'a gap'}`,
        `it at byte ${at}`,
      );
    at = end;
  }
  if (at !== size) throw fault(`a file of ${size} bytes`, `${at}, where the last tensor ends`);
}
