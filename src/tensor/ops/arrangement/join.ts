import { checkArray, checkCount, checkNumber } from '../../../ir/arguments.ts';
import { type DType, fits, promote } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import { binary, compare, constant, type Expr, select } from '../../../ir/expr.ts';
import { apply, checkCall, checkTensor, unchanged } from '../../apply.ts';
import { operation } from '../../operation.ts';
import { normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cast } from '../elementwise/cast.ts';
import { weakType } from '../elementwise/elementwise.ts';
import { dilatedPad } from './dilated-pad.ts';
import { gatherAxis } from './gather-axis.ts';
import { expandDims, reshape, strided } from './views.ts';

const concatOperation = operation<{ axis: number }>({
  name: 'concat',
  shape: (inputs, { axis }) => {
    const shape = [...inputs[0]!.shape];
    for (const x of inputs.slice(1)) {
      if (x.shape.length !== shape.length || x.shape.some((d, i) => i !== axis && d !== shape[i])) {
        throw new ShapeError(
          `[concat] ${show(x.shape)} does not fit ${show(inputs[0]!.shape)} along axis ${axis}. All other axes must be equal.`,
        );
      }
      shape[axis]! += x.shape[axis]!;
    }
    return { shape, dtype: inputs[0]!.dtype };
  },
  // dx_k = the part of g that x_k went to
  vjp: (g, _y, inputs, { axis }) => {
    let start = 0;
    return inputs.map((x) => {
      const from = start;
      start += x.shape[axis]!;
      return () => narrow(g, axis, from, x.shape[axis]!);
    });
  },
  lower: (node, b, { axis }) => {
    const along = b.index(axis);
    let end = node.shape[axis]!;
    let expr: Expr | null = null;
    for (let k = node.inputs.length - 1; k >= 0; k--) {
      const start = end - node.inputs[k]!.shape[axis]!;
      const index = binary('sub', along, constant(start, 'i32'));
      const part = gatherAxis(b, k, axis, index, node.shape, 0);
      expr = expr === null ? part : select(compare('lt', along, constant(end, 'i32')), part, expr);
      end = start;
    }
    return b.map(expr!);
  },
});

/** How many tensors one kernel joins; more are joined in a tree. */
const maxJoined = 8;

/** The first of the tensors to join, which are checked. */
function firstOf(name: string, count: number, tensors: readonly Tensor[]): Tensor {
  checkArray(name, 'tensors', tensors, '[a, b]');
  checkCount(name, count, 2);
  for (const t of tensors) checkTensor(name, t);
  if (tensors.length === 0) throw new ShapeError(`[${name}] got no tensors, wanted at least one.`);
  return tensors[0]!;
}

/** Tensors joined along an existing axis; data types are promoted to their common one. */
export function concat<D extends DType>(tensors: readonly Tensor<Shape, D>[], axis = 0): Tensor<Shape, D> {
  const first = firstOf('concat', arguments.length, tensors);
  if (first.rank === 0) throw new ShapeError('[concat] scalars have no axis to join along. Use stack.');
  const a = normalizeAxis('concat', axis, first.rank);
  const dtype = tensors.reduce<DType>((d, t) => promote(d, t.dtype), first.dtype);
  let parts: Tensor[] = tensors.map((t) => cast(t, dtype));
  while (parts.length > 1) {
    const joined: Tensor[] = [];
    for (let i = 0; i < parts.length; i += maxJoined) {
      const group = parts.slice(i, i + maxJoined);
      joined.push(group.length === 1 ? group[0]! : apply(concatOperation, group, { axis: a }));
    }
    parts = joined;
  }
  return unchanged(parts[0]!);
}

/** Tensors of one shape joined along a new axis. */
export function stack<D extends DType>(tensors: readonly Tensor<Shape, D>[], axis = 0): Tensor<Shape, D> {
  const first = firstOf('stack', arguments.length, tensors);
  for (const t of tensors) {
    if (show(t.shape) !== show(first.shape)) {
      throw new ShapeError(
        `[stack] shapes ${show(first.shape)} and ${show(t.shape)} differ. Stack tensors of one shape.`,
      );
    }
  }
  const a = normalizeAxis('stack', axis, first.rank + 1);
  return concat(
    tensors.map((t) => expandDims(t, a)),
    a,
  );
}

type Widths = readonly (readonly [before: number, after: number])[];

/** `pad` with a number, which is what the method of Tensor is. */
export function constantPad(x: Tensor, widths: Widths, value = 0): Tensor {
  checkCall('pad', arguments.length, 3, x);
  checkNumber('pad', 'value', value);
  checkWidths(x, widths);
  const shape = x.node.shape.map((d, i) => d + widths[i]![0] + widths[i]![1]);
  return dilatedPad(
    cast(x, fits(value, x.dtype) ? x.dtype : weakType('pad', x.dtype, value)),
    shape,
    widths.map((w) => w[0]),
    widths.map(() => 1),
    value,
  );
}

/** Checks that the widths of `pad` are pairs, one for each axis. */
export function checkWidths(x: Tensor, widths: Widths): void {
  if (
    !Array.isArray(widths) ||
    widths.length !== x.rank ||
    !widths.every((pair) => Array.isArray(pair) && pair.length === 2) ||
    widths.flat().some((w) => !Number.isInteger(w) || w < 0)
  ) {
    throw new ShapeError(
      `[pad] got widths ${JSON.stringify(widths)} for ${show(x.shape)}, wanted ${x.rank} pairs [before, after] of whole numbers from 0 up.`,
    );
  }
}

/** `count` elements of a value in front of an axis. */
export const padFront = (x: Tensor, axis: number, count: number, value = 0): Tensor =>
  constantPad(
    x,
    x.node.shape.map((_, i) => [i === axis ? count : 0, 0]),
    value,
  );

/** The elements moved on along an axis by so many places, with a value in front of them; the last ones are left out. */
export function later(x: Tensor, axis: number, places = 1, value = 0): Tensor {
  const size = x.node.shape[axis]!;
  const count = Math.min(places, size);
  return padFront(narrow(x, axis, 0, size - count), axis, count, value);
}

/** `size` elements along one axis from `start` on. */
export function narrow(x: Tensor, axis: number, start: number, size: number): Tensor {
  return strided(
    x,
    x.node.shape.map((_, i) => (i === axis ? start : 0)),
    x.node.shape.map((d, i) => (i === axis ? size : d)),
    x.node.shape.map(() => 1),
  );
}

/** The tensor cut along an axis: into a number of equal parts, or into parts of the given sizes; one may be -1, the rest. */
export function split<D extends DType>(
  x: Tensor<Shape, D>,
  countOrSizes: number | Shape,
  axis = 0,
): Tensor<Shape, D>[] {
  checkCall('split', arguments.length, 3, x);
  const a = normalizeAxis('split', axis, x.rank);
  const size = x.node.shape[a]!;
  if (typeof countOrSizes !== 'number') checkArray('split', 'sizes', countOrSizes, '[1, 2], or a count');
  if (
    typeof countOrSizes === 'number' &&
    (!(countOrSizes > 0) || !Number.isInteger(countOrSizes) || size % countOrSizes !== 0)
  ) {
    throw new ShapeError(
      `[split] axis ${a} of size ${size} does not split into ${countOrSizes} equal parts. Give the sizes of the parts instead.`,
    );
  }
  const sizes =
    typeof countOrSizes === 'number'
      ? new Array<number>(countOrSizes).fill(size / countOrSizes)
      : countOrSizes.map((n, i) =>
          n === -1 ? size - countOrSizes.reduce((rest, m, j) => (i === j ? rest : rest + m), 0) : n,
        );
  const total = sizes.reduce((s, n) => s + n, 0);
  if (total !== size || sizes.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ShapeError(
      `[split] sizes ${show(countOrSizes as Shape)} do not add up to axis ${a} of ${show(x.shape)}, which has ${size}.`,
    );
  }
  let start = 0;
  return sizes.map((n) => {
    start += n;
    return narrow(x, a, start - n, n);
  });
}

/** The tensors that a tensor is made of along an axis, without that axis: undoes `stack`. */
export function unstack<D extends DType>(x: Tensor<Shape, D>, axis = 0): Tensor<Shape, D>[] {
  checkCall('unstack', arguments.length, 2, x);
  const a = normalizeAxis('unstack', axis, x.rank);
  const shape = x.node.shape.filter((_, i) => i !== a);
  return Array.from({ length: x.node.shape[a]! }, (_, i) => reshape(narrow(x, a, i, 1), shape)) as Tensor<
    Shape,
    D
  >[];
}
