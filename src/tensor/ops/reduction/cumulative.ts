import type { Combiner } from '../../../algorithms/combine.ts';
import { cumulate } from '../../../algorithms/cumulate.ts';
import { recurrence } from '../../../algorithms/recurrence.ts';
import { checkOptions } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import { MAX_COUNT } from '../../../ir/view.ts';
import { apply, checkCall, unchanged } from '../../apply.ts';
import type { Summed } from '../../dtypes.ts';
import { type Operation, operation } from '../../operation.ts';
import { normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { later, narrow, padFront } from '../arrangement/join.ts';
import { flatten, flip } from '../arrangement/views.ts';
import { sub } from '../elementwise/arithmetic.ts';
import { cast } from '../elementwise/cast.ts';
import { notEqual } from '../elementwise/logic.ts';
import { checkedInt32 } from './checked-int32.ts';

export interface ReverseOptions {
  /** From the end of the axis to its beginning. */
  readonly reverse?: boolean;
}

export interface CumulativeOptions extends ReverseOptions {
  /** Leave out the element itself: the first sum is 0, the first product 1. */
  readonly exclusive?: boolean;
}

interface CumulativeParams {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly [key: string]: number | boolean;
}

function cumulative(
  name: string,
  reducer: Combiner,
  vjp: (g: Tensor, x: Tensor, axis: number) => Tensor,
): Operation<CumulativeParams> {
  return operation<CumulativeParams>({
    name,
    shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
    // The exclusive results are the others, one element later.
    vjp: (g, _y, [x], { axis, exclusive }) => [
      () => vjp(exclusive ? flip(later(flip(g, axis), axis), axis) : g, x!, axis),
    ],
    lower: (_node, _b, { axis, exclusive }) => ({
      kind: 'algorithm',
      algorithm: cumulate(reducer, axis, exclusive),
    }),
  });
}

const recurrenceOperation: Operation<{ axis: number }> = operation<{ axis: number }>({
  name: 'recurrence',
  shape: ([a]) => ({ shape: a!.shape, dtype: a!.dtype }),
  // With s_i = g_i + a_{i+1} s_{i+1}: da_i = s_i y_{i-1}, db = s
  vjp: (g, y, [a], { axis }) => [
    () => backwards(a!, g, axis).mul(later(y, axis)),
    () => backwards(a!, g, axis),
  ],
  lower: (_node, _b, { axis }) => ({ kind: 'algorithm', algorithm: recurrence(axis) }),
});

/** s_i = g_i + a_{i+1} s_{i+1} */
function backwards(a: Tensor, g: Tensor, axis: number): Tensor {
  const s = apply(recurrenceOperation, [later(flip(a, axis), axis), flip(g, axis)], { axis });
  return flip(s, axis);
}

const sumOperation = cumulative(
  'cumsum',
  'sum',
  // dx_i = g_i + g_{i+1} + ...
  (g, _x, axis) => flip(apply(sumOperation, [flip(g, axis)], { axis, exclusive: false }), axis),
);

const prodOperation = cumulative(
  'cumprod',
  'prod',
  // dx_i = (product of all before i) (g_i + x_{i+1} (g_{i+1} + x_{i+2} (...))), so that zeros do no harm
  (g, x, axis) => productsBefore(x, axis).mul(backwards(x, g, axis)),
);

/** For each element the product of those before it along an axis. */
const productsBefore = (x: Tensor, axis: number): Tensor =>
  apply(prodOperation, [x], { axis, exclusive: true });

/** The gradient of an extremum so far goes to the first element that had it. */
function toFirst(op: Operation<CumulativeParams>, g: Tensor, x: Tensor, axis: number): Tensor {
  const y = apply(op, [x], { axis, exclusive: false });
  const first = Math.min(1, x.node.shape[axis]!);
  const rest = x.node.shape[axis]! - first;
  const before = narrow(y, axis, 0, rest);
  const lasts = narrow(y, axis, first, rest).equal(before).logicalOr(before.isNaN());
  const isOld = padFront(cast(lasts, 'float32'), axis, first);
  return backwards(isOld, g, axis).mul(sub(1, isOld));
}

const maxOperation: Operation<CumulativeParams> = cumulative('cummax', 'max', (g, x, axis) =>
  toFirst(maxOperation, g, x, axis),
);
const minOperation: Operation<CumulativeParams> = cumulative('cummin', 'min', (g, x, axis) =>
  toFirst(minOperation, g, x, axis),
);

const known = { exclusive: false, reverse: false };

/** The operation along an axis, or over all elements in row-major order. */
function cumulateAlong(
  op: Operation<CumulativeParams>,
  x: Tensor,
  axis: number | undefined,
  { exclusive = false, reverse = false }: CumulativeOptions,
): Tensor {
  const from = axis === undefined ? flatten(x) : x;
  const a = axis === undefined ? 0 : normalizeAxis(op.name, axis, x.rank);
  const ordered = reverse ? flip(from, a) : from;
  const y = apply(op, [ordered], { axis: a, exclusive });
  return reverse ? flip(y, a) : y;
}

/** Sums and products: of integers and bools int32, checked against the same in float32 unless they always fit. */
function cumulateNumbers(
  op: Operation<CumulativeParams>,
  x: Tensor,
  axis: number | undefined,
  options: CumulativeOptions,
  alwaysFits: boolean,
): Tensor {
  const inType = (dtype: 'float32' | 'int32') => cumulateAlong(op, cast(x, dtype), axis, options);
  if (x.dtype === 'float32') return inType('float32');
  return alwaysFits ? inType('int32') : checkedInt32(op.name, inType('int32'), inType('float32'));
}

/** Extrema keep the data type. */
function cumulateExtrema(
  op: Operation<CumulativeParams>,
  x: Tensor,
  axis: number | undefined,
  options: ReverseOptions,
): Tensor {
  if (x.dtype !== 'bool') return cumulateAlong(op, x, axis, options);
  return cast(cumulateAlong(op, cast(x, 'uint8'), axis, options), 'bool');
}

/**
 * The sums of the elements up to each one along the axis, or over all elements in row-major order, as `np.cumsum`. float32
 * stays float32; int32, uint8 and bool give int32. The order of accumulation is that of `cumulate`.
 *
 * @throws ValueError, when the values are computed, where a sum does not fit int32.
 */
export function cumsum<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  axis: number,
  options?: CumulativeOptions,
): Tensor<S, Summed<D>>;
export function cumsum<D extends DType>(
  x: Tensor<Shape, D>,
  axis?: number,
  options?: CumulativeOptions,
): Tensor<Shape, Summed<D>>;
export function cumsum(x: Tensor, axis?: number, options: CumulativeOptions = {}): Tensor {
  checkCall('cumsum', arguments.length, 3, x);
  checkOptions('cumsum', options, known);
  const most = { bool: 1, uint8: 255, int32: MAX_COUNT, float32: 0 }[x.dtype];
  return cumulateNumbers(sumOperation, x, axis, options, most * x.size <= MAX_COUNT);
}

/**
 * The products of the elements up to each one along the axis, or over all elements in row-major order, as `np.cumprod`.
 * float32 stays float32; int32, uint8 and bool give int32.
 *
 * @throws ValueError, when the values are computed, where a product does not fit int32.
 */
export function cumprod<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  axis: number,
  options?: CumulativeOptions,
): Tensor<S, Summed<D>>;
export function cumprod<D extends DType>(
  x: Tensor<Shape, D>,
  axis?: number,
  options?: CumulativeOptions,
): Tensor<Shape, Summed<D>>;
export function cumprod(x: Tensor, axis?: number, options: CumulativeOptions = {}): Tensor {
  checkCall('cumprod', arguments.length, 3, x);
  checkOptions('cumprod', options, known);
  return cumulateNumbers(prodOperation, x, axis, options, x.dtype === 'bool');
}

/**
 * The largest of the elements up to each one along the axis, or over all elements in row-major order, as
 * `np.maximum.accumulate`; NaN wins. Ties give the gradient to the first.
 */
export function cummax<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  axis: number,
  options?: ReverseOptions,
): Tensor<S, D>;
export function cummax<D extends DType>(
  x: Tensor<Shape, D>,
  axis?: number,
  options?: ReverseOptions,
): Tensor<Shape, D>;
export function cummax(x: Tensor, axis?: number, options: ReverseOptions = {}): Tensor {
  checkCall('cummax', arguments.length, 3, x);
  checkOptions('cummax', options, { reverse: false });
  return cumulateExtrema(maxOperation, x, axis, options);
}

/**
 * The smallest of the elements up to each one along the axis, or over all elements in row-major order, as
 * `np.minimum.accumulate`; NaN wins. Ties give the gradient to the first.
 */
export function cummin<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  axis: number,
  options?: ReverseOptions,
): Tensor<S, D>;
export function cummin<D extends DType>(
  x: Tensor<Shape, D>,
  axis?: number,
  options?: ReverseOptions,
): Tensor<Shape, D>;
export function cummin(x: Tensor, axis?: number, options: ReverseOptions = {}): Tensor {
  checkCall('cummin', arguments.length, 3, x);
  checkOptions('cummin', options, { reverse: false });
  return cumulateExtrema(minOperation, x, axis, options);
}

/**
 * The differences between neighbors along the axis, x[i + 1] - x[i], taken n times, as `np.diff`. Integers wrap; bools give
 * where neighbors differ.
 */
export function diff<D extends DType>(x: Tensor<Shape, D>, n = 1, axis = -1): Tensor<Shape, D> {
  checkCall('diff', arguments.length, 3, x);
  const a = normalizeAxis('diff', axis, x.rank);
  if (!Number.isInteger(n) || n < 0)
    throw new ShapeError(`[diff] got n ${n} for ${show(x.shape)}, wanted a whole number from 0 up.`);
  let y: Tensor = unchanged(x);
  for (let i = 0; i < Math.min(n, x.node.shape[a]!); i++) {
    const size = y.node.shape[a]! - 1;
    const [next, before] = [narrow(y, a, 1, size), narrow(y, a, 0, size)];
    y = x.dtype === 'bool' ? notEqual(next, before) : sub(next, before);
  }
  return y as Tensor<Shape, D>;
}
