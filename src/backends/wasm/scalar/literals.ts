import type { Code, Local } from '../assembler/code.ts';

// Literals in all lanes of a vector, set where the function begins.

export const f32x4 = (code: Code, value: number): Local => code.literal(new Float32Array(4).fill(value));

/** Of i32 and of u32; a bool is 0 or -1. */
export const i32x4 = (code: Code, value: number): Local => code.literal(new Int32Array(4).fill(value));

export const f64x2 = (code: Code, value: number): Local => code.literal(new Float64Array(2).fill(value));
