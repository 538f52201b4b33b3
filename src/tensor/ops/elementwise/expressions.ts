import { binary, compare, constant, type Expr, select, unary } from '../../../ir/expr.ts';

// Elementary functions as expressions of others. No backend needs to know them, and all compute them in their own precision:
// the coefficients are those of double precision.

export type Operand = Expr | number;

export const operand = (x: Operand): Expr => (typeof x === 'number' ? constant(x, 'f32') : x);

export const add = (a: Operand, b: Operand): Expr => binary('add', operand(a), operand(b));
export const sub = (a: Operand, b: Operand): Expr => binary('sub', operand(a), operand(b));
export const mul = (a: Operand, b: Operand): Expr => binary('mul', operand(a), operand(b));
export const div = (a: Operand, b: Operand): Expr => binary('div', operand(a), operand(b));
export const less = (a: Operand, b: Operand): Expr => compare('lt', operand(a), operand(b));
export const equal = (a: Operand, b: Operand): Expr => compare('eq', operand(a), operand(b));
export const choose = (condition: Expr, a: Operand, b: Operand): Expr =>
  select(condition, operand(a), operand(b));

/** c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule. */
export const polynomial = (x: Expr, c: readonly number[]): Expr =>
  c.reduceRight<Expr | null>((sum, term) => (sum === null ? operand(term) : add(mul(sum, x), term)), null)!;

/** An odd function, given one for numbers from 0 up. */
export const odd = (x: Expr, f: (size: Expr) => Expr): Expr => mul(f(unary('abs', x)), unary('sign', x));
