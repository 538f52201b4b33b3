import { ShapeError } from '../../ir/errors.ts';
import { binary, compare, constant, type Expr, select } from '../../ir/expr.ts';
import type { View } from '../../ir/view.ts';
import { apply } from '../apply.ts';
import { type Operation, operation } from '../operation.ts';
import { normalizeAxis, type Shape, show } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

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
    b.over(sizes);
    // Element c of an axis is element w of window o where o * stride + w * dilation = c.
    const windows = axes.map((axis, k): Expr => {
      const start = binary(
        'sub',
        b.index(axis),
        binary('mul', b.index(shape.length + k), constant(dilations[k]!, 'i32')),
      );
      const s = constant(strides[k]!, 'i32');
      if (strides[k] === 1) return start;
      const whole = compare('eq', binary('mod', start, s), constant(0, 'i32'));
      return select(whole, binary('div', start, s), constant(-1, 'i32'));
    });
    const layOut = (rest: View): View => {
      const stride = shape.map(() => 0);
      const plain = shape.map((_, i) => i).filter((i) => !axes.includes(i));
      plain.forEach((axis, k) => {
        stride[axis] = rest.stride[k]!;
      });
      return {
        shape: [...shape, ...sizes],
        stride: [...stride, ...rest.stride.slice(plain.length)],
        offset: rest.offset,
      };
    };
    return b.reduce('sum', b.gather(0, axes, windows, layOut, 0));
  },
});

/**
 * All windows of the given sizes, without a copy: each windowed axis becomes the number of windows, and the
 * windows' own axes are appended at the end, as NumPy's `sliding_window_view` does. Convolution and pooling
 * are made of it.
 */
export function slidingWindows(x: Tensor, sizes: Shape, options: WindowOptions = {}): Tensor {
  const axes =
    options.axes?.map((a) => normalizeAxis('slidingWindows', a, x.rank)) ??
    sizes.map((_, k) => x.rank - sizes.length + k);
  const strides = options.strides ?? sizes.map(() => 1);
  const dilations = options.dilations ?? sizes.map(() => 1);
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
  if ([...sizes, ...strides, ...dilations].some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ShapeError(
      `[slidingWindows] sizes ${show(sizes)}, strides ${show(strides)} and dilations ${show(dilations)} must be whole numbers from 1 up.`,
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
