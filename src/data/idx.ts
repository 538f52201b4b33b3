import { checkArray, checkCount, checkOptions, describe, type Known, reportAs } from '../ir/arguments.ts';
import { DTypeError, ShapeError, ValueError } from '../ir/errors.ts';
import { bytesOf } from '../ir/typed-array.ts';
import { gunzip, isGzip } from './gzip.ts';

/** The dtypes of decoded IDX files, with their array types. */
interface IdxData {
  readonly uint8: Uint8Array;
  readonly int32: Int32Array;
  readonly float32: Float32Array;
}

type IdxDType = keyof IdxData;

type IdxElements = { [D in IdxDType]: { readonly dtype: D; readonly data: IdxData[D] } }[IdxDType];

/** An array read from an IDX file, row-major. `tensor(a.data, { shape: a.shape })` turns it into a tensor. */
export type IdxArray<D extends IdxDType = IdxDType> = { readonly shape: readonly number[] } & Extract<
  IdxElements,
  { readonly dtype: D }
>;

/** Options of `readIdx` and `decodeIdx`. */
export interface IdxOptions<D extends IdxDType = IdxDType> {
  /** What errors call the data, for example a file name. Default `'IDX data'`. */
  readonly name?: string;
  /**
   * The shape that the array must have. `null` is any size, so `[null, 28, 28]` accepts any number of images.
   */
  readonly shape?: readonly (number | null)[];
  /** The dtype that the array must have. */
  readonly dtype?: D;
}

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  /** Reads `n` elements from byte `at` on. */
  read(view: DataView, at: number, n: number): IdxElements;
}

const elementTypes: Readonly<Record<number, ElementType>> = {
  8: { name: 'uint8', bytes: 1, read: (v, at, n) => ({ dtype: 'uint8', data: copyBytes(v, at, n) }) },
  9: { name: 'int8', bytes: 1, read: (v, at, n) => int32(n, (i) => v.getInt8(at + i)) },
  11: { name: 'int16', bytes: 2, read: (v, at, n) => int32(n, (i) => v.getInt16(at + 2 * i)) },
  12: { name: 'int32', bytes: 4, read: (v, at, n) => int32(n, (i) => v.getInt32(at + 4 * i)) },
  13: { name: 'float32', bytes: 4, read: (v, at, n) => float32(n, (i) => v.getFloat32(at + 4 * i)) },
  14: { name: 'float64', bytes: 8, read: (v, at, n) => float32(n, (i) => v.getFloat64(at + 8 * i)) },
};

const fetchAgain = 'Fetch the file again.';
const notIdx = 'This is not an IDX file, or it is damaged.';

/**
 * Reads an array in the IDX format of the MNIST files: the bytes 0, 0, element type, rank, then one
 * big-endian 32-bit size per axis, then the elements, big-endian and row-major.
 *
 * Unsigned bytes give `uint8`; 8, 16 and 32-bit integers `int32`; floats and doubles `float32` (doubles are
 * rounded). The result is a copy. `decodeIdx` also reads compressed files.
 *
 * @throws ValueError on a wrong magic number, truncation or trailing bytes.
 * @throws DTypeError if the element type is unknown or differs from `options.dtype`, or if `source` is not bytes.
 * @throws ShapeError if the shape differs from `options.shape`.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "The IDX file
 * format".
 */
export function readIdx<D extends IdxDType = IdxDType>(
  bytes: Uint8Array | ArrayBufferLike,
  options?: IdxOptions<D>,
): IdxArray<D>;
export function readIdx(source: Uint8Array | ArrayBufferLike, options: IdxOptions = {}): IdxArray {
  checkIdxOptions('readIdx', arguments.length, options);
  const { name = 'IDX data' } = options;
  const bytes = checkBytes('readIdx', name, source);
  const { length } = bytes;
  const header = readHeader(bytes, name);
  const { type, shape, start, wanted } = header;
  if (length !== wanted) throw wrongLength('readIdx', name, length, header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const array = { shape, ...type.read(view, start, (wanted - start) / type.bytes) };
  checkExpected(array, name, options);
  return array;
}

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The position of the first element. */
  readonly start: number;
  /** The length of the file. */
  readonly wanted: number;
}

/** The longest header, with 255 axes. */
const MAX_HEADER = 4 + 4 * 255;

function readHeader(bytes: Uint8Array, name: string): Header {
  const { length } = bytes;
  if (length < 4) {
    throw new ValueError(
      `[readIdx] ${name}: truncated: ${length} bytes, wanted a header of 4 or more. ${fetchAgain}`,
    );
  }
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    const got = Array.from(bytes.subarray(0, 4), hex).join(' ');
    const fix = isGzip(bytes) ? 'This is gzip: use decodeIdx, which decompresses it.' : notIdx;
    throw new ValueError(`[readIdx] ${name}: starts with ${got}, wanted the magic number 00 00. ${fix}`);
  }
  const type = elementTypes[bytes[2]!];
  if (type === undefined) {
    const known = Object.entries(elementTypes).map(([code, t]) => `${hex(Number(code))} (${t.name})`);
    throw new DTypeError(
      `[readIdx] ${name}: element type ${hex(bytes[2]!)}, wanted ${known.join(', ')}. ${notIdx}`,
    );
  }
  const rank = bytes[3]!;
  const start = 4 + 4 * rank;
  if (length < start) {
    throw new ValueError(
      `[readIdx] ${name}: truncated: ${length} bytes, wanted ${start} for a header of ${rank} axes. ${fetchAgain}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.includes(0) ? 0 : shape.reduce((product, n) => product * n, 1);
  return { type, shape, start, wanted: start + size * type.bytes };
}

function wrongLength(
  operation: string,
  name: string,
  length: number,
  { type, shape, wanted }: Header,
  bound: '' | 'at least ' | 'at most ' = '',
): ValueError {
  const fault = length < wanted ? 'truncated' : 'trailing bytes';
  return new ValueError(
    `[${operation}] ${name}: ${fault}: ${bound}${length} bytes, wanted ${wanted} for ${type.name} [${shape.join(', ')}]. ` +
      fetchAgain,
  );
}

/**
 * Like `readIdx`, for plain or gzip-compressed bytes. Compressed bytes are recognized by their content. As in Python, a file
 * may have several members, which are decompressed one after the other, and zeros after its end. No more is decompressed
 * than the header of the array declares.
 *
 * @throws what `readIdx` throws, and a ValueError if compressed data is truncated or corrupt.
 */
export async function decodeIdx<D extends IdxDType = IdxDType>(
  source: Uint8Array | ArrayBufferLike,
  options: IdxOptions<D> = {},
): Promise<IdxArray<D>> {
  checkIdxOptions('decodeIdx', arguments.length, options);
  const bytes = await plainIdx('decodeIdx', source, options.name);
  return reportAs('decodeIdx', () => readIdx(bytes, options));
}

const idxOptions: Known<IdxOptions> = { name: '', shape: 0, dtype: 0 };

function checkIdxOptions(operation: string, count: number, options: IdxOptions): void {
  checkOptions(operation, options, idxOptions);
  if (options.shape !== undefined) checkArray(operation, 'shape', options.shape, '[null, 28, 28]');
  checkCount(operation, count, 2);
}

/** The bytes of an IDX file, decompressed if they are gzip. */
export async function plainIdx(operation: string, source: unknown, name = 'IDX data'): Promise<Uint8Array> {
  const bytes = checkBytes(operation, name, source);
  if (!isGzip(bytes)) return bytes;
  const options = { operation, name };
  const start = await gunzip(bytes, { ...options, limit: MAX_HEADER });
  const header = reportAs(operation, () => readHeader(start, name));
  const { wanted } = header;
  // DEFLATE data are at most 1032 times as long as before.
  if (wanted > 1032 * bytes.length)
    throw wrongLength(operation, name, 1032 * bytes.length, header, 'at most ');
  const plain = await gunzip(bytes, { ...options, limit: wanted + 1 });
  if (plain.length > wanted) throw wrongLength(operation, name, plain.length, header, 'at least ');
  return plain;
}

export function checkBytes(operation: string, name: string, source: unknown): Uint8Array {
  const bytes = bytesOf(source);
  if (bytes !== null) return bytes;
  throw new DTypeError(
    `[${operation}] ${name}: got ${describe(source)}, wanted a Uint8Array or an ArrayBuffer. Read the file as bytes first.`,
  );
}

function checkExpected(array: IdxArray, name: string, { shape, dtype }: IdxOptions): void {
  const fix = 'Check that this is the right file.';
  if (dtype !== undefined && array.dtype !== dtype) {
    throw new DTypeError(`[readIdx] ${name}: dtype ${array.dtype}, wanted ${dtype}. ${fix}`);
  }
  if (shape === undefined) return;
  const fits =
    shape.length === array.shape.length && shape.every((n, i) => n === null || n === array.shape[i]);
  if (!fits) {
    const wanted = shape.map((n) => n ?? 'any').join(', ');
    throw new ShapeError(`[readIdx] ${name}: shape [${array.shape.join(', ')}], wanted [${wanted}]. ${fix}`);
  }
}

function copyBytes(view: DataView, at: number, n: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, n).slice();
}

function int32(n: number, read: (i: number) => number): IdxElements {
  const data = new Int32Array(n);
  for (let i = 0; i < n; i++) data[i] = read(i);
  return { dtype: 'int32', data };
}

function float32(n: number, read: (i: number) => number): IdxElements {
  const data = new Float32Array(n);
  for (let i = 0; i < n; i++) data[i] = read(i);
  return { dtype: 'float32', data };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
