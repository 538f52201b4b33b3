import { checkNumber, checkOptions } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import type { Reducer } from '../../../ir/kernel.ts';
import { MAX_COUNT, permuteView, sizeOf } from '../../../ir/view.ts';
import { apply, checkCall, unchanged } from '../../apply.ts';
import type { Summed } from '../../dtypes.ts';
import { noGradient, type Operation, operation } from '../../operation.ts';
import { normalizeAxes, normalizeAxis, type Reduced, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { narrow, padFront } from '../arrangement/join.ts';
import { broadcastTo, expandDims, flatten, reshape, transpose } from '../arrangement/views.ts';
import { cast } from '../elementwise/cast.ts';
import { floating, numeric } from '../elementwise/elementwise.ts';
import { where } from '../elementwise/logic.ts';
import { log } from '../elementwise/math.ts';
import { iota } from '../source/iota.ts';
import { checkedInt32 } from './checked-int32.ts';

export interface ReduceOptions {
  /** Keep the reduced axes with size 1, so that the result broadcasts against the input. */
  readonly keepDims?: boolean;
}

type Axes = number | readonly number[];

interface ReduceParams {
  readonly axes: readonly number[];
  readonly [key: string]: readonly number[];
}

const without = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));
const keeping = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d));

/** The record of a reduction over `axes`, which vanish. */
function reduction(
  name: string,
  reducer: Reducer,
  vjp: (g: Tensor, y: Tensor, x: Tensor, axes: readonly number[]) => Tensor,
): Operation<ReduceParams> {
  return operation<ReduceParams>({
    name,
    shape: ([x], { axes }) => ({ shape: without(x!.shape, axes), dtype: x!.dtype }),
    vjp: (g, y, [x], { axes }) => [() => vjp(g, y, x!, axes)],
    lower: (node, b, { axes }) => {
      const shape = node.inputs[0]!.shape;
      const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
      b.over(axes.map((a) => shape[a]!));
      return b.reduce(
        reducer,
        b.input(0, (v) => permuteView(v, [...kept, ...axes])),
      );
    },
  });
}

/** A value for each result, back at the places it came from. */
const spread = (g: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  broadcastTo(reshape(g, keeping(x.node.shape, axes)), x.node.shape);

/** The input with its reduced axes flattened into a last one. */
export function reducedLast(
  x: Tensor,
  axes: readonly number[],
): { flat: Tensor; back: (t: Tensor) => Tensor } {
  const kept = x.node.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...axes];
  const moved = transpose(x, order);
  const inverse = order.map((_, i) => order.indexOf(i));
  return {
    flat: reshape(moved, [...kept.map((a) => x.node.shape[a]!), sizeOf(axes.map((a) => x.node.shape[a]!))]),
    back: (t) => transpose(reshape(t, moved.node.shape), inverse),
  };
}

function reduce(
  op: Operation<ReduceParams>,
  x: Tensor,
  axes: Axes | undefined,
  options: ReduceOptions = {},
): Tensor {
  const list = reducedAxes(op.name, x, axes);
  const y = list.length === 0 ? unchanged(x) : apply(op, [x], { axes: list });
  return options.keepDims ? reshape(y, keeping(x.node.shape, list)) : y;
}

/** The axes of a reduction. */
export function reducedAxes(name: string, x: Tensor, axes: Axes | undefined): number[] {
  const list = normalizeAxes(name, axes, x.rank);
  const count = sizeOf(list.map((a) => x.node.shape[a]!));
  if (count <= MAX_COUNT) return list;
  throw new ShapeError(
    `[${name}] got ${count} elements of ${show(x.shape)} for each result, wanted at most ${MAX_COUNT}. Reduce one axis ` +
      'after the other.',
  );
}

const reduceOptions = { keepDims: false };
const varianceOptions = { keepDims: false, correction: 0 };

/** The border of the public reductions. */
function checkReduction(
  name: string,
  count: number,
  x: Tensor,
  given: unknown,
  known: object = reduceOptions,
): void {
  checkCall(name, count, 3, x);
  checkOptions(name, given, known);
}

function expectElements(name: string, x: Tensor, axes: readonly number[]): void {
  for (const a of axes) {
    if (x.node.shape[a] === 0) {
      throw new ShapeError(
        `[${name}] axis ${a} of ${show(x.shape)} is empty and ${name} has no identity. Reduce a non-empty axis.`,
      );
    }
  }
}

export const sumOperation = reduction(
  'sum',
  'sum',
  // dx = g at every place that was summed
  (g, _y, x, axes) => spread(g, x, axes),
);

/**
 * A sum or product in int32. It wraps, unless results of `count` elements always fit; so it is compared with the same in
 * float32, from which it differs by at least 2^32 if it has.
 */
function reduceIntegers(
  op: Operation<ReduceParams>,
  x: Tensor,
  axes: Axes | undefined,
  options: ReduceOptions,
  alwaysFits: (count: number) => boolean,
): Tensor {
  const list = reducedAxes(op.name, x, axes);
  const y = reduce(op, cast(x, 'int32'), list, options);
  if (alwaysFits(sizeOf(list.map((a) => x.node.shape[a]!)))) return y;
  return checkedInt32(op.name, y, reduce(op, cast(x, 'float32'), list, options));
}

/**
 * The sum over the axes (all by default). float32 stays float32; int32, uint8 and bool give int32.
 *
 * @throws ValueError, when the values are computed, where a sum does not fit int32. (The test is exact while the
 * magnitudes add up to less than 2^45.)
 */
export function sum<
  S extends Shape,
  D extends DType,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S, D>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, Summed<D>>;
export function sum(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('sum', arguments.length, x, options);
  if (x.dtype === 'float32') return reduce(sumOperation, x, axes, options);
  const most = { bool: 1, uint8: 255, int32: MAX_COUNT }[x.dtype];
  return reduceIntegers(sumOperation, x, axes, options, (count) => most * count <= MAX_COUNT);
}

const prodOperation = reduction(
  'prod',
  'prod',
  // dx_i = g * product of all others, so that zeros do no harm
  (g, _y, x, axes) => {
    const { flat, back } = reducedLast(x, axes);
    const others = productOfOthers(flat).mul(expandDims(g, -1));
    return back(others);
  },
);

/**
 * For each element of the last axis the product of all the others: its partner, half an axis away, times the product of all
 * other pairs, in turn. An axis of odd length begins with a 1. Takes time and memory proportional to n.
 */
function productOfOthers(x: Tensor): Tensor {
  const last = x.rank - 1;
  const size = x.node.shape[last]!;
  const half = Math.ceil(size / 2);
  const even = padFront(x, last, size % 2, 1);
  const partners = reshape(even, [...x.node.shape.slice(0, -1), 2, half]).flip(last);
  const pairs = narrow(even, last, 0, half).mul(narrow(even, last, half, half));
  const others = half < 2 ? partners : partners.mul(expandDims(productOfOthers(pairs), last));
  return narrow(reshape(others, even.node.shape), last, size % 2, size);
}

/**
 * The product over the axes (all by default). float32 stays float32; int32, uint8 and bool give int32.
 *
 * @throws ValueError, when the values are computed, where a product does not fit int32.
 */
export function prod<
  S extends Shape,
  D extends DType,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S, D>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, Summed<D>>;
export function prod(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('prod', arguments.length, x, options);
  if (x.dtype === 'float32') return reduce(prodOperation, x, axes, options);
  return reduceIntegers(prodOperation, x, axes, options, (count) => count < 2 || x.dtype === 'bool');
}

/** The gradient of max and min: all of it goes to the first winner. */
function toFirstWinner(arg: (x: Tensor, axis: number) => Tensor) {
  return (g: Tensor, _y: Tensor, x: Tensor, axes: readonly number[]): Tensor => {
    const { flat, back } = reducedLast(x, axes);
    const winner = expandDims(arg(flat, flat.rank - 1), -1);
    const isWinner = winner.equal(iota(flat.node.shape[flat.rank - 1]!));
    return back(where(isWinner, broadcastTo(expandDims(g, -1), flat.node.shape), 0));
  };
}

const maxOperation = reduction('max', 'max', toFirstWinner(argmaxAlong));
const minOperation = reduction('min', 'min', toFirstWinner(argminAlong));

/** The largest value over the axes (all by default); NaN wins. Ties give the gradient to the first. */
export function max<
  S extends Shape,
  D extends DType,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S, D>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, D>;
export function max(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('max', arguments.length, x, options);
  expectElements('max', x, reducedAxes('max', x, axes));
  return reduce(maxOperation, x, axes, options);
}

/** The smallest value over the axes (all by default); NaN wins. Ties give the gradient to the first. */
export function min<
  S extends Shape,
  D extends DType,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S, D>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, D>;
export function min(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('min', arguments.length, x, options);
  expectElements('min', x, reducedAxes('min', x, axes));
  return reduce(minOperation, x, axes, options);
}

/** True where any element over the axes (all by default) is true, that is, not 0. */
export function any<
  S extends Shape,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'bool'>;
export function any(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('any', arguments.length, x, options);
  return truth(maxOperation, 'any', false, x, axes, options);
}

/** True where all elements over the axes (all by default) are true, that is, not 0. */
export function all<
  S extends Shape,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'bool'>;
export function all(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('all', arguments.length, x, options);
  return truth(minOperation, 'all', true, x, axes, options);
}

function truth(
  op: Operation<ReduceParams>,
  name: string,
  ofNothing: boolean,
  x: Tensor,
  axes: Axes | undefined,
  options: ReduceOptions | undefined,
): Tensor {
  const list = reducedAxes(name, x, axes);
  const b = cast(x, 'bool');
  if (list.some((a) => x.node.shape[a] === 0)) {
    const y = ofNothing ? prod(b, list, options) : sum(b, list, options);
    return cast(y, 'bool');
  }
  return reduce(op, b, list, options);
}

function argReduction(name: string, reducer: 'argmax' | 'argmin'): Operation<{ axis: number }> {
  return operation<{ axis: number }>({
    name,
    shape: ([x], { axis }) => ({ shape: without(x!.shape, [axis]), dtype: 'int32' as DType }),
    vjp: noGradient,
    lower: (node, b, { axis }) => {
      const shape = node.inputs[0]!.shape;
      const kept = shape.map((_, i) => i).filter((i) => i !== axis);
      b.over([shape[axis]!]);
      return b.reduce(
        reducer,
        b.input(0, (v) => permuteView(v, [...kept, axis])),
      );
    },
  });
}

const argmaxOperation = argReduction('argmax', 'argmax');
const argminOperation = argReduction('argmin', 'argmin');

function argmaxAlong(x: Tensor, axis: number): Tensor {
  return apply(argmaxOperation, [numeric(x)], { axis });
}

function argminAlong(x: Tensor, axis: number): Tensor {
  return apply(argminOperation, [numeric(x)], { axis });
}

/**
 * The index (int32) of the largest value along the axis, or in the flattened tensor; the first of equals, NaN
 * wins.
 */
export function argmax(x: Tensor, axis?: number, options?: ReduceOptions): Tensor<Shape, 'int32'> {
  checkReduction('argmax', arguments.length, x, options);
  return argReduce(argmaxAlong, 'argmax', x, axis, options);
}

/**
 * The index (int32) of the smallest value along the axis, or in the flattened tensor; the first of equals,
 * NaN wins.
 */
export function argmin(x: Tensor, axis?: number, options?: ReduceOptions): Tensor<Shape, 'int32'> {
  checkReduction('argmin', arguments.length, x, options);
  return argReduce(argminAlong, 'argmin', x, axis, options);
}

function argReduce(
  along: (x: Tensor, axis: number) => Tensor,
  name: string,
  x: Tensor,
  axis: number | undefined,
  options: ReduceOptions = {},
): Tensor {
  const a = axis === undefined ? 0 : normalizeAxis(name, axis, x.rank);
  if (axis === undefined) reducedAxes(name, x, axis);
  const from = axis === undefined ? flatten(x) : x;
  expectElements(name, from, [a]);
  const y = along(from, a);
  if (!options.keepDims) return y;
  return reshape(y, axis === undefined ? x.node.shape.map(() => 1) : keeping(x.node.shape, [a]));
}

/** The arithmetic mean over the axes (all by default), in float32. An empty axis gives NaN. */
export function mean<
  S extends Shape,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'float32'>;
export function mean(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('mean', arguments.length, x, options);
  const list = reducedAxes('mean', x, axes);
  return sum(floating(x), list, options).div(sizeOf(list.map((a) => x.node.shape[a]!)));
}

export interface VarianceOptions extends ReduceOptions {
  /**
   * Subtracted from the number of elements in the divisor: 0 (default, as NumPy) or 1 for Bessel's
   * correction.
   */
  readonly correction?: number;
}

/**
 * The mean squared distance from the mean over the axes (all by default), in float32, computed in two passes.
 */
export function variance<
  S extends Shape,
  const A extends Axes | undefined = undefined,
  const O extends VarianceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'float32'>;
export function variance(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  checkReduction('variance', arguments.length, x, options, varianceOptions);
  const { correction = 0 } = options;
  checkNumber('variance', 'correction', correction);
  const list = reducedAxes('variance', x, axes);
  const f = floating(x);
  const n = sizeOf(list.map((a) => x.node.shape[a]!));
  const distance = f.sub(mean(f, list, { keepDims: true }));
  const divisor = n - correction;
  return sum(distance.square(), list, { keepDims: options.keepDims ?? false }).div(divisor > 0 ? divisor : 0);
}

/**
 * log(sum(e^x)) over the axes (all by default), shifted by the maximum so that it neither overflows nor
 * vanishes.
 */
export function logSumExp<
  S extends Shape,
  const A extends Axes | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'float32'>;
export function logSumExp(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkReduction('logSumExp', arguments.length, x, options);
  const list = reducedAxes('logSumExp', x, axes);
  const f = floating(x);
  if (list.some((a) => x.node.shape[a] === 0)) return log(sum(f, list, options));
  const largest = max(f, list, { keepDims: true }).detach();
  const shift = where(largest.isFinite(), largest, 0);
  const y = log(sum(f.sub(shift).exp(), list, { keepDims: true })).add(shift);
  return options.keepDims ? y : reshape(y, without(x.node.shape, list));
}
