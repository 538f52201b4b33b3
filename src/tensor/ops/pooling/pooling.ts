import { readOptions } from '../../../ir/arguments.ts';
import { allocate, dtypes, type TypedArray } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import { binary, compare, constant, type Expr, select } from '../../../ir/expr.ts';
import { rowMajorStrides, sizeOf } from '../../../ir/view.ts';
import { apply, checkCall } from '../../apply.ts';
import { fromArray } from '../../creation.ts';
import { noGradient, type Operation, operation } from '../../operation.ts';
import { checkSize, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { forEachAxis, marginsOf, type Padding } from '../convolution/conv.ts';
import { floating } from '../elementwise/elementwise.ts';
import {
  elementAt,
  paddedAxes,
  placeBits,
  positionsAt,
  type WindowElement,
  type Windows,
  windowElements,
  windowsAround,
} from './lowering.ts';

const resultShape = (shape: Shape, spatial: Shape): number[] => [shape[0]!, ...spatial, shape.at(-1)!];

const least = { f32: -Infinity, i32: -2147483648, u32: 0, bool: 0 };

const maxOperation = operation<Windows>({
  name: 'maxPool',
  shape: ([x], { counts }) => ({ shape: resultShape(x!.shape, counts), dtype: x!.dtype }),
  // dx = g where x is the first of its window's largest elements, 0 elsewhere
  vjp: (g, y, [x], w) => [() => apply(toPlaceOperation, [g, apply(winnerOperation, [x!, y], w)], w)],
  lower: (node, b, w) => {
    const outside = least[dtypes[node.dtype].scalar];
    const { all, isReduced } = windowElements(b, w, node.shape, outside);
    const values = all.map((e) => e.value);
    return isReduced ? b.reduce('max', values[0]!) : b.map(values.reduce((a, c) => binary('max', a, c)));
  },
});

/** Where in its window each y comes from: the first place that holds it, by number. */
const winnerOperation = operation<Windows>({
  name: 'maxPoolWinner',
  shape: ([, y], w) => ({ shape: y!.shape, dtype: placeBits(w) > 8 ? 'int32' : 'uint8' }),
  vjp: noGradient,
  lower: (node, b, w) => {
    const { all, isReduced } = windowElements(b, w, node.shape, 0);
    const y = b.input(1, (v) =>
      isReduced
        ? {
            shape: [...v.shape, ...w.sizes],
            stride: [...v.stride, ...w.sizes.map(() => 0)],
            offset: v.offset,
          }
        : v,
    );
    const isWinner = ({ value, isInside }: WindowElement): Expr => {
      const isEqual = compare('eq', value, y);
      const wins = value.type === 'f32' ? binary('or', isEqual, compare('ne', value, value)) : isEqual;
      return isInside === null ? wins : binary('and', isInside, wins);
    };
    if (isReduced) {
      const [e] = all;
      return b.reduce('min', select(isWinner(e!), e!.place, constant(0x7fffffff, 'i32')));
    }
    return b.map(
      all.reduceRight<Expr | null>(
        (last, e) => (last === null ? e.place : select(isWinner(e), e.place, last)),
        null,
      )!,
    );
  },
});

/** The numbers of the elements at places of their windows, in row-major order of [...spatial, C]. */
const indexOperation = operation<Windows>({
  name: 'maxPoolIndex',
  shape: ([places]) => ({ shape: places!.shape, dtype: 'int32' }),
  vjp: noGradient,
  lower: (node, b, w) => {
    const last = node.shape.length - 1;
    const sizes = [...w.extents.slice(1), node.shape[last]!];
    const positions = [...positionsAt(b, w, b.input(0)), b.index(last)];
    return b.map(
      positions.reduce((number, position, i) =>
        binary('add', binary('mul', number, constant(sizes[i - 1]!, 'i32')), position),
      ),
    );
  },
});

/** g [N, ...counts, C] at places of their windows, added up where these are the same element of x. */
const toPlaceOperation: Operation<Windows> = operation<Windows>({
  name: 'maxPoolGradient',
  shape: ([g], { extents }) => ({ shape: resultShape(g!.shape, extents), dtype: g!.dtype }),
  // dg = the elements at the places
  vjp: (h, _y, [, places], w) => [() => apply(fromPlaceOperation, [h, places!], w), null],
  lower: (node, b, w) => {
    const { all, isReduced } = windowsAround(b, w, node.shape, false);
    const zero = constant(0, 'f32');
    const terms = all.map(({ place, value }) =>
      select(compare('eq', value(1, -1), place), value(0, 0), zero),
    );
    return isReduced ? b.reduce('sum', terms[0]!) : b.map(terms.reduce((a, c) => binary('add', a, c)));
  },
});

/** The elements of h, which is like x, at places of the windows. */
const fromPlaceOperation: Operation<Windows> = operation<Windows>({
  name: 'maxPoolSelect',
  shape: ([h, places]) => ({ shape: places!.shape, dtype: h!.dtype }),
  // dh = g at the places
  vjp: (g, _y, [, places], w) => [() => apply(toPlaceOperation, [g, places!], w), null],
  lower: (node, b, w) => b.map(elementAt(b, w, node.shape)),
});

const sumOperation: Operation<Windows> = operation<Windows>({
  name: 'sumPool',
  shape: ([x], { counts }) => ({ shape: resultShape(x!.shape, counts), dtype: x!.dtype }),
  // dx = the sum of g over the windows that hold an element
  vjp: (g, _y, _inputs, w) => [() => apply(spreadOperation, [g], w)],
  lower: (node, b, w) => {
    const { all, isReduced } = windowElements(b, w, node.shape, 0);
    const values = all.map((e) => e.value);
    return isReduced ? b.reduce('sum', values[0]!) : b.map(values.reduce((a, c) => binary('add', a, c)));
  },
});

const spreadOperation: Operation<Windows> = operation<Windows>({
  name: 'sumPoolGradient',
  shape: ([g], { extents }) => ({ shape: resultShape(g!.shape, extents), dtype: g!.dtype }),
  // dg = the sums of the windows
  vjp: (h, _y, _inputs, w) => [() => apply(sumOperation, [h], w)],
  lower: (node, b, w) => {
    const { all, isReduced } = windowsAround(b, w, node.shape, true);
    const values = all.map((e) => e.value(0, 0));
    return isReduced ? b.reduce('sum', values[0]!) : b.map(values.reduce((a, c) => binary('add', a, c)));
  },
});

export interface PoolOptions {
  /** Distance between the starts of neighbouring windows, for all spatial axes or each; the size by default. */
  readonly stride?: number | Shape;
  /**
   * `valid` (by default): windows that lie in x whole. `same`: one for each `stride` elements, an odd element of
   * padding going to the end. Or margins: one for all spatial axes, or one for each.
   */
  readonly padding?: Padding;
  /** Distance between neighbouring elements of a window, for all spatial axes or each; 1 by default. */
  readonly dilation?: number | Shape;
}

export interface AveragePoolOptions extends PoolOptions {
  /** Count padding as zeros; false by default: the mean of the elements of x. */
  readonly countPadding?: boolean;
}

/** The shape of a pooling: samples and channels stay, the spatial axes are worked out at run time. */
export type Pooled<S extends Shape> = S extends readonly [
  infer N extends number,
  ...infer Spatial extends Shape,
  infer C extends number,
]
  ? [N, ...{ [K in keyof Spatial]: number }, C]
  : Shape;

/**
 * The largest element of each window along the spatial axes; padding never wins, NaN does. A tie gives the
 * gradient to the first in row-major order.
 *
 * @param x [N, ...spatial, C].
 * @param size of the windows, for all spatial axes or each.
 * @returns [N, ...counts, C].
 * @throws ShapeError where the windows do not fit, or hold nothing but padding.
 */
export function maxPool<S extends Shape>(
  x: Tensor<S>,
  size: number | Shape,
  options?: PoolOptions,
): Tensor<Pooled<S>> {
  checkCall('maxPool', arguments.length, 3, x);
  return apply(maxOperation, [x], maxWindowsOf('maxPool', x, size, options));
}

/**
 * `maxPool`, and where in x each of its elements is from: the number of the element in its image [...spatial, C], in row-major
 * order, as in `tf.nn.max_pool_with_argmax`; of several equal ones it is the first. (PyTorch's indices are those of the channel
 * alone, `floor(index / C)`.)
 *
 * @param x [N, ...spatial, C].
 * @param size of the windows, for all spatial axes or each.
 * @returns the elements and their numbers (int32), both [N, ...counts, C]; no gradient flows through the numbers.
 * @throws ShapeError where the windows do not fit, or hold nothing but padding.
 */
export function maxPoolWithArgmax<S extends Shape>(
  x: Tensor<S>,
  size: number | Shape,
  options?: PoolOptions,
): [values: Tensor<Pooled<S>>, indices: Tensor<Pooled<S>, 'int32'>] {
  checkCall('maxPoolWithArgmax', arguments.length, 3, x);
  const w = maxWindowsOf('maxPoolWithArgmax', x, size, options);
  checkSize('maxPoolWithArgmax', [sizeOf(x.node.shape.slice(1))]);
  const values = apply<Pooled<S>, Windows>(maxOperation, [x], w);
  const places = apply(winnerOperation, [x, values], w);
  return [values, apply(indexOperation, [places], w) as Tensor<Pooled<S>, 'int32'>];
}

function maxWindowsOf(
  name: string,
  x: Tensor,
  size: number | Shape,
  options: PoolOptions | undefined,
): Windows {
  const w = windowsOf(name, x, size, readOptions(name, options, poolDefaults));
  if (placeBits(w) <= 31) return w;
  throw new ShapeError(
    `[${name}] windows of ${show(w.sizes)} with dilation ${show(w.dilations)} span too much: places in a window are ` +
      'counted with 31 bits. Pool along one axis after the other.',
  );
}

/**
 * The mean of each window along the spatial axes, in float32.
 *
 * @param x [N, ...spatial, C].
 * @param size of the windows, for all spatial axes or each.
 * @returns [N, ...counts, C].
 * @throws ShapeError where the windows do not fit, or hold nothing but padding.
 */
export function avgPool<S extends Shape>(
  x: Tensor<S>,
  size: number | Shape,
  options?: AveragePoolOptions,
): Tensor<Pooled<S>> {
  checkCall('avgPool', arguments.length, 3, x);
  const given = readOptions('avgPool', options, { ...poolDefaults, countPadding: false });
  const w = windowsOf('avgPool', x, size, given);
  const sums: Tensor = apply(sumOperation, [floating(x)], w);
  if (given.countPadding || paddedAxes(w).length === 0) return sums.div(sizeOf(w.sizes)) as Tensor<Pooled<S>>;
  const divisors = fromArray(allMembers(w), [...w.counts, 1], 'float32');
  return sums.div(divisors) as Tensor<Pooled<S>>;
}

/** How many elements of x window `o` holds, along axis i. */
function membersOf({ extents, sizes, strides, dilations, starts }: Windows, i: number, o: number): number {
  const start = o * strides[i]! + starts[i]!;
  const first = Math.max(0, Math.ceil(-start / dilations[i]!));
  const last = Math.min(sizes[i]! - 1, Math.floor((extents[i]! - 1 - start) / dilations[i]!));
  return Math.max(0, last - first + 1);
}

/** How many elements of x each window holds. */
function allMembers(w: Windows): TypedArray {
  const out = allocate('avgPool', 'float32', sizeOf(w.counts)).fill(1);
  const strides = rowMajorStrides(w.counts);
  strides.forEach((stride, i) => {
    const list = allocate('avgPool', 'float32', w.counts[i]!).map((_, o) => membersOf(w, i, o));
    for (let k = 0; k < out.length; k++) out[k]! *= list[Math.floor(k / stride) % list.length]!;
  });
  return out;
}

/** The first window along axis i that holds nothing but padding, or -1. */
function emptyWindow(w: Windows, i: number): number {
  // Of the windows only those that reach beyond x can be empty: first to last are inside.
  const span = (w.sizes[i]! - 1) * w.dilations[i]! + 1;
  const first = Math.ceil(-w.starts[i]! / w.strides[i]!);
  const last = Math.floor((w.extents[i]! - span - w.starts[i]!) / w.strides[i]!);
  for (let o = 0; o < w.counts[i]!; o++) {
    if (o === first && last > o) o = last;
    if (membersOf(w, i, o) === 0) return o;
  }
  return -1;
}

const poolDefaults = { stride: undefined, padding: undefined, dilation: undefined };

type PoolSettings = { readonly [K in keyof PoolOptions]-?: PoolOptions[K] | undefined };

function windowsOf(name: string, x: Tensor, size: number | Shape, options: PoolSettings): Windows {
  const spatial = x.rank - 2;
  if (spatial < 1) {
    throw new ShapeError(
      `[${name}] got x ${show(x.shape)}, wanted [N, ...spatial, C]. Add the missing axes with reshape.`,
    );
  }
  const sizes = forEachAxis(name, 'size', size, spatial, 1);
  const { stride = sizes, dilation = 1 } = options;
  const strides = forEachAxis(name, 'stride', stride, spatial, 1);
  const dilations = forEachAxis(name, 'dilation', dilation, spatial, 1);
  const extents = x.node.shape.slice(1, -1);
  const margins = marginsOf(name, options.padding, extents, sizes, strides, dilations);
  checkSize(
    name,
    extents.map((extent, i) => extent + margins[i]![0] + margins[i]![1]),
  );
  checkSize(name, [sizeOf(sizes)]);
  const counts = extents.map((extent, i) => {
    const [before, after] = margins[i]!;
    const span = (sizes[i]! - 1) * dilations[i]! + 1;
    const count = Math.floor((before + extent + after - span) / strides[i]!) + 1;
    if (count > 0) return count;
    throw new ShapeError(
      `[${name}] a window spans ${span} elements along axis ${1 + i}, but x ${show(x.shape)} has ${before + extent + after} ` +
        'there with its padding. Pad more, or take smaller windows.',
    );
  });
  const w: Windows = { extents, sizes, strides, dilations, starts: margins.map(([n]) => 0 - n), counts };
  extents.forEach((_, i) => {
    const o = emptyWindow(w, i);
    if (o < 0) return;
    throw new ShapeError(
      `[${name}] window ${o} along axis ${1 + i} of x ${show(x.shape)} holds nothing but padding, of which there is ` +
        `[${margins[i]!.join(', ')}]. Pad less.`,
    );
  });
  return w;
}
