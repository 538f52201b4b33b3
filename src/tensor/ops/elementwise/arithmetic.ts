import { checkCount } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { binary, compare, constant, type Expr, select, unary } from '../../../ir/expr.ts';
import type { Promoted } from '../../dtypes.ts';
import type { Operation } from '../../operation.ts';
import type { Broadcast, Shape } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import {
  type BinaryFunction,
  binaryFunction,
  type ElementwiseOperand,
  elementwise,
  type FloatBinaryFunction,
  numeric,
  type SelectingFunction,
  same,
  type UnaryFunction,
  unaryFunction,
} from './elementwise.ts';
import { less, where } from './logic.ts';
import { log, square } from './math.ts';

const withoutBools = (common: DType): DType => (common === 'bool' ? 'int32' : common);
const inFloat = (): DType => 'float32';

export const addOperation: Operation<{}> = elementwise({
  name: 'add',
  dtype: same,
  // da = g, db = g
  vjp: (g) => [() => g, () => g],
  expr: ([a, b]) => binary('add', a!, b!),
});

/** a + b. Integers wrap; two bools add up as int32. */
export const add: BinaryFunction = binaryFunction(addOperation, withoutBools);

/** a - b. */
export const sub: BinaryFunction = binaryFunction(
  elementwise({
    name: 'sub',
    dtype: same,
    // da = g, db = -g
    vjp: (g) => [() => g, () => neg(g)],
    expr: ([a, b]) => binary('sub', a!, b!),
  }),
  withoutBools,
);

/** a * b, element by element. */
export const mul: BinaryFunction = binaryFunction(
  elementwise({
    name: 'mul',
    dtype: same,
    // da = g b, db = g a
    vjp: (g, _y, [a, b]) => [() => mul(g, b!), () => mul(g, a!)],
    expr: ([a, b]) => binary('mul', a!, b!),
  }),
  withoutBools,
);

/** a / b, always in float32. */
export const div: FloatBinaryFunction = binaryFunction(
  elementwise({
    name: 'div',
    dtype: same,
    // da = g / b, db = -g (a / b) / b
    vjp: (g, y, [, b]) => [() => div(g, b!), () => neg(div(mul(g, y), b!))],
    expr: ([a, b]) => binary('div', a!, b!),
  }),
  inFloat,
);

/**
 * The remainder with the sign of the divisor, as in Python: `mod(-1, 3)` is 2. On integers, a divisor of 0
 * gives 0.
 */
export const mod: BinaryFunction = binaryFunction(
  elementwise({
    name: 'mod',
    dtype: same,
    // da = g, db = -g floor(a / b)
    vjp: (g, _y, [a, b]) => [() => g, () => neg(mul(g, div(a!, b!).floor()))],
    expr: ([a, b]) => binary('mod', a!, b!),
  }),
  withoutBools,
);

/** The larger of the two; NaN wins, and true against false. A tie gives the gradient to the first. */
export const maximum: SelectingFunction = binaryFunction(
  elementwise({
    name: 'maximum',
    dtype: same,
    // da = g where a >= b, db = g where a < b
    vjp: (g, _y, [a, b]) => [() => where(less(a!, b!), 0, g), () => where(less(a!, b!), g, 0)],
    expr: ([a, b]) => binary(a!.type === 'bool' ? 'or' : 'max', a!, b!),
  }),
  same,
);

/** The smaller of the two; NaN wins, and false against true. A tie gives the gradient to the first. */
export const minimum: SelectingFunction = binaryFunction(
  elementwise({
    name: 'minimum',
    dtype: same,
    // da = g where a <= b, db = g where b < a
    vjp: (g, _y, [a, b]) => [() => where(less(b!, a!), 0, g), () => where(less(b!, a!), g, 0)],
    expr: ([a, b]) => binary(a!.type === 'bool' ? 'and' : 'min', a!, b!),
  }),
  same,
);

const power: BinaryFunction = binaryFunction(
  elementwise({
    name: 'pow',
    dtype: same,
    // da = g b a^(b - 1), nothing where b = 0; db = g y log a, nothing where a = 0 and b >= 0
    vjp: (g, y, [a, b]) => [
      () => where(b!.equal(0), 0, mul(g, mul(b!, power(a!, sub(b!, 1))))),
      () => where(a!.equal(0).logicalAnd(b!.greaterEqual(0)), 0, mul(mul(g, y), log(a!))),
    ],
    expr: ([a, b]) => (a!.type === 'f32' ? binary('pow', a!, b!) : integerPower(a!, b!)),
  }),
  withoutBools,
);

/** Square and multiply, one bit of the exponent after the other; products wrap. */
function integerPower(base: Expr, exponent: Expr): Expr {
  const zero = constant(0, 'i32');
  const one = constant(1, 'i32');
  const isOdd = compare('ne', binary('and', exponent, one), zero);
  let square = base;
  let result = select(isOdd, base, one);
  for (let bit = 1; bit < 31; bit++) {
    square = binary('mul', square, square);
    const isSet = compare('ne', binary('and', exponent, constant(1 << bit, 'i32')), zero);
    result = select(isSet, binary('mul', result, square), result);
  }
  // A negative power is a fraction, which rounds towards zero; only those of 1 and -1 are whole.
  const sign = select(isOdd, base, one);
  const fraction = select(compare('eq', unary('abs', base), one), sign, zero);
  return select(compare('lt', exponent, zero), fraction, result);
}

/**
 * a to the power of b. float32 follows C99's special cases: `pow(x, 0)` is 1 for every x. Integers stay
 * integers and wrap; a negative power of them rounds towards zero.
 */
export function pow<
  A extends Shape = [],
  B extends Shape = [],
  D extends DType = DType,
  E extends DType = DType,
>(a: Tensor<A, D> | number, b: ElementwiseOperand<A, B, E>): Tensor<Broadcast<A, B>, Promoted<D, E>>;
export function pow(a: Tensor | number, b: Tensor | number): Tensor {
  checkCount('pow', arguments.length, 2);
  return b === 2 && a instanceof Tensor ? square(a) : power(a, b);
}

const negOperation = elementwise({
  name: 'neg',
  dtype: same,
  // dx = -g
  vjp: (g) => [() => neg(g)],
  expr: ([x]) => unary('neg', x!),
});

/** -x. */
export const neg: UnaryFunction = unaryFunction(negOperation, numeric);
