import type { Code, Local } from '../assembler/code.ts';

// Splats of literals, set in the function's prologue.

export const f32x4 = (code: Code, value: number): Local => code.literal(new Float32Array(4).fill(value));

/** For i32, u32 and bools (0 or -1). */
export const i32x4 = (code: Code, value: number): Local => code.literal(new Int32Array(4).fill(value));

export const f64x2 = (code: Code, value: number): Local => code.literal(new Float64Array(2).fill(value));
