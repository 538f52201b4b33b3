import { binary, compare, constant, type Expr, select, unary } from '../../../ir/expr.ts';
import { noGradient } from '../../operation.ts';
import { type BinaryFunction, binaryFunction, elementwise, same } from './elementwise.ts';

const floorDivOperation = elementwise({
  name: 'floorDiv',
  dtype: same,
  vjp: noGradient,
  expr: ([a, b]) => (a!.type === 'f32' ? floatQuotient(a!, b!) : integerQuotient(a!, b!)),
});

/**
 * a / b rounded down, as `//` in Python and `np.floor_divide`: with `mod`, a = b floorDiv(a, b) + mod(a, b). It keeps the data
 * type of the operands. On integers a divisor of 0 gives 0. No gradient goes through.
 */
export const floorDiv: BinaryFunction = binaryFunction(floorDivOperation, (common) =>
  common === 'bool' ? 'int32' : common,
);

function integerQuotient(a: Expr, b: Expr): Expr {
  const zero = constant(0, a.type);
  const quotient = binary('div', a, b);
  const rest = binary('sub', a, binary('mul', quotient, b));
  const isNegative = binary('xor', compare('lt', rest, zero), compare('lt', b, zero));
  const roundsUp = binary('and', compare('ne', rest, zero), isNegative);
  const down = select(roundsUp, binary('sub', quotient, constant(1, a.type)), quotient);
  return select(compare('eq', b, zero), zero, down);
}

/** The quotient of what the remainder leaves, which is a whole number but for rounding (CPython's float_floor_div). */
function floatQuotient(a: Expr, b: Expr): Expr {
  const number = (x: number): Expr => constant(x, 'f32');
  const rest = binary('mod', a, b);
  const quotient = binary('div', binary('sub', a, rest), b);
  const down = unary('floor', quotient);
  const isBelow = compare('lt', number(0.5), binary('sub', quotient, down));
  const whole = select(isBelow, binary('add', down, number(1)), down);
  // The remainder of a negative number and infinity is infinity.
  const beyond = compare('eq', unary('abs', rest), number(Infinity));
  const exact = binary('div', a, b);
  // A zero has the sign of the exact quotient.
  const signed = select(compare('eq', whole, number(0)), binary('mul', exact, number(0)), whole);
  return select(compare('eq', b, number(0)), exact, select(beyond, number(-1), signed));
}
