import type { Arithmetic } from './arithmetic.ts';
import { exponent, lookup, powerOfTwo } from './bits.ts';
import { binaryIntrinsics, unaryIntrinsics } from './intrinsics.ts';

/** Plain numbers. */
export const numbers: Arithmetic<number, boolean> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  neg: (a) => -a,
  abs: Math.abs,
  floor: Math.floor,
  less: (a, b) => a < b,
  equal: (a, b) => a === b,
  not: (p) => !p,
  and: (p, q) => p && q,
  or: (p, q) => p || q,
  select: (p, a, b) => (p ? a : b),
  exponent,
  powerOfTwo,
  lookup,
  seldom: (p, rare, usual) => (p ? rare() : usual),
};

export const exp = (x: number): number => unaryIntrinsics.exp(numbers, x);
export const expm1 = (x: number): number => unaryIntrinsics.expm1(numbers, x);
export const log = (x: number): number => unaryIntrinsics.log(numbers, x);
export const log1p = (x: number): number => unaryIntrinsics.log1p(numbers, x);
export const sin = (x: number): number => unaryIntrinsics.sin(numbers, x);
export const cos = (x: number): number => unaryIntrinsics.cos(numbers, x);
export const tanh = (x: number): number => unaryIntrinsics.tanh(numbers, x);
export const erf = (x: number): number => unaryIntrinsics.erf(numbers, x);
export const pow = (x: number, y: number): number => binaryIntrinsics.pow(numbers, x, y);
