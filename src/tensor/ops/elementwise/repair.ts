import { checkCount, checkNumber, checkOptions, reportAs } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { compare, constant, unary } from '../../../ir/expr.ts';
import { checkCall, checkTensor, unchanged } from '../../apply.ts';
import type { Promoted } from '../../dtypes.ts';
import { noGradient } from '../../operation.ts';
import type { Broadcast, Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { sub } from './arithmetic.ts';
import {
  type ElementwiseOperand,
  elementwise,
  floating,
  type Predicate,
  toBool,
  unaryFunction,
} from './elementwise.ts';
import { equal, isNaN, where } from './logic.ts';
import { square } from './math.ts';

const isInfOperation = elementwise({
  name: 'isInf',
  dtype: toBool,
  vjp: noGradient,
  expr: ([x]) => compare('eq', unary('abs', x!), constant(Infinity, 'f32')),
});

/** True where x is Infinity or -Infinity. */
export const isInf: Predicate = unaryFunction(isInfOperation, floating);

export interface NanToNumOptions {
  /** In place of NaN; 0 by default. */
  readonly nan?: number;
  /** In place of Infinity; the largest float32 by default. */
  readonly posInf?: number;
  /** In place of -Infinity; the smallest float32 by default. */
  readonly negInf?: number;
}

const LARGEST = 3.4028234663852886e38;

/** Finite numbers in place of NaN and infinities, as `np.nan_to_num`. The gradient passes where x is finite. */
export function nanToNum<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  options?: NanToNumOptions,
): Tensor<S, D>;
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkCall('nanToNum', arguments.length, 2, x);
  checkOptions('nanToNum', options, { nan: 0, posInf: 0, negInf: 0 });
  const { nan = 0, posInf = LARGEST, negInf = -LARGEST } = options;
  checkNumber('nanToNum', 'nan', nan);
  checkNumber('nanToNum', 'posInf', posInf);
  checkNumber('nanToNum', 'negInf', negInf);
  if (x.dtype !== 'float32') return unchanged(x);
  const below = where(equal(x, -Infinity), negInf, x);
  return where(isNaN(x), nan, where(equal(x, Infinity), posInf, below));
}

/** (a - b)^2, element by element. */
export function squaredDifference<
  A extends Shape = [],
  B extends Shape = [],
  D extends DType = DType,
  E extends DType = DType,
>(a: Tensor<A, D> | number, b: ElementwiseOperand<A, B, E>): Tensor<Broadcast<A, B>, Promoted<D, E>>;
export function squaredDifference(a: Tensor | number, b: Tensor | number): Tensor {
  checkCount('squaredDifference', arguments.length, 2);
  if (typeof a !== 'number') checkTensor('squaredDifference', a);
  if (typeof b !== 'number') checkTensor('squaredDifference', b);
  return reportAs('squaredDifference', () => square(sub(a, b)));
}
