import { checkCount, describe, readOptions } from '../../ir/arguments.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { transpose } from '../../tensor/ops/arrangement/views.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type ByteSource, byteSource, type CheckedSource } from '../byte-source.ts';
import { decode, elementTypes } from '../elements.ts';
import { joinBytes, totalLength } from '../join-bytes.ts';
import { namedValues } from '../named-tensors.ts';
import { type NpyHeader, parseHeader } from './header.ts';

/** Options of `readNpy`. */
export interface ReadNpyOptions {
  /** What errors call the array, for example a file name. Default `'the array'`. */
  readonly name?: string;
  /**
   * Whether the tensor has memory of its own; true by default. With false it uses that of the source where it can, and the
   * source must not be changed afterwards.
   */
  readonly copy?: boolean;
}

/**
 * Reads an array that `numpy.save` has written: versions 1 to 3, in C or Fortran order, little or big-endian. Booleans give
 * bool, unsigned bytes uint8, all other integers int32, and floats float32 (doubles are rounded).
 *
 * @throws ValueError for a damaged file, for other element types such as objects, complex numbers and records, and for an
 *   integer that does not fit int32.
 *
 * Source: NumPy, "NEP 1 - A simple file format for NumPy arrays", and `numpy.lib.format`.
 */
export async function readNpy(
  source: Uint8Array | ArrayBufferLike | ByteSource,
  options?: ReadNpyOptions,
): Promise<Tensor> {
  checkCount('readNpy', arguments.length, 2);
  const { name, copy } = readOptions('readNpy', options, { name: 'the array', copy: true });
  return decodeNpy('readNpy', String(name), byteSource('readNpy', source), copy);
}

/** The tensor in a `.npy` file. */
export async function decodeNpy(
  operation: string,
  name: string,
  file: CheckedSource,
  copy: boolean,
): Promise<Tensor> {
  const header = await parseHeader(operation, name, file);
  const { type, shape, start } = header;
  const { bytes: width } = elementTypes[type]!;
  const wanted = start + shape.reduce((product, n) => product * n, width);
  if (file.size !== wanted) {
    throw new ValueError(
      `[${operation}] got ${file.size} bytes for ${describe(name)}, wanted ${wanted} for ${type} [${shape.join(', ')}]. ` +
        'The file is damaged.',
    );
  }
  const stored = await file.read(start, wanted - start);
  const swapped = header.bigEndian && width > 1;
  const bytes = (copy || swapped) && file.inMemory ? stored.slice() : stored;
  if (swapped) for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
  return inOrder(header, (dimensions) => decode(operation, name, type, dimensions, bytes));
}

const inOrder = ({ shape, fortran }: NpyHeader, read: (shape: readonly number[]) => Tensor): Tensor =>
  fortran && shape.length > 1 ? transpose(read(shape.toReversed())) : read(shape);

const codes = { float32: '<f4', int32: '<i4', uint8: '|u1', bool: '|b1' } as const;

/**
 * The tensor as a `.npy` file, version 1.0 in C order: `numpy.load` opens it.
 */
export async function writeNpy(tensor: Tensor): Promise<Uint8Array> {
  checkCount('writeNpy', arguments.length, 1);
  checkTensor('writeNpy', tensor);
  const [named] = await namedValues('writeNpy', { tensor });
  const parts = npyParts(tensor, named!.values);
  return joinBytes('writeNpy', parts, totalLength(parts));
}

/** The header and the data of a `.npy` file. */
export function npyParts({ shape, dtype }: Tensor, values: TypedArray): readonly [Uint8Array, Uint8Array] {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${codes[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The data begin at a multiple of 64 bytes, after a line feed. With 64 axes the header fits 16 bits.
  const start = 64 * Math.ceil((10 + text.length + 1) / 64);
  const header = new Uint8Array(start);
  header.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, (start - 10) & 255, (start - 10) >> 8]);
  header.set(new TextEncoder().encode(`${text.padEnd(start - 11)}\n`), 10);
  return [header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}
