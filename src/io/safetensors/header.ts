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

/**
 * Reads and checks the header of a safetensors file: 8 bytes with its length, then JSON. The tensors must fill the rest of
 * the file without gaps and overlaps.
 *
 * @throws ValueError for every fault.
 */
export async function readHeader(operation: string, file: ByteSource): Promise<Header> {
  const fault = (got: string, wanted: unknown): ValueError =>
    new ValueError(
      `[${operation}] got ${got}, wanted ${wanted}. The file is damaged or no safetensors file.`,
    );
  const { size } = file;
  const read = (at: number, length: number): Promise<Uint8Array> => {
    if (at + length > size) throw fault(`a file of ${size} bytes`, `at least ${at + length}`);
    return file.read(at, length);
  };
  const prefix = await read(0, 8);
  const view = new DataView(prefix.buffer, prefix.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000;
  if (length > MAX_HEADER) throw fault(`a header of ${length} bytes`, `at most ${MAX_HEADER}`);
  const header = parseJson(await read(8, length), ' ');
  if (header === null)
    throw fault("a header that can't be read", 'JSON with each name once and no __proto__');
  const { __metadata__: metadata = {}, ...tensors } = header;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    throw fault(`__metadata__ ${shown(metadata)}`, 'an object of strings');
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(tensors)) {
    const entry = readEntry(value, 8 + length);
    if (entry === null)
      throw fault(
        `${shown(value)} for ${describe(name)}`,
        `dtype (${Object.keys(elementTypes)}), shape and data_offsets that agree`,
      );
    entries.set(name, entry);
  }
  // The tensors lie one after the other.
  let at = 8 + length;
  for (const [name, { start, end }] of [...entries].sort(
    ([, a], [, b]) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== at) throw fault(`${describe(name)} at byte ${start}`, at);
    at = end;
  }
  if (at !== size) throw fault(`a file of ${size} bytes`, at);
  return { metadata: metadata as Header['metadata'], entries };
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 200);

/**
 * The object in a text of JSON that begins with `{` and is not nested more than a header; null for other texts, and if a name
 * is there twice or is `__proto__`, which would set a prototype.
 *
 * @param spaces what may follow the object.
 */
export function parseJson(bytes: Uint8Array, spaces: string): Record<string, unknown> | null {
  try {
    // A copy: browsers decode no shared memory.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
    let keys = countKeys(text, spaces);
    const object = JSON.parse(text) as Record<string, unknown>;
    for (const record of [object, ...Object.values(object)].filter(isRecord))
      keys -= Object.hasOwn(record, '__proto__') ? Number.NaN : Object.keys(record).length;
    return keys === 0 && text[0] === '{' ? object : null;
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

const areCounts = (x: unknown, most: number): x is number[] =>
  Array.isArray(x) && x.length <= most && x.every((n) => Number.isSafeInteger(n) && n >= 0);

/** null unless it is the description of a tensor. */
function readEntry(value: unknown, origin: number): SafetensorsEntry | null {
  if (!isRecord(value)) return null;
  const { dtype, shape, data_offsets: offsets, ...others } = value;
  const type = typeof dtype === 'string' && Object.hasOwn(elementTypes, dtype) && elementTypes[dtype];
  if (!type || !areCounts(shape, MAX_AXES) || !areCounts(offsets, 2)) return null;
  const [start = 0, end = Number.NaN] = offsets.map((offset) => origin + offset);
  const fits = end - start === shape.reduce((product, n) => product * n, type.bytes);
  return fits && Object.keys(others).length === 0 ? { dtype: dtype as string, shape, start, end } : null;
}
