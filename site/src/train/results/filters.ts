import type { ImageArray } from 'ndgrad/charts';

/** How many filters are shown. */
const SHOWN = 32;

/** Blue pixels speak for a unit, orange ones against it. */
const POSITIVE = [37, 99, 235];
const NEGATIVE = [217, 119, 6];

/** The weights of the first layer as images: of [784, units] or [rows, columns, 1, filters]. Each is scaled by itself. */
export function filterImages(values: Float32Array, shape: readonly number[]): ImageArray {
  const units = shape.at(-1)!;
  const pixels = values.length / units;
  const side = Math.sqrt(pixels);
  const count = Math.min(units, SHOWN);
  const data = new Uint8Array(count * pixels * 3);
  for (let unit = 0; unit < count; unit++) {
    let largest = Number.MIN_VALUE;
    for (let p = 0; p < pixels; p++) largest = Math.max(largest, Math.abs(values[p * units + unit]!));
    for (let p = 0; p < pixels; p++) {
      const weight = values[p * units + unit]! / largest;
      const color = weight > 0 ? POSITIVE : NEGATIVE;
      for (let c = 0; c < 3; c++)
        data[(unit * pixels + p) * 3 + c] = 255 + Math.abs(weight) * (color[c]! - 255);
    }
  }
  return { data, shape: [count, side, side, 3] };
}
