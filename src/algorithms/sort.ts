import { compileSort } from '../backends/wasm/algorithms/sort.ts';
import { binary, compare, constant, type Expr, load, select, unary } from '../ir/expr.ts';
import type { Algorithm, Kernel } from '../ir/kernel.ts';
import { contiguous, sameShape, sizeOf } from '../ir/view.ts';
import { along, indexOf, mapTo, withoutSource } from './rewriting.ts';

/**
 * The indices (int32) of the first elements of each row [..., length] in sorted order; the kernel's shape [..., count] says how
 * many. Equal elements keep their order, also when `descending`; -0 equals 0. NaN counts as larger than Infinity: last in
 * ascending order, as in NumPy and PyTorch, first in descending order, as in PyTorch.
 */
export function sortIndices(type: 'f32' | 'i32', descending: boolean): Algorithm {
  return {
    name: descending ? 'descending order' : 'ascending order',
    fits: (shape, [x]) => sameShape(shape.slice(0, -1), x!.slice(0, -1)) && shape.at(-1)! <= x!.at(-1)!,
    run: ({ shape }, [x], out) => {
      const count = shape.at(-1)!;
      const rows = sizeOf(shape.slice(0, -1));
      const length = rows === 0 ? 0 : x!.length / rows;
      for (let row = 0; row < rows; row++) {
        const from = row * length;
        const order = Int32Array.from({ length }, (_, i) => i);
        const compare = (a: number, b: number): number => ascending(x![from + a]!, x![from + b]!);
        order.sort((a, b) => (descending ? compare(b, a) : compare(a, b)) || a - b);
        out.set(order.subarray(0, count), row * count);
      }
    },
    compile: compileSort(type === 'f32', descending),
    rewrite: (kernel, { operands: [operand] }, addBuffer) => {
      const axis = kernel.shape.length - 1;
      const { view } = operand!;
      const shape = view.shape;
      const length = shape[axis]!;
      const kernels: Kernel[] = [];
      let order: number | null = null;
      for (let width = 1; width < length; width *= 2) {
        const inputs = [indexOf(shape, axis), along(operand!, axis, shape, 0)];
        if (order !== null) inputs.push(along({ buffer: order, view: contiguous(shape) }, axis, shape, 0));
        /** The index of the element at a place of the rows that the last round has sorted. */
        const indexAt = (place: Expr): Expr => (inputs.length === 2 ? place : load(2, 'i32', [place]));
        const isBefore = (a: Expr, b: Expr): Expr =>
          isLess(load(1, type, [a]), load(1, type, [b]), descending);
        const expr = merged(width, length, load(0, 'i32'), indexAt, isBefore);
        order = addBuffer('i32', sizeOf(shape));
        kernels.push(mapTo(kernel, shape, inputs, expr, order));
      }
      const stride = contiguous(shape).stride;
      const result =
        order === null
          ? indexOf(kernel.shape, axis)
          : {
              buffer: order,
              view: { shape: kernel.shape, stride, offset: { base: 0, terms: [] } },
              gather: [],
              fill: null,
            };
      return [...kernels, withoutSource(kernel, [result], (first) => load(first, 'i32'))];
    },
  };
}

const ascending = (a: number, b: number): number =>
  a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));

export function isLess(a: Expr, b: Expr, descending: boolean): Expr {
  const [x, y] = descending ? [b, a] : [a, b];
  const less = compare('lt', x, y);
  if (x.type !== 'f32') return less;
  return binary('or', less, binary('and', compare('eq', x, x), compare('ne', y, y)));
}

/**
 * The index at `place` after adjacent sorted runs of `width` elements are merged. A binary search finds how many of the
 * elements before it come from the first run (merge path: Odeh et al. 2012).
 */
function merged(
  width: number,
  length: number,
  place: Expr,
  indexAt: (place: Expr) => Expr,
  isBefore: (a: Expr, b: Expr) => Expr,
): Expr {
  const number = (n: number): Expr => constant(n, 'i32');
  const add = (a: Expr, b: Expr): Expr => binary('add', a, b);
  const sub = (a: Expr, b: Expr): Expr => binary('sub', a, b);
  const start = binary('mul', binary('div', place, number(2 * width)), number(2 * width));
  const middle = binary('min', add(start, number(width)), number(length));
  const end = binary('min', add(start, number(2 * width)), number(length));
  const rank = sub(place, start);
  let low = binary('max', number(0), sub(rank, sub(end, middle)));
  let high = binary('min', rank, sub(middle, start));
  for (let range = width; range > 0; range >>= 1) {
    const half = binary('shr', add(low, high), number(1));
    const a = indexAt(add(start, half));
    const b = indexAt(sub(add(middle, rank), add(half, number(1))));
    const searches = compare('lt', low, high);
    const takesMore = unary('not', isBefore(b, a));
    const next = select(binary('and', searches, takesMore), add(half, number(1)), low);
    high = select(binary('and', searches, unary('not', takesMore)), half, high);
    low = next;
  }
  const fromFirst = add(start, low);
  const fromSecond = add(middle, sub(rank, low));
  const [a, b] = [indexAt(fromFirst), indexAt(fromSecond)];
  const firstIsLeft = compare('lt', fromFirst, middle);
  const secondIsGone = compare('le', end, fromSecond);
  return select(binary('and', firstIsLeft, binary('or', secondIsGone, unary('not', isBefore(b, a)))), a, b);
}
