import type { DType, ScalarType } from '../../ir/dtype.ts';
import type { ExprOp, Intrinsic } from '../../ir/expr.ts';
import { boolLoops } from './loops/bool.ts';
import { floatLoops } from './loops/float.ts';
import { intLoops, uintLoops } from './loops/int.ts';
import type { ElementwiseLoop, Register, RegisterFile } from './registers.ts';

/** The loops of all operations, by the type of the (last) argument. */
export type LoopTable = { readonly [T in ScalarType]: { readonly [Op in ExprOp]?: ElementwiseLoop } };

/** Rows and columns of a `Tile`. */
export const TILE_M = 4;
export const TILE_N = 2;

/**
 * Products of two packed panels: `out[2 i + j] = sum over p < k of a[4 p + i] * b[from + 2 p + j]`, for i < 4
 * and j < 2, added up from 0 with p ascending.
 */
export type TileProduct = (k: number, out: Register, a: Register, b: Register, from: number) => void;

/** The differences between single and double precision. */
export interface Precision {
  readonly registers: RegisterFile;
  readonly loops: LoopTable;
  readonly tile: TileProduct;
  /** Memory for an arena of at least `bytes` bytes; null if each buffer has its own array. */
  readonly arena: (bytes: number) => ArrayBuffer | null;
  /** The array of a buffer in the arena. */
  readonly inArena: (arena: ArrayBuffer | null, dtype: DType, byteOffset: number, size: number) => Register;
}

export function loopTableWith(intrinsics: Record<Intrinsic, ElementwiseLoop>): LoopTable {
  return { f32: { ...floatLoops, ...intrinsics }, i32: intLoops, u32: uintLoops, bool: boolLoops };
}
