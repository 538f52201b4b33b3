import { type DoubleArithmetic, doubleFormat } from '../arithmetic.ts';
import { exponent, lookup, powerOfTwo } from './bits.ts';
import * as definitions from './definitions.ts';

/** Plain numbers. */
export const numbers: DoubleArithmetic<number, boolean> = {
  format: doubleFormat,
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

export const exp = (x: number): number => definitions.exp(numbers, x);
export const log = (x: number): number => definitions.log(numbers, x);
export const log1p = (x: number): number => definitions.log1p(numbers, x);
export const sin = (x: number): number => definitions.sin(numbers, x);
export const cos = (x: number): number => definitions.cos(numbers, x);
export const erf = (x: number): number => definitions.erf(numbers, x);
export const pow = (x: number, y: number): number => definitions.pow(numbers, x, y);
