import { describe, reportAs } from '../ir/arguments.ts';
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

type Overlay = (buffer: ArrayBufferLike, offset: number, length: number) => Raw;

/** A type of elements in files. */
interface ElementType {
  readonly bytes: number;
  /** The dtype of tensors with these elements. */
  readonly dtype: DType;
  /** The stored elements: numbers, codes of small floats, or the halves of 64-bit integers. */
  readonly on: Overlay;
  /** The number at position i of the stored elements, if it is not that element. */
  readonly number?: (raw: Raw, i: number) => number;
}

const onUint8: Overlay = (b, o, n) => new Uint8Array(b, o, n);
const onUint16: Overlay = (b, o, n) => new Uint16Array(b, o, n);
const onInt32: Overlay = (b, o, n) => new Int32Array(b, o, n);
/** Low and high halves. */
const onHalves: Overlay = (b, o, n) => new Int32Array(b, o, 2 * n);

const high = 0x1_0000_0000;
const low = (raw: Raw, i: number): number => raw[2 * i]! >>> 0;

/**
 * The element types of safetensors that a tensor can hold, by their names there. Integers must fit int32, and doubles are
 * rounded to float32; all others are exact.
 */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  BOOL: { bytes: 1, dtype: 'bool', on: onUint8 },
  U8: { bytes: 1, dtype: 'uint8', on: onUint8 },
  I8: { bytes: 1, dtype: 'int32', on: (b, o, n) => new Int8Array(b, o, n) },
  F8_E5M2: { bytes: 1, dtype: 'float32', on: onUint8, number: (raw, i) => halfValue(raw[i]! << 8) },
  F8_E4M3: { bytes: 1, dtype: 'float32', on: onUint8, number: (raw, i) => e4m3Value(raw[i]!) },
  F8_E8M0: { bytes: 1, dtype: 'float32', on: onUint8, number: (raw, i) => e8m0Value(raw[i]!) },
  I16: { bytes: 2, dtype: 'int32', on: (b, o, n) => new Int16Array(b, o, n) },
  U16: { bytes: 2, dtype: 'int32', on: onUint16 },
  F16: { bytes: 2, dtype: 'float32', on: onUint16, number: (raw, i) => halfValue(raw[i]!) },
  BF16: { bytes: 2, dtype: 'float32', on: onUint16, number: (raw, i) => bfloat16Value(raw[i]!) },
  I32: { bytes: 4, dtype: 'int32', on: onInt32 },
  U32: { bytes: 4, dtype: 'int32', on: (b, o, n) => new Uint32Array(b, o, n) },
  F32: { bytes: 4, dtype: 'float32', on: (b, o, n) => new Float32Array(b, o, n) },
  F64: { bytes: 8, dtype: 'float32', on: (b, o, n) => new Float64Array(b, o, n) },
  I64: { bytes: 8, dtype: 'int32', on: onHalves, number: (raw, i) => raw[2 * i + 1]! * high + low(raw, i) },
  U64: {
    bytes: 8,
    dtype: 'int32',
    on: onHalves,
    number: (raw, i) => (raw[2 * i + 1]! >>> 0) * high + low(raw, i),
  },
};

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
  const { bytes: width, dtype, on, number } = elementTypes[type]!;
  reportAs(operation, () => checkShape(operation, shape));
  const count = bytes.length / width;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const raw = on(aligned.buffer, aligned.byteOffset, count);
  const asStored = type === 'F32' || type === 'I32' || type === 'U8';
  const values = asStored ? (raw as TypedArray) : allocate(operation, dtype, count);
  for (let i = 0; i < count && !asStored; i++) {
    const x = number === undefined ? raw[i]! : number(raw, i);
    values[i] = x;
    if (fits(x, dtype) && (Number.isFinite(values[i]) || !Number.isFinite(x))) continue;
    throw new ValueError(
      `[${operation}] got ${type} ${x} at index ${i} of ${describe(name)}, wanted numbers that fit ${dtype}.`,
    );
  }
  return fromArray(values, shape, dtype);
}
