import { checkArray } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import {
  addOffsetTerm,
  broadcastView,
  permuteView,
  reshapeView,
  sameShape,
  sizeOf,
  type View,
} from '../../../ir/view.ts';
import { apply, checkCall, checkTensor, unchanged } from '../../apply.ts';
import { operation } from '../../operation.ts';
import {
  broadcastShapes,
  checkShape,
  type Flattened,
  normalizeAxes,
  normalizeAxis,
  type Plain,
  type Reshaped,
  type Reverse,
  type Shape,
  show,
} from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { dilatedPad } from './dilated-pad.ts';

// Operations that only arrange elements anew: each is a view of its input and costs nothing by itself.

export const reshapeOperation = operation<{ shape: Shape }>({
  name: 'reshape',
  shape: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  // dx = g in x's shape
  vjp: (g, _y, [x]) => [() => reshape(g, x!.node.shape)],
  lower: (_node, _b, { shape }) => ({ kind: 'view', move: (v) => reshapeView(v, shape) }),
});

/** The same elements in row-major order under another shape; one dimension may be -1 and is worked out. */
export function reshape<const S extends Shape, D extends DType>(
  x: Tensor<Shape, D>,
  shape: S,
): Tensor<Reshaped<S>, D> {
  checkCall('reshape', arguments.length, 2, x);
  const wanted = resolve(x, shape);
  if (sameShape(wanted, x.node.shape)) return unchanged(x) as Tensor<Reshaped<S>, D>;
  return apply(reshapeOperation, [x], { shape: wanted }) as Tensor<Reshaped<S>, D>;
}

function resolve(x: Tensor, shape: Shape): Shape {
  if (!Array.isArray(shape)) checkShape('reshape', shape);
  if (sameShape(shape, x.node.shape)) return x.node.shape;
  const open = shape.indexOf(-1);
  if (open !== shape.lastIndexOf(-1)) {
    throw new ShapeError(`[reshape] got shape ${show(shape)}: only one dimension can be -1.`);
  }
  const rest = open < 0 ? shape : shape.filter((_, i) => i !== open);
  checkShape('reshape', rest);
  const known = sizeOf(rest);
  const fits = open < 0 ? known === x.size : known > 0 && x.size % known === 0;
  if (!fits) {
    throw new ShapeError(
      `[reshape] ${show(x.shape)} holds ${x.size} elements, ${show(shape)} wants ${open < 0 ? known : `a multiple of ${known}`}. ` +
        'Give a shape of the same size; -1 may stand for one dimension.',
    );
  }
  return open < 0 ? [...shape] : shape.map((d, i) => (i === open ? x.size / known : d));
}

/** All axes from `startAxis` on made one: `flatten(x, 1)` keeps the batch. */
export function flatten<D extends DType>(x: Tensor<Shape, D>): Tensor<[number], D>;
export function flatten<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  startAxis: 1,
): Tensor<Flattened<S>, D>;
export function flatten<D extends DType>(x: Tensor<Shape, D>, startAxis: number): Tensor<Shape, D>;
export function flatten(x: Tensor, startAxis = 0): Tensor {
  checkCall('flatten', arguments.length, 2, x);
  const a = startAxis === x.rank ? startAxis : normalizeAxis('flatten', startAxis, Math.max(x.rank, 1));
  return reshape(x, [...x.node.shape.slice(0, a), sizeOf(x.node.shape.slice(a))]);
}

export const transposeOperation = operation<{ axes: readonly number[] }>({
  name: 'transpose',
  shape: ([x], { axes }) => ({ shape: axes.map((a) => x!.shape[a]!), dtype: x!.dtype }),
  // dx = g with its axes put back
  vjp: (g, _y, _inputs, { axes }) => [
    () =>
      transpose(
        g,
        axes.map((_, i) => axes.indexOf(i)),
      ),
  ],
  lower: (_node, _b, { axes }) => ({ kind: 'view', move: (v) => permuteView(v, axes) }),
});

/** The axes in another order; in reverse order without `axes`. */
export function transpose<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<Reverse<S>, D>;
export function transpose<D extends DType>(x: Tensor<Shape, D>, axes?: readonly number[]): Tensor<Shape, D>;
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  checkCall('transpose', arguments.length, 2, x);
  if (axes !== undefined) checkArray('transpose', 'axes', axes, '[1, 0]');
  const order =
    axes?.map((a) => normalizeAxis('transpose', a, x.rank)) ?? x.node.shape.map((_, i) => x.rank - 1 - i);
  if (order.length !== x.rank || order.some((a, i) => order.indexOf(a) !== i)) {
    throw new ShapeError(
      `[transpose] axes [${order}] do not order the ${x.rank} axes of ${show(x.shape)}. Name each axis once.`,
    );
  }
  return order.every((a, i) => a === i) ? unchanged(x) : apply(transposeOperation, [x], { axes: order });
}

/** A new axis of size 1 at the given place of the result. */
export function expandDims<D extends DType>(x: Tensor<Shape, D>, axis: number): Tensor<Shape, D> {
  checkCall('expandDims', arguments.length, 2, x);
  const a = normalizeAxis('expandDims', axis, x.rank + 1);
  return reshape(x, [...x.node.shape.slice(0, a), 1, ...x.node.shape.slice(a)]);
}

/** Without the axes of size 1: the given ones, or all. */
export function squeeze<D extends DType>(
  x: Tensor<Shape, D>,
  axis?: number | readonly number[],
): Tensor<Shape, D> {
  checkCall('squeeze', arguments.length, 2, x);
  const drop = axis === undefined ? null : normalizeAxes('squeeze', axis, x.rank);
  for (const a of drop ?? []) {
    if (x.shape[a] !== 1) {
      throw new ShapeError(
        `[squeeze] axis ${a} of ${show(x.shape)} has size ${x.shape[a]}, wanted 1. Use reshape to merge axes.`,
      );
    }
  }
  return reshape(
    x,
    x.node.shape.filter((d, i) => (drop ? !drop.includes(i) : d !== 1)),
  );
}

const broadcastOperation = operation<{ shape: Shape }>({
  name: 'broadcastTo',
  shape: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  // dx = g, summed by the walk like that of every broadcast operand
  vjp: (g) => [() => g],
  lower: (_node, _b, { shape }) => ({ kind: 'view', move: (v) => broadcastView(v, shape) }),
});

/** The tensor repeated along new axes and axes of size 1, without a copy. */
export function broadcastTo<const S extends Shape, D extends DType>(
  x: Tensor<Shape, D>,
  shape: S,
): Tensor<Plain<S>, D> {
  type Result = Tensor<Plain<S>, D>;
  checkCall('broadcastTo', arguments.length, 2, x);
  checkShape('broadcastTo', shape);
  if (sameShape(x.node.shape, shape)) return unchanged(x) as Result;
  if (!sameShape(broadcastShapes('broadcastTo', x.node.shape, shape), shape)) {
    throw new ShapeError(
      `[broadcastTo] ${show(x.shape)} is wider than ${show(shape)}. Only axes of size 1 and new ones grow.`,
    );
  }
  return apply(broadcastOperation, [x], { shape: [...shape] }) as Result;
}

interface SliceParams {
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
  readonly [key: string]: readonly number[];
}

const sliceOperation = operation<SliceParams>({
  name: 'slice',
  shape: ([x], { sizes }) => ({ shape: sizes, dtype: x!.dtype }),
  // dx = g at the places it was read from, 0 elsewhere
  vjp: (g, y, [x], { steps }) => [() => dilatedPad(g, x!.node.shape, y.node.values, steps)],
  lower: (_node, b, { sizes, steps }) => ({
    kind: 'view',
    move: (v: View) => ({
      shape: sizes,
      stride: v.stride.map((s, i) => s * steps[i]!),
      // Starts are values of the plan: the same slice further on finds the same plan.
      offset: v.stride.reduce((offset, s, i) => addOffsetTerm(offset, b.slot(i), s), v.offset),
    }),
  }),
});

/** The elements at start + i * step along each axis, i < size; every one must exist. */
export function strided(
  x: Tensor,
  starts: readonly number[],
  sizes: readonly number[],
  steps: readonly number[],
): Tensor {
  return apply(sliceOperation, [x], { sizes, steps }, starts);
}

/**
 * One axis of a slice: a number picks one index and drops the axis; `[start, stop, step]` takes a range as in
 * Python (stop is not included, negatives count from the end, steps may be negative); null takes all.
 */
export type SliceSpec =
  | number
  | readonly [start?: number | null, stop?: number | null, step?: number | null]
  | null;

/** A part of the tensor; axes without a spec are taken whole. `x.slice([0, 512])`, `x.slice(null, -1)`. */
export function slice<D extends DType>(
  x: Tensor<Shape, D>,
  ...specs: readonly SliceSpec[]
): Tensor<Shape, D> {
  checkTensor('slice', x);
  if (specs.length > x.rank) {
    throw new ShapeError(`[slice] got ${specs.length} axes for ${show(x.shape)}, wanted at most ${x.rank}.`);
  }
  const ranges = x.node.shape.map((size, axis) => range(specs[axis] ?? null, size, axis, x.node.shape));
  const whole = ranges.every((r, axis) => r.start === 0 && r.step === 1 && r.size === x.node.shape[axis]);
  const part = whole
    ? unchanged(x)
    : strided(
        x,
        ranges.map((r) => r.start),
        ranges.map((r) => r.size),
        ranges.map((r) => r.step),
      );
  return ranges.some((r) => r.drop)
    ? reshape(
        part,
        part.node.shape.filter((_, i) => !ranges[i]!.drop),
      )
    : part;
}

function range(spec: SliceSpec, size: number, axis: number, shape: Shape) {
  if (spec === null) return { start: 0, size, step: 1, drop: false };
  if (typeof spec === 'number') {
    if (!Number.isInteger(spec) || spec < -size || spec >= size) {
      throw new ShapeError(
        `[slice] index ${spec} is out of range for axis ${axis} of ${show(shape)}: wanted ${-size} to ${size - 1}.`,
      );
    }
    return { start: spec < 0 ? spec + size : spec, size: 1, step: 1, drop: true };
  }
  checkArray('slice', `axis ${axis}`, spec, '[start, stop], an index, or null');
  const [from, to] = spec;
  const step = spec[2] ?? 1;
  for (const n of [from ?? 0, to ?? 0, step]) {
    if (!Number.isInteger(n))
      throw new ShapeError(`[slice] got ${n} in [${String(spec)}] for axis ${axis}, wanted whole numbers.`);
  }
  if (step === 0)
    throw new ShapeError(
      `[slice] step 0 for axis ${axis} of ${show(shape)}. Steps go forwards or backwards.`,
    );
  // Python's rules: bounds count from the end where negative and are clamped to the axis.
  const clamp = (i: number, low: number, high: number) => Math.min(Math.max(i < 0 ? i + size : i, low), high);
  const start =
    from == null ? (step > 0 ? 0 : size - 1) : step > 0 ? clamp(from, 0, size) : clamp(from, -1, size - 1);
  const stop = to == null ? (step > 0 ? size : -1) : step > 0 ? clamp(to, 0, size) : clamp(to, -1, size - 1);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return { start: count === 0 ? 0 : start, size: count, step: count > 1 ? step : 1, drop: false };
}

/** The elements in reverse order along the axes (all by default). */
export function flip<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  axes?: number | readonly number[],
): Tensor<S, D> {
  checkCall('flip', arguments.length, 2, x);
  const list = normalizeAxes('flip', axes, x.rank);
  const flipped = (i: number) => list.includes(i) && x.node.shape[i]! > 0;
  return strided(
    x,
    x.node.shape.map((d, i) => (flipped(i) ? d - 1 : 0)),
    x.node.shape,
    x.node.shape.map((_, i) => (flipped(i) ? -1 : 1)),
  ) as Tensor<S>;
}
