import { encode } from 'fast-png';
import { ValueError } from 'ndgrad';
import type { FirstLayer } from './input.ts';

/** A picture of bytes as a data URL, 0 white and 255 black. */
export function inkPicture(pixels: Uint8Array, width: number, height: number): string {
  return dataUrl(encode({ width, height, data: pixels.map((p) => 255 - p), channels: 1, depth: 8 }, best));
}

/**
 * A picture of signed numbers as a data URL: blue above zero, orange below, opaque at +-`limit` and transparent at zero, so
 * that the background is the middle of the color scale in light and dark mode.
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
  return dataUrl(encode({ width, height, data, channels: 1, depth: 8, palette }, best));
}

/** The weights of at most `most` units as images (rows x columns, row-major), their size, and the number of all units. */
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

/** From orange over transparent to blue. The largest alpha is 254, since fast-png drops entries of 255. */
const palette = Array.from({ length: 2 * steps + 1 }, (_, i) => [
  ...(i < steps ? orange : blue),
  Math.round((254 * Math.abs(i - steps)) / steps),
]);

const best = { zlib: { level: 9 } } as const;

function dataUrl(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
