import { encode } from 'fast-png';
import { ValueError } from 'ndgrad';
import type { FirstLayer } from './input.ts';

/** A picture of bytes, 0 white and 255 black, as a data address. */
export function inkPicture(pixels: Uint8Array, width: number, height: number): string {
  return address(encode({ width, height, data: pixels.map((p) => 255 - p), channels: 1, depth: 8 }, best));
}

/**
 * A picture of numbers around zero, as a data address: blue above zero and orange below, full at +-`limit`,
 * transparent at zero, so that the page is the middle of the scale in light and in dark.
 */
export function signedPicture(
  values: ArrayLike<number>,
  width: number,
  height: number,
  limit: number,
): string {
  const data = Uint8Array.from(
    values,
    (v) => steps + Math.round(steps * Math.max(-1, Math.min(1, v / limit))),
  );
  return address(encode({ width, height, data, channels: 1, depth: 8, palette }, best));
}

/** The weights of each unit as rows x columns, row-major, at most `most` units; with the size of all. */
export function filterImages(layer: FirstLayer, most: number) {
  const { shape, values, model } = layer;
  const units = shape.at(-1)!;
  const [height, width] = shape.length === 4 ? [shape[0], shape[1]] : [28, 28];
  if (values.length !== shape.reduce((product, size) => product * size, 1)) {
    throw new ValueError(
      `[report] got ${values.length} weights of ${model}, wanted [${shape.join(', ')}]. ` +
        'Give all values of the first layer, row-major.',
    );
  }
  const images = Array.from({ length: Math.min(units, most) }, (_, unit) =>
    Float32Array.from({ length: height * width }, (_, pixel) => values[pixel * units + unit]!),
  );
  return { images, width, height, units };
}

const steps = 16;
const blue = [40, 110, 200] as const;
const orange = [225, 110, 20] as const;

/** Orange, transparent, blue; the greatest alpha is 254 because fast-png drops entries of 255. */
const palette = Array.from({ length: 2 * steps + 1 }, (_, i) => [
  ...(i < steps ? orange : blue),
  Math.round((254 * Math.abs(i - steps)) / steps),
]);

const best = { zlib: { level: 9 } } as const;

function address(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
