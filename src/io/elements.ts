import { describe } from '../ir/arguments.ts';
import { allocate, type DType, fits, type TypedArray } from '../ir/dtype.ts';
import { ValueError } from '../ir/errors.ts';
import { fromArray } from '../tensor/creation.ts';
import { checkShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bfloat16Value, e4m3Value, e8m0Value, halfValue } from './small-floats.ts';

/** The elements of a file as they are stored. */
interface Raw {
  readonly length: number;
  readonly [i: number]: number;
}

/** A type of elements in files. */
interface ElementType {
  readonly bytes: number;
  /** The dtype of tensors with these elements. */
  readonly dtype: DType;
  /** The array of the stored elements: numbers, codes of small floats, or the halves of 64-bit integers. */
  readonly stored: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBufferLike, offset: number, length: number): Raw;
  };
  /** The number at position i of the stored elements, if it is not that element. */
  readonly number: ((raw: Raw, i: number) => number) | undefined;
  /** The number of each code of a small float. Large arrays look it up, which is ten times as fast as computing it. */
  table?: Float32Array;
}

const elements = (
  dtype: DType,
  bytes: number,
  stored: ElementType['stored'],
  number?: ElementType['number'],
): ElementType => ({ dtype, bytes, stored, number });

const high = 0x1_0000_0000;
const low = (raw: Raw, i: number): number => raw[2 * i]! >>> 0;

/**
 * The element types of safetensors that a tensor can hold, by their names there. Integers must fit int32, and doubles are
 * rounded to float32; all others are exact.
 */
export const elementTypes: Readonly<Record<string, ElementType>> = /* @__PURE__ */ (() => ({
  BOOL: elements('bool', 1, Uint8Array),
  U8: elements('uint8', 1, Uint8Array),
  I8: elements('int32', 1, Int8Array),
  F8_E5M2: elements('float32', 1, Uint8Array, (raw, i) => halfValue(raw[i]! << 8)),
  F8_E4M3: elements('float32', 1, Uint8Array, (raw, i) => e4m3Value(raw[i]!)),
  F8_E8M0: elements('float32', 1, Uint8Array, (raw, i) => e8m0Value(raw[i]!)),
  I16: elements('int32', 2, Int16Array),
  U16: elements('int32', 2, Uint16Array),
  F16: elements('float32', 2, Uint16Array, (raw, i) => halfValue(raw[i]!)),
  BF16: elements('float32', 2, Uint16Array, (raw, i) => bfloat16Value(raw[i]!)),
  I32: elements('int32', 4, Int32Array),
  U32: elements('int32', 4, Uint32Array),
  F32: elements('float32', 4, Float32Array),
  F64: elements('float32', 8, Float64Array),
  I64: elements('int32', 8, Int32Array, (raw, i) => raw[2 * i + 1]! * high + low(raw, i)),
  U64: elements('int32', 8, Int32Array, (raw, i) => (raw[2 * i + 1]! >>> 0) * high + low(raw, i)),
}))();

/**
 * The tensor with these elements, which are little-endian. It uses the memory of the bytes if its values are stored there
 * as they are and at an address that is a multiple of their size.
 *
 * @param name what errors call it.
 * @throws ValueError for a number that the dtype can't represent.
 */
export function decode(
  operation: string,
  name: string,
  type: string,
  shape: readonly number[],
  bytes: Uint8Array,
): Tensor {
  checkShape(operation, shape);
  return fromArray(decodeValues(operation, name, type, bytes), shape, elementTypes[type]!.dtype);
}

/** The values of `decode`. */
export function decodeValues(operation: string, name: string, type: string, bytes: Uint8Array): TypedArray {
  const element = elementTypes[type]!;
  const { bytes: width, dtype, stored, number } = element;
  const count = bytes.length / width;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const raw = new stored(aligned.buffer, aligned.byteOffset, bytes.length / stored.BYTES_PER_ELEMENT);
  if (type === 'F32' || type === 'I32' || type === 'U8') return raw as TypedArray;
  const values = allocate(operation, dtype, count);
  const codes = 1 << (8 * width);
  if (number !== undefined && width < 3 && count > codes) {
    const table = element.table ?? Float32Array.from({ length: codes }, (_, code) => number([code], 0));
    element.table = table;
    return lookUp(raw, table, values as Float32Array);
  }
  for (let i = 0; i < count; i++) {
    const x = number === undefined ? raw[i]! : number(raw, i);
    values[i] = x;
    if (fits(x, dtype) && (Number.isFinite(values[i]) || !Number.isFinite(x))) continue;
    throw new ValueError(
      `[${operation}] got ${type} ${x} at index ${i} of ${describe(name)}, wanted numbers that fit ${dtype}.`,
    );
  }
  return values;
}

/** A function of its own, which is compiled for arrays of few types. */
function lookUp(codes: Raw, table: Float32Array, out: Float32Array): Float32Array {
  for (let i = 0; i < out.length; i++) out[i] = table[codes[i]!]!;
  return out;
}
