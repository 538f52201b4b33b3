import type { ImageArray } from 'ndgrad/charts';
import type { Values } from '../reports.ts';

/** How many images are shown. */
const SHOWN = 32;

/** Positive values are blue, negative ones orange. */
const POSITIVE = [37, 99, 235];
const NEGATIVE = [217, 119, 6];

/**
 * Values as square images, one for each place along their last axis: weights [784, units], outputs [1, rows, columns, filters].
 *
 * @param scale by what values are divided: the largest value of each image, or of all images.
 */
export function signedImages({ data, shape }: Values, scale: 'each' | 'all'): ImageArray {
  const units = shape.at(-1)!;
  const pixels = data.length / units;
  const side = Math.sqrt(pixels);
  const count = Math.min(units, SHOWN);
  const largestOf = (unit: number): number => {
    let largest = Number.MIN_VALUE;
    for (let p = 0; p < pixels; p++) largest = Math.max(largest, Math.abs(data[p * units + unit]!));
    return largest;
  };
  const largest = Array.from({ length: count }, (_, unit) => largestOf(unit));
  if (scale === 'all') largest.fill(Math.max(...largest));
  const colors = new Uint8Array(count * pixels * 3);
  for (let unit = 0; unit < count; unit++) {
    for (let p = 0; p < pixels; p++) {
      const value = data[p * units + unit]! / largest[unit]!;
      const color = value > 0 ? POSITIVE : NEGATIVE;
      for (let c = 0; c < 3; c++)
        colors[(unit * pixels + p) * 3 + c] = 255 + Math.abs(value) * (color[c]! - 255);
    }
  }
  return { data: colors, shape: [count, side, side, 3] };
}
