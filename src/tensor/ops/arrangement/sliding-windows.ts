import { checkArray, readOptions } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import { binary, compare, constant, type Expr, select } from '../../../ir/expr.ts';
import { MAX_COUNT, sizeOf, type View } from '../../../ir/view.ts';
import { apply, checkCall } from '../../apply.ts';
import { type Operation, operation } from '../../operation.ts';
import { normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

export interface WindowOptions {
  /** The axes that the windows run along, one for each size; by default the last ones. */
  readonly axes?: readonly number[];
  /** Distance between the starts of neighbouring windows, for each axis; 1 by default. */
  readonly strides?: readonly number[];
  /** Distance between neighbouring elements of one window, for each axis; 1 by default. */
  readonly dilations?: readonly number[];
}

interface WindowParams {
  readonly axes: readonly number[];
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly [key: string]: readonly number[];
}

const windowsOperation: Operation<WindowParams> = operation<WindowParams>({
  name: 'slidingWindows',
  shape: ([x], { axes, sizes, strides, dilations }) => {
    const shape = [...x!.shape];
    axes.forEach((axis, k) => {
      const span = dilations[k]! * (sizes[k]! - 1) + 1;
      shape[axis] = Math.floor((shape[axis]! - span) / strides[k]!) + 1;
    });
    return { shape: [...shape, ...sizes], dtype: x!.dtype };
  },
  // dx = at each place the sum of g over the windows that hold it
  vjp: (g, _y, [x], params) => [() => apply(foldOperation, [g], { ...params, shape: x!.node.shape })],
  lower: (node, _b, { axes, strides, dilations }) => ({
    kind: 'view',
    move: (v: View) => {
      const stride = [...v.stride];
      axes.forEach((axis, k) => {
        stride[axis] = v.stride[axis]! * strides[k]!;
      });
      return {
        shape: node.shape,
        stride: [...stride, ...axes.map((a, k) => v.stride[a]! * dilations[k]!)],
        offset: v.offset,
      };
    },
  }),
});

interface FoldParams extends WindowParams {
  readonly shape: Shape;
}

/**
 * The adjoint of sliding windows: [..., counts, ..., sizes] back to the shape that they were cut from,
 * overlaps added up.
 */
const foldOperation: Operation<FoldParams> = operation<FoldParams>({
  name: 'foldWindows',
  shape: ([g], { shape }) => ({ shape, dtype: g!.dtype }),
  // dg = the windows of the incoming gradient
  vjp: (h, _y, _inputs, { axes, sizes, strides, dilations }) => [
    () => apply(windowsOperation, [h], { axes, sizes, strides, dilations }),
  ],
  lower: (_node, b, { shape, axes, sizes, strides, dilations }) => {
    const overlaps = axes.map((_, k) => Math.ceil((dilations[k]! * (sizes[k]! - 1) + 1) / strides[k]!));
    const isSingle = sizeOf(overlaps) === 1;
    if (!isSingle) b.over(overlaps);
    const number = (n: number): Expr => constant(n, 'i32');
    // Element c of an axis lies in window floor(c / stride) - n, n = 0, 1, ..., if its distance from where that
    // window begins is a multiple of the dilation.
    const windows = axes.map((axis, k): Expr => {
      const c = b.index(axis);
      const last = strides[k] === 1 ? c : binary('div', c, number(strides[k]!));
      return isSingle ? last : binary('sub', last, b.index(shape.length + k));
    });
    const elements = axes.map((axis, k): Expr => {
      const start = binary('mul', windows[k]!, number(strides[k]!));
      const distance = binary('sub', b.index(axis), start);
      if (dilations[k] === 1) return distance;
      const element = binary('div', distance, number(dilations[k]!));
      const whole = compare('eq', binary('mul', element, number(dilations[k]!)), distance);
      return select(whole, element, number(-1));
    });
    const layOut = (rest: View): View => {
      const plain = [...rest.stride];
      const stride = shape.map((_, i) => (axes.includes(i) ? 0 : plain.shift()!));
      const reduced = isSingle ? [] : overlaps;
      return {
        shape: [...shape, ...reduced],
        stride: [...stride, ...reduced.map(() => 0)],
        offset: rest.offset,
      };
    };
    const inner = axes.map((_, k) => shape.length + k);
    const g = b.gather(0, [...axes, ...inner], [...windows, ...elements], layOut, 0);
    return isSingle ? b.map(g) : b.reduce('sum', g);
  },
});

/**
 * All windows of the given sizes, without a copy: each windowed axis becomes the number of windows, and the
 * windows' own axes are appended at the end, as NumPy's `sliding_window_view` does. Convolution and pooling
 * are made of it.
 */
export function slidingWindows<D extends DType>(
  x: Tensor<Shape, D>,
  sizes: Shape,
  options?: WindowOptions,
): Tensor<Shape, D> {
  checkCall('slidingWindows', arguments.length, 3, x);
  const given = readOptions('slidingWindows', options, {
    axes: undefined,
    strides: undefined,
    dilations: undefined,
  });
  for (const [name, list] of Object.entries({ ...given, sizes })) {
    if (list !== undefined || name === 'sizes') checkArray('slidingWindows', name, list, '[3, 3]');
  }
  const axes =
    given.axes?.map((a) => normalizeAxis('slidingWindows', a, x.rank)) ??
    sizes.map((_, k) => x.rank - sizes.length + k);
  const strides = given.strides ?? sizes.map(() => 1);
  const dilations = given.dilations ?? sizes.map(() => 1);
  const lists = [axes, strides, dilations];
  if (
    lists.some((l) => l.length !== sizes.length) ||
    new Set(axes).size !== axes.length ||
    sizes.length > x.rank
  ) {
    throw new ShapeError(
      `[slidingWindows] got sizes ${show(sizes)}, axes ${show(axes)}, strides ${show(strides)} and dilations ${show(dilations)} for ` +
        `${show(x.shape)}, wanted one of each for every windowed axis.`,
    );
  }
  if ([...sizes, ...strides, ...dilations].some((n) => !Number.isInteger(n) || n < 1 || n > MAX_COUNT)) {
    throw new ShapeError(
      `[slidingWindows] sizes ${show(sizes)}, strides ${show(strides)} and dilations ${show(dilations)} must be whole numbers from 1 to ${MAX_COUNT}.`,
    );
  }
  axes.forEach((axis, k) => {
    const span = dilations[k]! * (sizes[k]! - 1) + 1;
    if (x.shape[axis]! < span) {
      throw new ShapeError(
        `[slidingWindows] a window spans ${span} elements, but axis ${axis} of ${show(x.shape)} has ${x.shape[axis]}. Pad first.`,
      );
    }
  });
  return apply(windowsOperation, [x], {
    axes,
    sizes: [...sizes],
    strides: [...strides],
    dilations: [...dilations],
  });
}
