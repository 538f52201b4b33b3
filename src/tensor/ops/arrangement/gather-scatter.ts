import { checkOptions, describe } from '../../../ir/arguments.ts';
import { type DType, fits } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { sizeOf } from '../../../ir/view.ts';
import { apply, checkCall, checkTensor } from '../../apply.ts';
import type { Common } from '../../dtypes.ts';
import { noGradient, operation } from '../../operation.ts';
import { checkSize, normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { add, maximum, minimum, mul, sub } from '../elementwise/arithmetic.ts';
import { cast } from '../elementwise/cast.ts';
import { expectDType, promoteOperands } from '../elementwise/elementwise.ts';
import { equal, isNaN, less, logicalOr, where } from '../elementwise/logic.ts';
import { cumsum } from '../reduction/cumulative.ts';
import { iota } from '../source/iota.ts';
import { scatterAlong, takeAlong } from './along-axis.ts';
import { checkedIndex, scatterAdd, take } from './indexing.ts';
import { broadcastTo, expandDims, flatten, reshape, slice } from './views.ts';

const indexOperation = operation<{ name: string; axis: number; size: number }>({
  name: 'index',
  shape: ([indices]) => ({ shape: indices!.shape, dtype: 'int32' as DType }),
  vjp: noGradient,
  lower: (_node, b, { name, axis, size }) => b.map(checkedIndex(b, name, b.input(0), axis, size)),
});

/** Indices that are checked when they are computed, negative ones counted from the end of the axis. */
function inAxis(name: string, indices: Tensor, axis: number, size: number): Tensor {
  expectDType(name, indices, ['int32', 'uint8']);
  return apply(indexOperation, [cast(indices, 'int32')], { name, axis, size });
}

/** Indices along an axis, broadcast to x's other axes. */
function indicesAlong(name: string, x: Tensor, indices: Tensor, axis: number): Tensor {
  const { shape } = x.node;
  const given = indices.node.shape;
  if (given.length !== shape.length || given.some((d, a) => a !== axis && d !== shape[a] && d !== 1)) {
    throw new ShapeError(
      `[${name}] got indices ${show(given)} for axis ${axis} of ${show(shape)}, wanted the same shape but for this axis.`,
    );
  }
  const wide = broadcastTo(
    indices,
    shape.map((d, a) => (a === axis ? given[a]! : d)),
  );
  return inAxis(name, wide, axis, shape[axis]!);
}

/**
 * The elements at the given indices along an axis, each place with an index of its own, as `np.take_along_axis` and
 * `torch.gather`. `indices` (integers, negatives count from the end) have the shape of x but for the axis, and of the result;
 * other axes of size 1 broadcast. An index out of range is an error when the values are computed.
 */
export function takeAlongAxis<D extends DType>(
  x: Tensor<Shape, D>,
  indices: Tensor,
  axis: number,
): Tensor<Shape, D>;
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  checkCall('takeAlongAxis', arguments.length, 3, x);
  checkTensor('takeAlongAxis', indices);
  const a = normalizeAxis('takeAlongAxis', axis, x.rank);
  return takeAlong(x, indicesAlong('takeAlongAxis', x, indices, a), a);
}

/** What happens to an element that gets an update. */
export type ScatterMode = 'set' | 'add' | 'max' | 'min';

export interface ScatterOptions {
  /**
   * `set` (default) replaces the element, by the last of several updates; `add` adds all updates in order; `max` and `min`
   * keep the extremum of the element and its updates, of which ties give the gradient to the element, then to the first.
   */
  readonly mode?: ScatterMode;
}

function modeOf(name: string, options: ScatterOptions): ScatterMode {
  checkOptions(name, options, { mode: 'set' });
  const { mode = 'set' } = options;
  if (['set', 'add', 'max', 'min'].includes(mode)) return mode;
  throw new ValueError(`[${name}] got mode ${describe(mode)}, wanted 'set', 'add', 'max' or 'min'.`);
}

/** x with updates at indices that are in range. */
function put(x: Tensor, indices: Tensor, updates: Tensor, axis: number, mode: ScatterMode): Tensor {
  const size = x.node.shape[axis]!;
  if (mode === 'add') return add(x, scatterAlong('sum', indices, updates, axis, size));
  const { shape } = indices.node;
  const number = reshape(
    iota(shape[axis]!),
    shape.map((d, a) => (a === axis ? d : 1)),
  );
  const numbers = broadcastTo(number, shape);
  if (mode === 'set') {
    const winner = scatterAlong('max', indices, numbers, axis, size);
    return where(less(winner, 0), x, takeAlong(updates, winner, axis));
  }
  const best = takeAlong(scatterAlong(mode, indices, updates.detach(), axis, size), indices, axis);
  const isBest = logicalOr(equal(updates, best), isNaN(updates));
  const count = shape[axis]!;
  const winner = scatterAlong('min', indices, where(isBest, numbers, count), axis, size);
  const found = takeAlong(updates, winner, axis);
  return where(less(winner, count), mode === 'max' ? maximum(x, found) : minimum(x, found), x);
}

function operandsOf(name: string, x: Tensor, updates: Tensor): [Tensor, Tensor] {
  const [a, b] = promoteOperands(name, x, updates);
  const dtype = a.dtype === 'bool' ? 'uint8' : a.dtype;
  return [cast(a, dtype), cast(b, dtype)];
}

/**
 * x with values put at the given indices along an axis, each with an index of its own, as `np.put_along_axis`,
 * `torch.scatter` and `torch.scatter_reduce`. `indices` (integers, negatives count from the end) have the shape of x but for
 * the axis, and of `values`; other axes of size 1 broadcast. An index out of range is an error when the values are computed.
 */
export function putAlongAxis<D extends DType, E extends DType>(
  x: Tensor<Shape, D>,
  indices: Tensor,
  values: Tensor<Shape, E>,
  axis: number,
  options?: ScatterOptions,
): Tensor<Shape, Common<D, E>>;
export function putAlongAxis(
  x: Tensor,
  indices: Tensor,
  values: Tensor,
  axis: number,
  options: ScatterOptions = {},
): Tensor {
  checkCall('putAlongAxis', arguments.length, 5, x);
  checkTensor('putAlongAxis', indices);
  checkTensor('putAlongAxis', values);
  const mode = modeOf('putAlongAxis', options);
  const a = normalizeAxis('putAlongAxis', axis, x.rank);
  const at = indicesAlong('putAlongAxis', x, indices, a);
  if (values.rank !== at.rank || values.node.shape.some((d, i) => d !== at.node.shape[i] && d !== 1)) {
    throw new ShapeError(
      `[putAlongAxis] got values ${show(values.shape)}, wanted ${show(at.shape)}, the shape of the indices.`,
    );
  }
  const [base, updates] = operandsOf('putAlongAxis', x, broadcastTo(values, at.node.shape));
  const y = put(base, at, updates, a, mode);
  return x.dtype === 'bool' && values.dtype === 'bool' ? cast(y, 'bool') : y;
}

/** The numbers of rows, in row-major order over the first axes of x, at which `indices` [..., k] point. */
function rowsAt(name: string, x: Tensor, indices: Tensor): { rows: Tensor; count: number; rest: Shape } {
  const { shape } = x.node;
  const k = indices.rank === 0 ? 0 : indices.node.shape.at(-1)!;
  if (indices.rank === 0 || k > x.rank) {
    throw new ShapeError(
      `[${name}] got indices ${show(indices.shape)} for ${show(shape)}, wanted [..., k] with one index for each of the ` +
        `first k axes, at most ${x.rank}.`,
    );
  }
  const lead = indices.node.shape.slice(0, -1);
  let rows: Tensor = broadcastTo(cast(reshape(iota(1), []), 'int32'), lead);
  for (let axis = 0; axis < k; axis++) {
    const index = slice(indices, ...lead.map(() => null), axis);
    rows = add(mul(rows, shape[axis]!), inAxis(name, index, axis, shape[axis]!));
  }
  return { rows, count: sizeOf(shape.slice(0, k)), rest: shape.slice(k) };
}

/**
 * The elements, or parts, of x at indices along its first axes, as `tf.gather_nd`: `indices` [..., k] (integers, negatives
 * count from the end) give [..., ...x.shape.slice(k)]. An index out of range is an error when the values are computed.
 */
export function gatherND<D extends DType>(x: Tensor<Shape, D>, indices: Tensor): Tensor<Shape, D>;
export function gatherND(x: Tensor, indices: Tensor): Tensor {
  checkCall('gatherND', arguments.length, 2, x);
  checkTensor('gatherND', indices);
  const { rows, count, rest } = rowsAt('gatherND', x, indices);
  return take(reshape(x, [count, ...rest]), rows);
}

/**
 * x with updates at indices along its first axes, as `tf.tensor_scatter_nd_update`, `_add`, `_max` and `_min`: `indices`
 * [..., k] (integers, negatives count from the end), `updates` [..., ...x.shape.slice(k)]. Where an index occurs several times,
 * the last update wins, or all of them are taken in order. An index out of range is an error when the values are computed.
 */
export function scatterND<D extends DType, E extends DType>(
  x: Tensor<Shape, D>,
  indices: Tensor,
  updates: Tensor<Shape, E>,
  options?: ScatterOptions,
): Tensor<Shape, Common<D, E>>;
export function scatterND(x: Tensor, indices: Tensor, updates: Tensor, options: ScatterOptions = {}): Tensor {
  checkCall('scatterND', arguments.length, 4, x);
  checkTensor('scatterND', indices);
  checkTensor('scatterND', updates);
  const mode = modeOf('scatterND', options);
  const { rows, count, rest } = rowsAt('scatterND', x, indices);
  const wanted = [...rows.node.shape, ...rest];
  if (show(updates.shape) !== show(wanted)) {
    throw new ShapeError(
      `[scatterND] got indices ${show(indices.shape)} and updates ${show(updates.shape)} for ${show(x.shape)}, ` +
        `wanted updates ${show(wanted)}.`,
    );
  }
  const [base, values] = operandsOf('scatterND', x, updates);
  const inner = sizeOf(rest);
  const [from, at] = [reshape(base, [count, inner]), flatten(rows)];
  const flat = reshape(values, [rows.size, inner]);
  const y =
    mode === 'add'
      ? cast(scatterAdd(from, at, flat), base.dtype)
      : put(from, broadcastTo(expandDims(at, 1), flat.node.shape), flat, 0, mode);
  const shaped = reshape(y, x.node.shape);
  return x.dtype === 'bool' && updates.dtype === 'bool' ? cast(shaped, 'bool') : shaped;
}

export interface MaskOptions {
  /** The number of elements in the result; all of the mask's by default. */
  readonly size?: number;
  /** The value after the last selected element; 0 by default. */
  readonly fill?: number;
}

/**
 * The elements, or parts, of x where the mask is true, in row-major order, as `x[mask]` in NumPy; but with a shape that does
 * not depend on values: [size, ...x.shape.slice(mask.rank)]. What was selected comes first, then `fill`. What exceeds
 * `size` is left out. `mask.cast('int32').sum()` is how many there are.
 *
 * @param mask bool, of the shape of x's first axes.
 */
export function booleanMask<D extends DType>(
  x: Tensor<Shape, D>,
  mask: Tensor,
  options?: MaskOptions,
): Tensor<Shape, D>;
export function booleanMask(x: Tensor, mask: Tensor, options: MaskOptions = {}): Tensor {
  checkCall('booleanMask', arguments.length, 3, x);
  checkTensor('booleanMask', mask);
  checkOptions('booleanMask', options, { size: 0, fill: 0 });
  expectDType('booleanMask', mask, ['bool']);
  const { size = mask.size, fill = 0 } = options;
  if (!Number.isInteger(size) || size < 0)
    throw new ValueError(`[booleanMask] got size ${describe(size)}, wanted a whole number from 0 up.`);
  if (typeof fill !== 'number')
    throw new ValueError(`[booleanMask] got fill ${describe(fill)}, wanted a number.`);
  const rest = x.node.shape.slice(mask.rank);
  checkSize('booleanMask', [size, ...rest]);
  if (mask.rank > x.rank || mask.node.shape.some((d, a) => d !== x.node.shape[a])) {
    throw new ShapeError(
      `[booleanMask] got a mask ${show(mask.shape)} for ${show(x.shape)}, wanted the sizes of its first axes.`,
    );
  }
  const flat = flatten(mask);
  // Each selected element's number goes to its place; the others go nowhere.
  const place = where(flat, sub(cumsum(flat), 1), -1);
  const source = scatterAlong('max', place, broadcastTo(iota(mask.size), [mask.size]), 0, size);
  const isFilled = less(source, 0);
  const parts = reshape(x, [mask.size, sizeOf(rest)]);
  const columns = [size, sizeOf(rest)];
  const selected = takeAlong(parts, broadcastTo(expandDims(source, 1), columns), 0);
  const y = where(broadcastTo(expandDims(isFilled, 1), columns), fill, selected);
  return reshape(fits(fill, x.dtype) ? cast(y, x.dtype) : y, [size, ...rest]);
}
