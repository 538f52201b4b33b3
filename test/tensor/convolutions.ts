import { sizeOf } from '../../src/ir/view.ts';
import type { ConvTransposeOptions, Margin, Padding } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { ordinary } from './domains.ts';
import type { Draw } from './draw.ts';

/** A random call of `conv`, small enough for finite differences, with each option in each of its forms. */
export function convCall(d: Draw): readonly [x: Tensor, kernel: Tensor, options?: ConvTransposeOptions] {
  const { options, sizes, strides, dilations, channels } = windows(d);
  const reach = reachOf(sizes, dilations);
  const padding = anyPadding(d, sizes.length, () => d.integer(0, 5 - sizes.length));
  const margins = explicit(padding, sizes.length);
  const extents = reach.map((r, i) => {
    const least = padding === 'same' ? 1 : r + 1 - sizeOfMargin(margins[i]!);
    const more = d.integer(0, Math.max(spare(sizes.length), strides[i]!));
    return Math.max(1, least) + more;
  });
  const x = d.float([d.pick([1, 2]), ...extents, channels.inputs], ordinary);
  const kernel = d.float([...sizes, channels.inputs / channels.groups, channels.outputs], ordinary);
  const given = { ...options, ...(padding === undefined ? {} : { padding }) };
  return Object.keys(given).length === 0 ? [x, kernel] : [x, kernel, given];
}

/** A random call of `convTranspose`. */
export function convTransposeCall(
  d: Draw,
): readonly [x: Tensor, kernel: Tensor, options: ConvTransposeOptions] {
  const { options, sizes, strides, dilations, channels } = windows(d);
  const axes = sizes.length;
  const reach = reachOf(sizes, dilations);
  const places = sizes.map(() => d.integer(1, axes === 1 ? 4 : axes === 2 ? 3 : 2));
  const full = places.map((count, i) => (count - 1) * strides[i]! + reach[i]! + 1);
  const most = Math.floor((Math.min(...full) - 1) / 2);
  const padding = anyPadding(d, axes, () => d.integer(0, Math.min(3, most)));
  const outputPadding =
    padding !== 'same' && d.oneIn(2)
      ? { outputPadding: strides.map((s, i) => d.integer(0, Math.max(s, dilations[i]!) - 1)) }
      : {};
  const x = d.float([d.pick([1, 2]), ...places, channels.outputs], ordinary);
  const kernel = d.float([...sizes, channels.inputs / channels.groups, channels.outputs], ordinary);
  return [x, kernel, { ...options, ...(padding === undefined ? {} : { padding }), ...outputPadding }];
}

interface Channels {
  readonly groups: number;
  readonly inputs: number;
  readonly outputs: number;
}

const someChannels = (d: Draw, few: boolean): Channels =>
  d.pick<Channels>([
    { groups: 1, inputs: d.integer(1, few ? 2 : 3), outputs: d.integer(1, few ? 2 : 3) },
    { groups: 1, inputs: 2, outputs: 2 },
    { groups: 2, inputs: 4, outputs: d.pick([2, 4]) },
    { groups: 3, inputs: 3, outputs: 3 },
    { groups: 2, inputs: 2, outputs: 4 },
  ]);

function windows(d: Draw) {
  const axes = d.pick([1, 2, 3]);
  const sizes = Array.from({ length: axes }, () => d.integer(1, axes === 3 ? 2 : 3));
  const channels = someChannels(d, axes === 3);
  const stride = perAxis(d, axes, 3);
  const dilation = perAxis(d, axes, axes === 1 ? 3 : 2);
  const options: ConvTransposeOptions = {
    ...(stride === undefined ? {} : { stride }),
    ...(dilation === undefined ? {} : { dilation }),
    ...(channels.groups === 1 ? {} : { groups: channels.groups }),
  };
  return { options, sizes, strides: each(stride, axes, 1), dilations: each(dilation, axes, 1), channels };
}

/** Left out, a number, or a number for each axis. */
function perAxis(d: Draw, axes: number, most: number): number | number[] | undefined {
  const how = d.integer(0, 2);
  if (how === 0) return undefined;
  return how === 1 ? d.integer(1, most) : Array.from({ length: axes }, () => d.integer(1, most));
}

function anyPadding(d: Draw, axes: number, width: () => number): Padding | undefined {
  const how = d.integer(0, 5);
  if (how < 2) return how === 0 ? undefined : 'valid';
  if (how === 2) return 'same';
  if (how === 3) return width();
  return Array.from({ length: axes }, (): Margin => (d.oneIn(3) ? width() : [width(), width()]));
}

/** How much larger than need be an axis of x may be. */
const spare = (axes: number): number => 4 - axes;

/** An option as a list with a number for each axis. */
export const each = (
  given: number | readonly number[] | undefined,
  axes: number,
  otherwise: number,
): number[] => (typeof given === 'object' ? [...given] : new Array<number>(axes).fill(given ?? otherwise));

/** Margins as pairs; none for `valid` and `same`. */
export const explicit = (padding: Padding | undefined, axes: number): (readonly [number, number])[] =>
  (typeof padding === 'object'
    ? padding
    : new Array<Margin>(axes).fill(typeof padding === 'number' ? padding : 0)
  ).map((m): readonly [number, number] => (typeof m === 'number' ? [m, m] : m));

export const reachOf = (sizes: readonly number[], dilations: readonly number[]): number[] =>
  sizes.map((size, i) => dilations[i]! * (size - 1));

const sizeOfMargin = ([before, after]: readonly [number, number]): number => before + after;

/** TensorFlow's `same`: a window for each `stride` elements, the margin behind as wide or wider by 1. */
export function sameMargins(
  extent: number,
  size: number,
  stride: number,
  dilation: number,
): [number, number] {
  const places = Math.floor((extent + stride - 1) / stride);
  const missing = Math.max(0, (places - 1) * stride + (size - 1) * dilation + 1 - extent);
  const before = Math.trunc(missing / 2);
  return [before, missing - before];
}

/** All indices of a shape, in row-major order. */
export function* indicesOf(shape: readonly number[]): Generator<number[]> {
  for (let i = 0; i < sizeOf(shape); i++) {
    let rest = i;
    const index = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    yield index;
  }
}
