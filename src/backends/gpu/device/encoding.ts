import type { DType, ScalarType, TypedArray } from '../../../ir/dtype.ts';
import { typedArrayName } from '../../../ir/typed-array.ts';
import { valueStride } from './device.ts';

// How values are stored as float32 numbers, on WebGPU and on WebGL2 alike. A float32 is stored as it is; a uint8 or a
// bool is one whole number; an int32 is two numbers, its lower and its upper 16 bits, since its own 32 bits could be a
// denormal or a NaN, which devices may change.

/** Numbers per element. */
export const floatsOf: { readonly [D in DType]: 1 | 2 } = { float32: 1, int32: 2, uint8: 1, bool: 1 };

/** The data type that holds the values of an expression. */
export const dtypeOf: { readonly [T in Exclude<ScalarType, 'u32'>]: DType } = {
  f32: 'float32',
  i32: 'int32',
  bool: 'bool',
};

/** Encodes an array's values. A float32 array is returned as it is, not copied. */
export function encode(array: TypedArray): Float32Array {
  const name = typedArrayName(array);
  if (name === 'Float32Array') return array as Float32Array;
  if (name === 'Uint8Array') return Float32Array.from(array);
  const floats = new Float32Array(2 * array.length);
  for (let i = 0; i < array.length; i++) {
    floats[2 * i] = array[i]! & 0xffff;
    floats[2 * i + 1] = array[i]! >>> 16;
  }
  return floats;
}

/** Decodes numbers from `encode` or from a program into an array. */
export function decode(floats: Float32Array, array: TypedArray): void {
  if (typedArrayName(array) === 'Int32Array') {
    for (let i = 0; i < array.length; i++) array[i] = floats[2 * i]! | (floats[2 * i + 1]! << 16);
  } else {
    array.set(array.length < floats.length ? floats.subarray(0, array.length) : floats);
  }
}

/** Numbers per value of a plan (a uniform, an offset). */
export const FLOATS_PER_VALUE = 4;

/** A value of a run that a loop gives: the number of its iteration, or its parity. */
export interface LoopValue {
  readonly slot: number;
  readonly value: number;
}

/**
 * Encodes a run's values, `length` numbers for each set: for each value the value as float32, then the lower and the upper
 * 16 bits of it as an integer. Set k has the values in `loopValues[k]` instead of the run's own.
 */
export function encodeValues(
  values: readonly number[],
  length: number,
  loopValues: readonly (readonly LoopValue[])[],
): Float32Array {
  const stride = valueStride(length);
  const floats = new Float32Array((loopValues.length - 1) * stride + length);
  const put = (value: number, at: number): void => {
    floats[at] = value;
    floats[at + 1] = value & 0xffff;
    floats[at + 2] = value >>> 16;
  };
  for (let i = 0; FLOATS_PER_VALUE * i < length; i++) put(values[i]!, FLOATS_PER_VALUE * i);
  for (let k = 1; k < loopValues.length; k++) {
    floats.copyWithin(k * stride, 0, length);
    for (const { slot, value } of loopValues[k]!)
      if (FLOATS_PER_VALUE * slot < length) put(value, k * stride + FLOATS_PER_VALUE * slot);
  }
  return floats;
}
