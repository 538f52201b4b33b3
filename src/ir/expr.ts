import type { DType, ScalarType } from './dtype.ts';

/**
 * The scalar expression language: the computation of a kernel at one point. An expression is a directed acyclic graph;
 * sharing is by identity, so a backend computes each node once. Every node has a type; there is no implicit conversion.
 *
 * - `const`: a literal. `uniform`: one of the plan's values, which each run passes (`value` is its slot).
 * - `load`: an element of one of the kernel's inputs (`value` is the input's number); its arguments, if any,
 *   are computed indices (i32), one for each of the input's gathered axes.
 * - `acc`: the result of the kernel's reduction, contraction or scatter at the point; only in stores.
 * - `f32`, `i32`, `u32`, `bool`: conversions. float to int saturates and converts NaN to 0; to bool means `!= 0`.
 * - `add sub mul` on i32 and u32 wrap; `div` on them rounds towards zero and gives 0 where the divisor is 0.
 *   `mod` has the sign of the divisor, as in Python, and on integers gives 0 where the divisor is 0. `max`
 *   and `min` propagate NaN and hold -0 < +0.
 * - `philox`: word i of a Philox 4x32-10 stream; arguments i, c1, c2, c3, key0, key1 (all u32); see
 *   philox.ts.
 * - `check`: its first argument; where the second (bool) is false the run fails with the plan's check number
 *   `value`, and the result is 0, so that an index stays within its axis.
 */
export type ExprOp =
  | 'const'
  | 'uniform'
  | 'load'
  | 'acc'
  | Conversion
  | Intrinsic
  | 'neg'
  | 'abs'
  | 'sign'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'not'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'max'
  | 'min'
  | 'lt'
  | 'le'
  | 'eq'
  | 'ne'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr'
  | 'select'
  | 'philox'
  | 'check';

export type Conversion = 'f32' | 'i32' | 'u32' | 'bool';

/** Functions that all CPU backends take from `ir/math`, so that they give the same bits. */
export type Intrinsic =
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'erf'
  | 'sigmoid'
  | 'softplus'
  | 'pow';

export interface Expr {
  readonly op: ExprOp;
  readonly type: ScalarType;
  readonly args: readonly Expr[];
  /** Literal of a `const`; slot of a `uniform`; number of a `load`'s input or of a `check`. */
  readonly value: number;
}

const none: readonly Expr[] = [];

function make(op: ExprOp, type: ScalarType, args: readonly Expr[] = none, value = 0): Expr {
  return { op, type, args, value };
}

export const constant = (value: number, type: ScalarType): Expr => make('const', type, none, value);
export const uniform = (slot: number, type: ScalarType): Expr => make('uniform', type, none, slot);
export const load = (input: number, type: ScalarType, indices: readonly Expr[] = none): Expr =>
  make('load', type, indices, input);
export const acc = (type: ScalarType): Expr => make('acc', type);

/** A unary operation that keeps its argument's type. */
export const unary = (
  op: 'neg' | 'abs' | 'sign' | 'sqrt' | 'floor' | 'ceil' | 'round' | 'not' | Exclude<Intrinsic, 'pow'>,
  a: Expr,
): Expr => make(op, a.type, [a]);

/** A binary operation on two arguments of one type, which is also the result's. */
export const binary = (
  op: 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'max' | 'min' | 'and' | 'or' | 'xor' | 'shl' | 'shr' | 'pow',
  a: Expr,
  b: Expr,
): Expr => make(op, a.type, [a, b]);

/** A comparison of two arguments of one type; the result is bool. */
export const compare = (op: 'lt' | 'le' | 'eq' | 'ne', a: Expr, b: Expr): Expr => make(op, 'bool', [a, b]);

export const select = (condition: Expr, a: Expr, b: Expr): Expr => make('select', a.type, [condition, a, b]);

export const convert = (a: Expr, type: ScalarType): Expr => (a.type === type ? a : make(type, type, [a]));

export const check = (a: Expr, condition: Expr, number: number): Expr =>
  make('check', a.type, [a, condition], number);

export const philox = (index: Expr, counter: readonly [Expr, Expr, Expr], key: readonly [Expr, Expr]): Expr =>
  make('philox', 'u32', [index, ...counter, ...key]);

/** Wraps a value computed for `dtype` to its range: uint8 is computed as i32. */
export const wrap = (a: Expr, dtype: DType): Expr =>
  dtype === 'uint8' && !isByte(a) ? binary('and', a, constant(255, 'i32')) : a;

const isByte = (a: Expr): boolean => a.op === 'and' && a.args[1]!.op === 'const' && a.args[1]!.value === 255;

/** The nodes of one or several expressions, each once, arguments before their users. */
export function postorder(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  const stack: Expr[] = [];
  for (const root of roots) {
    stack.push(root);
    while (stack.length > 0) {
      const e = stack[stack.length - 1]!;
      const before = stack.length;
      if (!seen.has(e))
        for (let i = e.args.length - 1; i >= 0; i--) if (!seen.has(e.args[i]!)) stack.push(e.args[i]!);
      if (stack.length === before) {
        stack.pop();
        if (!seen.has(e)) {
          seen.add(e);
          order.push(e);
        }
      }
    }
  }
  return order;
}

/**
 * Rebuilds expressions bottom-up: `visit` gets each node once, with rebuilt arguments. Sharing is preserved.
 */
export function rewrite(roots: readonly Expr[], visit: (e: Expr) => Expr): Expr[] {
  const done = new Map<Expr, Expr>();
  for (const e of postorder(roots)) {
    const args = e.args.map((a) => done.get(a)!);
    done.set(e, visit(args.every((a, i) => a === e.args[i]) ? e : make(e.op, e.type, args, e.value)));
  }
  return roots.map((r) => done.get(r)!);
}
