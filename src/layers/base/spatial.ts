import { describe } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { shapeError, showPartial } from './errors.ts';
import type { Layer } from './layer.ts';
import type { PartialShape } from './shapes.ts';

// Helpers of layers with spatial axes: [N, length, channels], [N, height, width, channels] and [N, depth, height, width,
// channels].

/** The shape with names for its axes, channels last: `[N, height, width, 32]`. */
export function layout(spatial: number, channels: number | string = 'channels'): string {
  return `[${['N', ...(spatial === 1 ? ['length'] : ['depth', 'height', 'width'].slice(-spatial)), channels].join(', ')}]`;
}

/** @throws ShapeError if the shape has not `spatial` axes between the batch axis and the channels. */
export function checkRank(layer: Layer, shape: PartialShape, spatial: number): void {
  if (shape.length === spatial + 2) return;
  throw shapeError(
    layer,
    `input ${showPartial(shape)} does not fit ${layout(spatial)}. A Reshape layer or expandDims adds an axis.`,
  );
}

/** The known part of the shape after a layer that keeps the channels and changes the spatial axes. */
export function resized(shape: PartialShape | null, spatial: number): PartialShape {
  return [shape?.[0] ?? null, ...new Array<null>(spatial).fill(null), shape?.at(-1) ?? null];
}

/** @throws ValueError unless n, such as a number of channels, is a whole number from 1 up. */
export function checkPositive(layer: Layer, name: string, n: number): void {
  if (Number.isInteger(n) && n >= 1) return;
  throw new ValueError(`[${layer.type}] got ${name} ${describe(n)}, wanted a whole number from 1 up.`);
}
