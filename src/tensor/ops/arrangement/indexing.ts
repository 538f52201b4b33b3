import { reportAs } from '../../../ir/arguments.ts';
import { checkDType, type DType, dtypes } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { binary, check, compare, constant, convert, type Expr, select } from '../../../ir/expr.ts';
import type { LoweringBuilder } from '../../../ir/lowering-builder.ts';
import { apply, checkCall, checkTensor } from '../../apply.ts';
import { tensor } from '../../creation.ts';
import { noGradient, operation } from '../../operation.ts';
import { normalizeAxis, type Shape, show } from '../../shape.ts';
import { Tensor } from '../../tensor.ts';
import { add } from '../elementwise/arithmetic.ts';
import { cast } from '../elementwise/cast.ts';
import { expectDType, promoteOperands } from '../elementwise/elementwise.ts';
import { gatherAxis } from './gather-axis.ts';
import { expandDims, flatten, reshape } from './views.ts';

const outOfRange = (name: string, axis: number, size: number) => ({
  error: (value: number) =>
    new ValueError(
      `[${name}] index ${value} is out of range for axis ${axis} of size ${size}: ` +
        (size === 0 ? 'the axis is empty.' : `wanted ${-size} to ${size - 1}.`),
    ),
});

/** An index checked against an axis, negatives counted from its end. */
export function checkedIndex(
  b: LoweringBuilder,
  name: string,
  index: Expr,
  axis: number,
  size: number,
): Expr {
  const n = constant(size, 'i32');
  const inRange = binary('and', compare('le', constant(-size, 'i32'), index), compare('lt', index, n));
  const safe = check(index, inRange, b.check(outOfRange(name, axis, size)));
  return select(compare('lt', safe, constant(0, 'i32')), binary('add', safe, n), safe);
}

const takeOperation = operation<{ axis: number }>({
  name: 'take',
  shape: ([x, indices], { axis }) => {
    const shape = [...x!.shape];
    shape[axis] = indices!.shape[0]!;
    return { shape, dtype: x!.dtype };
  },
  // dx = g added up at the places it was taken from
  vjp: (g, _y, [x, indices], { axis }) => [() => scatter(indices!, g, axis, x!.shape[axis]!), null],
  lower: (node, b, { axis }) => {
    const size = node.inputs[0]!.shape[axis]!;
    const index = b.input(1, (v) => ({
      shape: node.shape,
      stride: node.shape.map((_, i) => (i === axis ? v.stride[0]! : 0)),
      offset: v.offset,
    }));
    return b.map(gatherAxis(b, 0, axis, checkedIndex(b, 'take', index, axis, size), node.shape));
  },
});

/**
 * The elements at the given indices along an axis, as `np.take`: the axis is replaced by the shape of
 * `indices` (integers; negatives count from the end). An index out of range is an error when the values are
 * computed.
 */
export function take<D extends DType>(
  x: Tensor<Shape, D>,
  indices: Tensor | number | readonly number[],
  axis = 0,
): Tensor<Shape, D> {
  checkCall('take', arguments.length, 3, x);
  const a = normalizeAxis('take', axis, x.rank);
  const at = indexTensor('take', indices);
  const flat = apply(takeOperation, [x, flatten(at)], { axis: a });
  return reshape(flat, [...x.shape.slice(0, a), ...at.shape, ...x.shape.slice(a + 1)]);
}

function indexTensor(name: string, indices: Tensor | number | readonly number[]): Tensor {
  const t = indices instanceof Tensor ? indices : reportAs(name, () => tensor(indices, { dtype: 'int32' }));
  expectDType(name, t, ['int32', 'uint8']);
  return cast(t, 'int32');
}

const scatterOperation = operation<{ axis: number; size: number }>({
  name: 'scatterAdd',
  shape: ([, updates], { axis, size }) => {
    const shape = [...updates!.shape];
    shape[axis] = size;
    return { shape, dtype: updates!.dtype };
  },
  // dupdates = g at the places they went to
  vjp: (g, _y, [indices], { axis }) => [null, () => apply(takeOperation, [g, indices!], { axis })],
  lower: (_node, b, { axis, size }) => ({
    kind: 'scatter',
    axis,
    check: b.check(outOfRange('scatterAdd', axis, size)),
  }),
});

/** Zeros of `size` along an axis, with the updates added at their indices. */
function scatter(indices: Tensor, updates: Tensor, axis: number, size: number): Tensor {
  return apply(scatterOperation, [indices, updates], { axis, size });
}

/**
 * x with `updates` added at `indices` (integers, negatives count from the end) along an axis; an index that
 * occurs several times takes all of its updates, in order. `updates` has the shape of `take(x, indices,
 * axis)`.
 */
export function scatterAdd(
  x: Tensor,
  indices: Tensor | number | readonly number[],
  updates: Tensor,
  axis = 0,
): Tensor {
  checkCall('scatterAdd', arguments.length, 4, x);
  checkTensor('scatterAdd', updates);
  const a = normalizeAxis('scatterAdd', axis, x.rank);
  const at = indexTensor('scatterAdd', indices);
  const before = x.shape.slice(0, a);
  const after = x.shape.slice(a + 1);
  const wanted: Shape = [...before, ...at.shape, ...after];
  if (show(updates.shape) !== show(wanted)) {
    throw new ShapeError(
      `[scatterAdd] got indices ${show(at.shape)} and updates ${show(updates.shape)} for axis ${a} of ${show(x.shape)}, ` +
        `wanted updates ${show(wanted)}. Updates have the shape of take(x, indices, axis).`,
    );
  }
  const [base, values] = promoteOperands('scatterAdd', x, reshape(updates, [...before, at.size, ...after]));
  const wide = base.dtype === 'float32' ? base : cast(base, 'int32');
  return add(wide, scatter(flatten(at), cast(values, wide.dtype), a, x.shape[a]!) as typeof wide);
}

const oneHotOperation = operation<{ dtype: DType; depth: number; caller: string }>({
  name: 'oneHot',
  shape: ([labels], { dtype, depth }) => ({ shape: [...labels!.shape.slice(0, -1), depth], dtype }),
  vjp: noGradient,
  lower: (node, b, { dtype, depth, caller }) => {
    const label = convert(b.input(0), 'i32');
    const inRange = binary(
      'and',
      compare('le', constant(0, 'i32'), label),
      compare('lt', label, constant(depth, 'i32')),
    );
    const number = b.check({
      error: (value) =>
        new ValueError(
          `[${caller}] label ${value} is out of range: wanted 0 to ${depth - 1} for ${depth} classes.`,
        ),
    });
    const hit = compare('eq', check(label, inRange, number), b.index(node.shape.length - 1));
    return b.map(convert(hit, dtypes[dtype].scalar));
  },
});

/**
 * For each label (integers 0 .. depth - 1) a row of zeros with a one at its place: shape [...labels.shape,
 * depth]. A label out of range is an error when the values are computed.
 */
export function oneHot(labels: Tensor, depth: number): Tensor<Shape, 'float32'>;
export function oneHot<D extends DType>(
  labels: Tensor,
  depth: number,
  dtype: D | undefined,
): Tensor<Shape, D>;
export function oneHot(labels: Tensor, depth: number, dtype: DType = 'float32'): Tensor {
  checkCall('oneHot', arguments.length, 3, labels);
  checkDType('oneHot', dtype);
  expectDType('oneHot', labels, ['int32', 'uint8']);
  if (!Number.isInteger(depth) || depth < 0) {
    throw new ShapeError(`[oneHot] got depth ${depth}, wanted a whole number of classes.`);
  }
  return oneHotFor('oneHot', labels, depth, dtype);
}

/** `oneHot` of checked arguments, for a caller that errors name. */
export const oneHotFor = (caller: string, labels: Tensor, depth: number, dtype: DType): Tensor =>
  apply(oneHotOperation, [expandDims(labels, -1)], { dtype, depth, caller });
