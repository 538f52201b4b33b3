import type { DType, ScalarType } from '../../../ir/dtype.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import { i32x4 } from './literals.ts';

// Loads and stores of four elements. In a vector each element has 32 bits: f32, i32, u32, or the mask of a bool.

/** Does an element have four bytes in memory? Other dtypes have one. */
export const isFourBytes = (dtype: DType): boolean => dtype === 'float32' || dtype === 'int32';

/** Loads four adjacent elements: 16 bytes, or 4 bytes of one-byte elements. */
export function loadVector(code: Code, dtype: DType, address: Local, offset = 0): Local {
  if (isFourBytes(dtype)) return code.load('v128.load', [address], offset);
  const bytes = code.load('v128.load32_zero', [address], offset);
  return fromBytes(code, dtype, widened(code, bytes));
}

/** Loads one element into all four lanes. */
export function loadSplat(code: Code, dtype: DType, address: Local): Local {
  if (isFourBytes(dtype)) return code.load('v128.load32_splat', [address]);
  return fromBytes(code, dtype, code.op('i32x4.splat', code.load('i32.load8_u', [address])));
}

/** Loads elements from four addresses. */
export function loadLanes(code: Code, dtype: DType, addresses: readonly Operand[]): Local {
  const wide = isFourBytes(dtype);
  let vector = wide ? code.load('v128.load32_zero', [addresses[0]!]) : i32x4(code, 0);
  addresses.forEach((address, l) => {
    if (!wide) vector = code.loadLane('v128.load8_lane', 4 * l, address, vector);
    else if (l > 0) vector = code.loadLane('v128.load32_lane', l, address, vector);
  });
  return fromBytes(code, dtype, vector);
}

const widened = (code: Code, bytes: Local): Local =>
  code.op('i32x4.extend_low_i16x8_u', code.op('i16x8.extend_low_i8x16_u', bytes));

function fromBytes(code: Code, dtype: DType, vector: Local): Local {
  return dtype === 'bool' ? code.op('i32x4.ne', vector, i32x4(code, 0)) : vector;
}

/** The vector in its memory format: bools as 0 and 1, one-byte elements in the first four bytes. */
export function narrowed(code: Code, dtype: DType, vector: Local): Local {
  if (isFourBytes(dtype)) return vector;
  const mask = i32x4(code, dtype === 'bool' ? 1 : 255);
  const bytes = code.op('v128.and', vector, mask);
  const halves = code.op('i16x8.narrow_i32x4_u', bytes, bytes);
  return code.op('i8x16.narrow_i16x8_u', halves, halves);
}

/** Stores the four elements of a narrowed vector. */
export function storeVector(code: Code, dtype: DType, address: Local, vector: Local, offset = 0): void {
  if (isFourBytes(dtype)) code.store('v128.store', address, vector, offset);
  else code.storeLane('v128.store32_lane', 0, address, vector, offset);
}

/** Stores the first `count` (1 to 3) elements of a narrowed vector. */
export function storePartial(code: Code, dtype: DType, address: Local, vector: Local, count: Operand): void {
  const wide = isFourBytes(dtype);
  const one = wide ? 'v128.store32_lane' : 'v128.store8_lane';
  const bytes = wide ? 4 : 1;
  code.storeLane(one, 0, address, vector);
  for (const l of [1, 2]) {
    code.if(code.op('i32.gt_u', count, l), () => code.storeLane(one, l, address, vector, l * bytes));
  }
}

/** The vector with others in the lanes from number `count` on: 0 by default. */
export function firstLanes(code: Code, vector: Local, count: Operand, others: Local = i32x4(code, 0)): Local {
  const lanes = code.literal(new Int32Array([0, 1, 2, 3]));
  const isFirst = code.op('i32x4.lt_s', lanes, code.op('i32x4.splat', count));
  return code.op('v128.bitselect', vector, others, isFirst);
}

/** The dtype that stores lanes unchanged: masks stay masks. */
export const laneDType = (type: ScalarType): DType => (type === 'f32' ? 'float32' : 'int32');
