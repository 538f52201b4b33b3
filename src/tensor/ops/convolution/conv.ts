import { describe, readOptions, reportAs } from '../../../ir/arguments.ts';
import { DTypeError, ShapeError } from '../../../ir/errors.ts';
import { MAX_COUNT } from '../../../ir/view.ts';
import { checkCall, checkTensor } from '../../apply.ts';
import { axesUpTo, checkSize, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { constantPad } from '../arrangement/join.ts';
import { broadcastTo, reshape, slice, transpose } from '../arrangement/views.ts';
import { sum } from '../reduction/reduce.ts';
import { convolve, type Geometry, inputGradient } from './records.ts';

/** Margins of zeros along one axis: as many on both sides, or before and after. */
export type Margin = number | readonly [before: number, after: number];

/**
 * `valid`: none. `same`: so that there is one window for each `stride` elements, an odd zero going to the end.
 * Or margins: one for all spatial axes, or one for each.
 */
export type Padding = 'valid' | 'same' | number | readonly Margin[];

export interface ConvOptions {
  /** Distance between the starts of neighbouring windows, for all spatial axes or each; 1 by default. */
  readonly stride?: number | Shape;
  /**
   * `valid` by default. `causal`, for one spatial axis: zeros in front only, so that a result depends on its element of x and
   * earlier ones.
   */
  readonly padding?: Padding | 'causal';
  /** Distance between neighbouring elements of a window, for all spatial axes or each; 1 by default. */
  readonly dilation?: number | Shape;
  /** How many groups of channels are convolved each by itself; 1 by default. */
  readonly groups?: number;
}

/**
 * Convolution (to be exact cross-correlation, as everywhere in this field) along any number of spatial axes,
 * channels last.
 *
 * @param x [N, ...spatial, C], float32.
 * @param kernel [...sizes, C / groups, F]. With as many groups as channels the convolution is depthwise:
 *   channel c makes the F / C results from c * F / C on.
 * @returns [N, ...places, F].
 * @throws ShapeError where the shapes do not fit; DTypeError where a tensor is not float32.
 */
export function conv(x: Tensor, kernel: Tensor, options?: ConvOptions): Tensor<Shape, 'float32'> {
  checkCall('conv', arguments.length, 3, x);
  const given = readOptions('conv', options, convDefaults);
  const { stride, dilation, groups, spatial } = read('conv', x, kernel, given);
  const sizes = kernel.node.shape.slice(0, spatial);
  const [inputs, outputs] = kernel.node.shape.slice(spatial) as [number, number];
  const channels = x.node.shape.at(-1)!;
  if (inputs * groups !== channels || outputs % groups !== 0) {
    const wanted = groups === 1 ? '' : ` / ${groups} groups`;
    throw new ShapeError(
      `[conv] kernel ${show(kernel.shape)} does not fit x ${show(x.shape)}: wanted [...sizes, ${channels}${wanted}, F]` +
        `${groups === 1 ? '' : `, F a multiple of ${groups}`}. Channels are the last axis; give the kernel as many.`,
    );
  }
  const extents = x.node.shape.slice(1, -1);
  const margins = convMargins('conv', given.padding, extents, sizes, stride, dilation);
  const reach = sizes.map((size, i) => dilation[i]! * (size - 1));
  // Margins wider than a window's reach are no part of any gradient: they are put on beforehand.
  const { beyond, geometry } = placed(margins, reach, { stride, dilation, groups });
  const isWide = beyond.flat().some((width) => width > 0);
  const input = isWide ? reportAs('conv', () => constantPad(x, [[0, 0], ...beyond, [0, 0]])) : x;
  const whole = extents.map((extent, i) => extent + margins[i]![0] + margins[i]![1]);
  checkSize('conv', whole);
  whole.forEach((extent, i) => {
    if (extent > reach[i]!) return;
    throw new ShapeError(
      `[conv] the window of kernel ${show(kernel.shape)} spans ${reach[i]! + 1} elements along axis ${i + 1}, but x ` +
        `${show(x.shape)} has ${extent} there with its padding. Pad more, or take a smaller kernel.`,
    );
  });
  if (groups === 1) return convolve(input, kernel, whole, geometry);
  const per = outputs / groups;
  if (inputs === 1) {
    const rest = per === 1 ? [channels] : [channels, per];
    const w = reshape(kernel, [...sizes, ...rest]);
    const depthwise = { ...geometry, groups: 0, depthwise: rest.length };
    const y = convolve(input, w, whole, depthwise, (t) => (per === 1 ? t : repeated(t, per)));
    return reshape(y, [...y.node.shape.slice(0, 1 + spatial), outputs]);
  }
  const y = convolve(toGroups(input, groups), toGroups(kernel, groups), whole, geometry);
  return fromGroups(y);
}

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  /** `valid` by default. */
  readonly padding?: Padding;
  /**
   * Elements that are added at the end of each spatial axis of the result, which a convolution with this
   * stride would not have reached; 0 by default. Less than the stride or the dilation, and not with `same`.
   */
  readonly outputPadding?: number | Shape;
}

/**
 * Transposed convolution (also called deconvolution): the adjoint of `conv`, the gradient of its x. Along each
 * spatial axis the result has (places - 1) * stride + dilation * (size - 1) + 1 - margins + outputPadding
 * elements; with the padding `same` it has places * stride.
 *
 * @param x [N, ...places, C], float32.
 * @param kernel that of the convolution whose adjoint it is: [...sizes, F / groups, C].
 * @returns [N, ...spatial, F].
 * @throws ShapeError where the shapes do not fit; DTypeError where a tensor is not float32.
 */
export function convTranspose(
  x: Tensor,
  kernel: Tensor,
  options?: ConvTransposeOptions,
): Tensor<Shape, 'float32'> {
  checkCall('convTranspose', arguments.length, 3, x);
  const given = readOptions('convTranspose', options, { ...convDefaults, outputPadding: undefined });
  const { stride, dilation, groups, spatial } = read('convTranspose', x, kernel, given);
  const sizes = kernel.node.shape.slice(0, spatial);
  const [outputs, inputs] = kernel.node.shape.slice(spatial) as [number, number];
  const channels = x.node.shape.at(-1)!;
  if (inputs !== channels || channels % groups !== 0) {
    const [of, divided, multiple] =
      groups === 1 ? ['', '', ''] : [` in ${groups} groups`, ' / groups', `, a multiple of ${groups}`];
    throw new ShapeError(
      `[convTranspose] kernel ${show(kernel.shape)} does not fit x ${show(x.shape)}${of}: wanted ` +
        `[...sizes, F${divided}, ${channels}]${multiple}. The last axis of both are the channels of x.`,
    );
  }
  const { outputPadding = 0 } = given;
  const padding = given.padding as Padding | undefined;
  const extra = forEachAxis('convTranspose', 'outputPadding', outputPadding, spatial, 0);
  if (padding === 'same' && extra.some((n) => n > 0)) {
    throw new ShapeError(
      `[convTranspose] got outputPadding ${show(extra)} with the padding 'same', whose result has stride times as many ` +
        'elements as x. Leave one of them out.',
    );
  }
  extra.forEach((n, i) => {
    if (n < Math.max(stride[i]!, dilation[i]!)) return;
    throw new ShapeError(
      `[convTranspose] got outputPadding ${n} for axis ${i + 1}, wanted less than its stride ${stride[i]} or its ` +
        `dilation ${dilation[i]}. Put more zeros on the result with pad.`,
    );
  });
  const places = x.node.shape.slice(1, -1);
  const reach = sizes.map((size, i) => dilation[i]! * (size - 1));
  const full = places.map((count, i) => (count - 1) * stride[i]! + reach[i]! + 1);
  checkSize('convTranspose', full);
  const margins =
    padding === 'same'
      ? full.map((size, i): readonly [number, number] => {
          const rest = Math.max(0, size - places[i]! * stride[i]!);
          return [Math.floor(rest / 2), rest - Math.floor(rest / 2)];
        })
      : marginsOf('convTranspose', padding, places, sizes, stride, dilation);
  // Margins wider than a window's reach are cut off afterwards.
  const { beyond, geometry } = placed(margins, reach, { stride, dilation, groups });
  const wanted = full.map((size, i) => {
    const [before, after] = margins[i]!;
    return padding === 'same' ? places[i]! * stride[i]! : size - before - after + extra[i]!;
  });
  if (wanted.some((extent) => extent < 1)) {
    throw new ShapeError(
      `[convTranspose] the padding leaves nothing of x ${show(x.shape)} under kernel ${show(kernel.shape)}: got spatial ` +
        `sizes ${show(wanted)}. Pad less.`,
    );
  }
  const extents = wanted.map((extent, i) => extent + beyond[i]![0] + beyond[i]![1]);
  const crop = (y: Tensor): Tensor =>
    slice(y, null, ...wanted.map((extent, i) => [beyond[i]![0], beyond[i]![0] + extent] as const));
  const n = x.node.shape[0]!;
  if (groups === 1) return crop(inputGradient(x, kernel, [n, ...extents, outputs], geometry));
  const per = channels / groups;
  if (outputs === 1) {
    const single = per === 1;
    const rest = single ? [groups] : [groups, per];
    const g = reshape(x, [n, ...places, ...rest]);
    const w = reshape(kernel, [...sizes, ...rest]);
    const depthwise = { ...geometry, groups: 0, depthwise: rest.length };
    const y = inputGradient(g, w, [n, ...extents, ...rest], depthwise);
    return crop(single ? y : sum(y, y.rank - 1));
  }
  const g = toGroups(x, groups);
  return crop(
    fromGroups(inputGradient(g, toGroups(kernel, groups), [groups, n, ...extents, outputs], geometry)),
  );
}

interface Options {
  readonly stride: Shape;
  readonly dilation: Shape;
  readonly groups: number;
  /** How many spatial axes there are. */
  readonly spatial: number;
}

/** How much wider than a window's reach margins are, and the geometry with those that are not. */
function placed(
  margins: readonly (readonly [before: number, after: number])[],
  reach: Shape,
  { stride, dilation, groups }: Omit<Options, 'spatial'>,
): { readonly beyond: readonly [before: number, after: number][]; readonly geometry: Geometry } {
  const beyond = margins.map((m, i) => m.map((width) => Math.max(0, width - reach[i]!)) as [number, number]);
  const geometry = {
    strides: stride,
    dilations: dilation,
    starts: margins.map(([before], i) => before - beyond[i]![0]),
    steps: stride.map(() => 1),
    groups: groups > 1 ? 1 : 0,
    depthwise: 0,
  };
  return { beyond, geometry };
}

type Settings = { readonly [K in keyof ConvOptions]-?: ConvOptions[K] | undefined };

const convDefaults = { stride: undefined, padding: undefined, dilation: undefined, groups: 1 };

function read(operation: string, x: Tensor, kernel: Tensor, options: Settings): Options {
  checkTensor(operation, kernel);
  for (const t of [x, kernel]) {
    if (t.dtype !== 'float32')
      throw new DTypeError(`[${operation}] got a ${t.dtype} tensor, wanted float32. Cast it first.`);
  }
  if (x.rank < 3 || kernel.rank !== x.rank) {
    throw new ShapeError(
      `[${operation}] got x ${show(x.shape)} and kernel ${show(kernel.shape)}, wanted [N, ...spatial, channels] and ` +
        'a kernel of as many axes, [...sizes, channels, channels]. Add the missing axes with reshape.',
    );
  }
  const spatial = x.rank - 2;
  const { stride = 1, dilation = 1, groups = 1 } = options;
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ShapeError(`[${operation}] got groups ${groups}, wanted a whole number from 1 up.`);
  }
  if (kernel.node.shape.includes(0)) {
    throw new ShapeError(`[${operation}] got an empty kernel ${show(kernel.shape)}, wanted sizes from 1 up.`);
  }
  if (x.node.shape.indexOf(0, 1) > 0) {
    throw new ShapeError(
      `[${operation}] got x ${show(x.shape)}, wanted sizes from 1 up. Only the number of samples may be 0.`,
    );
  }
  return {
    stride: forEachAxis(operation, 'stride', stride, spatial, 1),
    dilation: forEachAxis(operation, 'dilation', dilation, spatial, 1),
    groups,
    spatial,
  };
}

/** A number for each spatial axis. */
export function forEachAxis(
  operation: string,
  name: string,
  given: number | Shape,
  axes: number,
  least: number,
): Shape {
  const list = typeof given === 'number' ? new Array<number>(axes).fill(given) : given;
  const fits = Array.isArray(list) && list.length === axes;
  if (fits && list.every((n) => Number.isInteger(n) && n >= least && n <= MAX_COUNT)) return [...list];
  throw new ShapeError(
    `[${operation}] got ${name} ${shown(given)}, wanted a whole number from ${least} up to ${MAX_COUNT}, or one for each ` +
      `of the ${axes} spatial axes.`,
  );
}

/** A setting for each spatial axis in the text of an error. */
const shown = (given: unknown): string =>
  Array.isArray(given) || typeof given === 'string' ? JSON.stringify(given) : describe(given);

/** The margins of a convolution along each spatial axis. */
export function convMargins(
  operation: string,
  padding: Padding | 'causal' | undefined,
  extents: Shape,
  sizes: Shape,
  strides: Shape,
  dilations: Shape,
): (readonly [before: number, after: number])[] {
  if (padding === 'causal' && extents.length === 1) return [[dilations[0]! * (sizes[0]! - 1), 0]];
  return marginsOf(operation, padding as Padding, extents, sizes, strides, dilations);
}

/** The margins along each spatial axis. */
export function marginsOf(
  operation: string,
  padding: Padding | undefined,
  extents: Shape,
  sizes: Shape,
  strides: Shape,
  dilations: Shape,
): (readonly [before: number, after: number])[] {
  if (padding === undefined || padding === 'valid') return extents.map(() => [0, 0]);
  if (padding === 'same') {
    return extents.map((extent, i) => {
      const reach = dilations[i]! * (sizes[i]! - 1);
      const last = (Math.ceil(extent / strides[i]!) - 1) * strides[i]!;
      const all = Math.max(0, last + reach + 1 - extent);
      return [Math.floor(all / 2), all - Math.floor(all / 2)];
    });
  }
  return listMargins(operation, 'padding', padding, extents.length, "'valid', 'same', ");
}

/** Margins that are given as one number, or as a number or a pair for each axis. @param others what else is allowed. */
export function listMargins(
  operation: string,
  what: string,
  given: number | readonly Margin[],
  axes: number,
  others = '',
): (readonly [before: number, after: number])[] {
  const list = typeof given === 'number' ? new Array<number>(axes).fill(given) : given;
  const margins = Array.isArray(list)
    ? list.map((m) => (typeof m === 'number' ? ([m, m] as const) : (m as readonly [number, number])))
    : [];
  const fits = margins.every(
    (m) => Array.isArray(m) && m.length === 2 && m.every((n) => Number.isInteger(n) && n >= 0),
  );
  if (margins.length === axes && fits) return margins;
  throw new ShapeError(
    `[${operation}] got ${what} ${shown(given)}, wanted ${others}a whole number from 0 up, or for each of ` +
      `the ${axes} spatial axes a number or a pair [before, after].`,
  );
}

/** Each channel so many times, along a new last axis. */
const repeated = (x: Tensor, times: number): Tensor =>
  broadcastTo(reshape(x, [...x.node.shape, 1]), [...x.node.shape, times]);

/** [..., G * I] as [G, ..., I]. */
function toGroups(x: Tensor, groups: number): Tensor {
  const { shape } = x.node;
  const split = reshape(x, [...shape.slice(0, -1), groups, shape.at(-1)! / groups]);
  const axis = split.rank - 2;
  return transpose(split, [axis, ...axesUpTo(split.rank).filter((i) => i !== axis)]);
}

/** [G, N, ...spatial, O] as [N, ...spatial, G * O]. */
function fromGroups(y: Tensor): Tensor {
  const last = y.rank - 1;
  const axes = [...axesUpTo(last).slice(1), 0, last];
  const { shape } = y.node;
  return reshape(transpose(y, axes), [...shape.slice(1, -1), shape[0]! * shape[last]!]);
}
