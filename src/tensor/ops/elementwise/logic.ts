import type { DType } from '../../../ir/dtype.ts';
import { binary, compare, convert, type Expr, select, unary } from '../../../ir/expr.ts';
import { noParams } from '../../../ir/node.ts';
import { apply, checkCall, checkTensor } from '../../apply.ts';
import type { Common, Promoted } from '../../dtypes.ts';
import { noGradient, operation } from '../../operation.ts';
import { type Broadcast, broadcastShapes, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { maximum, minimum } from './arithmetic.ts';
import { cast } from './cast.ts';
import {
  binaryFunction,
  type Comparison,
  type ElementwiseOperand,
  elementwise,
  expectDType,
  floating,
  type Predicate,
  promoteOperands,
  same,
  toBool,
  unaryFunction,
} from './elementwise.ts';

function comparison(name: string, expr: (a: Expr, b: Expr) => Expr): Comparison {
  const op = elementwise({
    name,
    dtype: toBool,
    vjp: noGradient,
    // Bools compare as 0 and 1.
    expr: ([a, b]) => expr(convert(a!, numericType(a!)), convert(b!, numericType(b!))),
  });
  return binaryFunction(op, same);
}

const numericType = (e: Expr) => (e.type === 'bool' ? 'i32' : e.type);

/** a == b; NaN equals nothing. */
export const equal: Comparison = comparison('equal', (a, b) => compare('eq', a, b));
/** a != b. */
export const notEqual: Comparison = comparison('notEqual', (a, b) => compare('ne', a, b));
/** a < b; false where either is NaN. */
export const less: Comparison = comparison('less', (a, b) => compare('lt', a, b));
/** a <= b; false where either is NaN. */
export const lessEqual: Comparison = comparison('lessEqual', (a, b) => compare('le', a, b));
/** a > b; false where either is NaN. */
export const greater: Comparison = comparison('greater', (a, b) => compare('lt', b, a));
/** a >= b; false where either is NaN. */
export const greaterEqual: Comparison = comparison('greaterEqual', (a, b) => compare('le', b, a));

function logical(name: string, op: 'and' | 'or' | 'xor'): Comparison {
  const record = elementwise({
    name,
    dtype: toBool,
    vjp: noGradient,
    expr: ([a, b]) => binary(op, a!, b!),
  });
  return binaryFunction(record, toBool);
}

/** Both are true (not 0). */
export const logicalAnd: Comparison = logical('logicalAnd', 'and');
/** One or both are true. */
export const logicalOr: Comparison = logical('logicalOr', 'or');
/** Exactly one is true. */
export const logicalXor: Comparison = logical('logicalXor', 'xor');

const notOperation = elementwise({
  name: 'logicalNot',
  dtype: toBool,
  vjp: noGradient,
  expr: ([x]) => unary('not', x!),
});

/** True where x is false (0). */
export const logicalNot: Predicate = unaryFunction(notOperation, (x) => cast(x, 'bool'));

const isNaNOperation = elementwise({
  name: 'isNaN',
  dtype: toBool,
  vjp: noGradient,
  expr: ([x]) => compare('ne', x!, x!),
});

/** True where x is NaN. */
export const isNaN: Predicate = unaryFunction(isNaNOperation, floating);

const isFiniteOperation = elementwise({
  name: 'isFinite',
  dtype: toBool,
  vjp: noGradient,
  // x - x is 0 for finite numbers and NaN for the others.
  expr: ([x]) => {
    const zero = binary('sub', x!, x!);
    return compare('eq', zero, zero);
  },
});

/** True where x is neither NaN nor infinite. */
export const isFinite: Predicate = unaryFunction(isFiniteOperation, floating);

const onlyBool: readonly DType[] = ['bool'];

const whereOperation = operation<{}>({
  name: 'where',
  shape: ([condition, a, b]) => ({
    shape: broadcastShapes('where', condition!.shape, broadcastShapes('where', a!.shape, b!.shape)),
    dtype: a!.dtype,
  }),
  // da = g where the condition holds, db = g where it does not
  vjp: (g, _y, [condition]) => [null, () => where(condition!, g, 0), () => where(condition!, 0, g)],
  lower: (_node, b) => b.map(select(b.input(0), b.input(1), b.input(2))),
});

/**
 * a where the (bool) condition holds, b where it does not; the unchosen value has no influence, NaN or not.
 */
export function where<
  C extends Shape,
  A extends Shape = [],
  B extends Shape = [],
  D extends DType = DType,
  E extends DType = DType,
>(
  condition: Tensor<C>,
  a: Tensor<A, D> | number,
  b: ElementwiseOperand<A, B, E>,
): Tensor<Broadcast<C, Broadcast<A, B>>, Common<D, E>>;
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkCall('where', arguments.length, 3, condition);
  expectDType('where', condition, onlyBool);
  const [x, y] = promoteOperands('where', a, b);
  return apply(whereOperation, [condition, x, y], noParams);
}

/**
 * The values limited to lo .. hi, either of which may be a tensor that broadcasts against x. The gradient
 * passes where lo <= x <= hi.
 */
export function clip<A extends Shape, D extends DType, L extends Shape = [], H extends Shape = []>(
  x: Tensor<A, D>,
  lo: ElementwiseOperand<A, L>,
  hi: ElementwiseOperand<Broadcast<A, L>, H>,
): Tensor<Broadcast<Broadcast<A, L>, H>, Promoted<D, DType>>;
export function clip(x: Tensor, lo: number | Tensor, hi: number | Tensor): Tensor {
  checkCall('clip', arguments.length, 3, x);
  for (const bound of [lo, hi]) {
    if (typeof bound === 'number') continue;
    checkTensor('clip', bound);
    broadcastShapes('clip', x.shape, bound.shape);
  }
  return minimum(maximum(x, lo), hi);
}
