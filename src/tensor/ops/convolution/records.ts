import { binary } from '../../../ir/expr.ts';
import type { LoweringBuilder } from '../../../ir/lowering-builder.ts';
import type { Primitive } from '../../../ir/primitive.ts';
import { sameShape, type View } from '../../../ir/view.ts';
import { apply } from '../../apply.ts';
import { type Operation, operation } from '../../operation.ts';
import { axesUpTo, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { dilatedPad } from '../arrangement/dilated-pad.ts';
import { flip, transpose } from '../arrangement/views.ts';

// Convolution and the gradient of its kernel, which with each other's help have all gradients: they are the
// derivatives of one sum of products x * w * y. Both read x in `padded`, a copy in which it lies between
// margins of zeros, and contract over views of that copy: there is no matrix of windows in memory.

/** How a convolution runs along each of its spatial axes; and which axes there are. */
export interface Geometry {
  /** Distance between the starts of neighbouring windows. */
  readonly strides: Shape;
  /** Distance between neighbouring elements of a window. */
  readonly dilations: Shape;
  /** Where the first element of x lies in `padded`, and the distance between neighbouring ones. */
  readonly starts: Shape;
  readonly steps: Shape;
  /** Axes of groups in front, 0 or 1. Not where each channel is a group of its own. */
  readonly groups: number;
  /** 0, or the number of last axes that are channels which do not mix. */
  readonly depthwise: number;
  readonly [key: string]: number | Shape;
}

/**
 * Its inputs are `padded`, the kernel w and x itself, to which the gradient belongs: none is computed for
 * margins.
 *
 * x is [groups..., N, spatial..., I], w is [groups..., kernel..., I, O] and the result [groups..., N,
 * spatial..., O]; where channels do not mix they are [N, spatial..., channels...], [kernel..., channels...]
 * and [N, spatial..., channels...].
 */
const convolution: Operation<Geometry> = operation<Geometry>({
  name: 'conv',
  shape: ([padded, w], geometry) => {
    const { strides, dilations, groups, depthwise } = geometry;
    const first = groups + 1;
    const shape = [...padded!.shape];
    strides.forEach((stride, i) => {
      const span = dilations[i]! * (w!.shape[kernelAxis(geometry, i)]! - 1) + 1;
      shape[first + i] = Math.floor((shape[first + i]! - span) / stride) + 1;
    });
    if (depthwise === 0) shape[shape.length - 1] = w!.shape.at(-1)!;
    return { shape, dtype: padded!.dtype };
  },
  // dx = the convolution of g, with zeros put between and around, and w turned round
  // dw = the sums of products of x and g that w's elements had a part in
  vjp: (g, _y, [padded, w, x], geometry) => [
    null,
    () => apply(kernelGradient, [padded!, g, x!], kernelGeometry(geometry, w!)),
    () => inputGradient(g, w!, x!.node.shape, geometry),
  ],
  lower: (node, b, geometry) => {
    const { groups, depthwise, strides } = geometry;
    const spatial = strides.length;
    const kernel = kernelSizes(geometry, node.inputs[1]!.shape);
    const windows = (v: View): View => windowsOf(v, geometry, node.shape, kernel);
    if (depthwise > 0) {
      // Channels run inside the windows' elements, which are what is added up.
      b.over(kernel);
      return sumOfProducts(b, windows, (v) => ({
        shape: [...node.shape, ...kernel],
        stride: [
          ...axesUpTo(1 + spatial).map(() => 0),
          ...v.stride.slice(spatial),
          ...v.stride.slice(0, spatial),
        ],
        offset: v.offset,
      }));
    }
    return {
      kind: 'contract',
      batch: groups,
      m: 1 + spatial,
      k: spatial + 1,
      n: 1,
      moves: [(v) => lastAfter(windows(v), groups + 1 + spatial), (v) => v],
    };
  },
});

/** The geometry of a kernel's gradient, which has to know the kernel's sizes. */
interface KernelGeometry extends Geometry {
  readonly kernel: Shape;
}

const kernelGeometry = (geometry: Geometry, w: Tensor): KernelGeometry => ({
  ...geometry,
  kernel: kernelSizes(geometry, w.node.shape),
});

/**
 * The gradient of the kernel: its inputs are `padded`, the gradient g of the convolution's result, and x
 * itself.
 */
const kernelGradient: Operation<KernelGeometry> = operation<KernelGeometry>({
  name: 'convKernel',
  shape: ([padded, g], { kernel, groups, depthwise }) => {
    const channels = padded!.shape.slice(groups + 1 + kernel.length);
    const outputs = depthwise > 0 ? [] : [g!.shape.at(-1)!];
    const shape = [...padded!.shape.slice(0, groups), ...kernel, ...channels, ...outputs];
    return { shape, dtype: padded!.dtype };
  },
  // Of the incoming gradient u: dx = as a convolution's, with u for the kernel; dg = the convolution of x with u
  vjp: (u, _w, [padded, g, x], { kernel: _, ...geometry }) => [
    null,
    () => apply(convolution, [padded!, u, x!], geometry),
    () => inputGradient(g!, u, x!.node.shape, geometry),
  ],
  lower: (node, b, { kernel, ...geometry }) => {
    const { groups, depthwise } = geometry;
    const spatial = kernel.length;
    const g = node.inputs[1]!.shape;
    const batchAndPlaces = g.slice(groups, groups + 1 + spatial);
    const windows = (v: View): View => windowsOf(v, geometry, g, kernel);
    if (depthwise > 0) {
      b.over(batchAndPlaces);
      // [N, places..., channels..., kernel...] to [kernel..., channels..., N, places...]
      const arrange = ({ shape, stride, offset }: View): View => {
        const order = <T>(list: readonly T[]): T[] => [
          ...list.slice(1 + spatial + depthwise),
          ...list.slice(1 + spatial, 1 + spatial + depthwise),
          ...list.slice(0, 1 + spatial),
        ];
        return { shape: order(shape), stride: order(stride), offset };
      };
      return sumOfProducts(
        b,
        (v) => arrange(windows(v)),
        (v) =>
          arrange({ ...v, shape: [...v.shape, ...kernel], stride: [...v.stride, ...kernel.map(() => 0)] }),
      );
    }
    // [groups..., N, places..., I, kernel...] to [groups..., kernel..., I, N, places...]
    const arrange = ({ shape, stride, offset }: View): View => {
      const order = <T>(list: readonly T[]): T[] => [
        ...list.slice(0, groups),
        ...list.slice(groups + 2 + spatial),
        list[groups + 1 + spatial]!,
        ...list.slice(groups, groups + 1 + spatial),
      ];
      return { shape: order(shape), stride: order(stride), offset };
    };
    const moves = [(v: View) => arrange(windows(v)), (v: View) => v] as const;
    return { kind: 'contract', batch: groups, m: spatial + 1, k: 1 + spatial, n: 1, moves };
  },
});

/**
 * x [groups..., N, spatial..., I] convolved with w; shapes are checked already. `sizes` are those of `padded`;
 * `arrange` is done to it and to x (axes behind the spatial ones), so that only x itself lies there in memory.
 */
export function convolve(
  x: Tensor,
  w: Tensor,
  sizes: Shape,
  geometry: Geometry,
  arrange = (t: Tensor): Tensor => t,
): Tensor {
  const { groups, starts, steps } = geometry;
  const { shape } = x.node;
  const first = groups + 1;
  const whole = shape.map((d, axis) => sizes[axis - first] ?? d);
  const along = (list: readonly number[], otherwise: number): number[] =>
    shape.map((_, axis) => list[axis - first] ?? otherwise);
  const isPlain = starts.every((start) => start === 0) && steps.every((step) => step === 1);
  const margins = !isPlain || !sameShape(whole, shape);
  const arranged = arrange(x);
  const padded = margins ? arrange(dilatedPad(x, whole, along(starts, 0), along(steps, 1))) : arranged;
  return apply(convolution, [padded, w, arranged], geometry);
}

/** The gradient for x, of the given shape, of a convolution with w whose result has the gradient g. */
export function inputGradient(g: Tensor, w: Tensor, shape: Shape, geometry: Geometry): Tensor {
  const { strides, dilations, starts, steps, groups, depthwise } = geometry;
  const kernel = kernelSizes(geometry, w.node.shape);
  const axes = kernel.map((_, i) => kernelAxis(geometry, i));
  const turned = flip(w, axes);
  const rank = w.rank;
  const exchanged = depthwise > 0 ? turned : transpose(turned, [...axesUpTo(rank - 2), rank - 1, rank - 2]);
  const reach = kernel.map((size, i) => dilations[i]! * (size - 1));
  const sizes = reach.map((r, i) => (shape[groups + 1 + i]! - 1) * steps[i]! + r + 1);
  return convolve(g, exchanged, sizes, {
    ...geometry,
    strides: steps,
    steps: strides,
    starts: reach.map((r, i) => r - starts[i]!),
  });
}

/** The axis of a kernel that belongs to a spatial axis. */
const kernelAxis = ({ groups, depthwise }: Geometry, i: number): number => (depthwise > 0 ? i : groups + i);

const kernelSizes = (geometry: Geometry, w: Shape): Shape =>
  geometry.strides.map((_, i) => w[kernelAxis(geometry, i)]!);

/** The windows of `padded` as [..., places..., channels..., kernel...]. */
function windowsOf(v: View, { strides, dilations, groups }: Geometry, y: Shape, kernel: Shape): View {
  const first = groups + 1;
  const places = strides.length;
  return {
    shape: [
      ...v.shape.slice(0, first),
      ...y.slice(first, first + places),
      ...v.shape.slice(first + places),
      ...kernel,
    ],
    stride: [
      ...v.stride.map((s, axis) => s * (strides[axis - first] ?? 1)),
      ...dilations.map((d, i) => v.stride[first + i]! * d),
    ],
    offset: v.offset,
  };
}

/** The view with one axis moved to the end. */
function lastAfter({ shape, stride, offset }: View, axis: number): View {
  const move = <T>(list: readonly T[]): T[] => [...list.filter((_, i) => i !== axis), list[axis]!];
  return { shape: move(shape), stride: move(stride), offset };
}

function sumOfProducts(b: LoweringBuilder, first: (v: View) => View, second: (v: View) => View): Primitive {
  return b.reduce('sum', binary('mul', b.input(0, first), b.input(1, second)));
}
