import { centered, type Ink } from '../../../examples/mnist-predict/centered.ts';
import type { Point, Stroke } from './strokes.ts';

/** The size of a digit in the images of MNIST, and the usual width of its lines, in pixels. */
const DIGIT = 20;
const LINE = 2.6;

/** Points of the fine image, along one axis, for each pixel of the digit. */
const FINE = 5;

/** The drawing as an image of MNIST, 28 x 28 values from 0 to 1; null if there is none. */
export function imageOf(strokes: readonly Stroke[]): Float32Array | null {
  return strokes.length === 0 ? null : centered(inkOf(strokes));
}

/**
 * Fine ink with smooth edges. The width of the line follows the size of the digit, so that small and large digits get the lines
 * of MNIST.
 */
export function inkOf(strokes: readonly Stroke[]): Ink {
  const points = strokes.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 1e-3);
  const scale = (FINE * (DIGIT - LINE)) / size;
  const radius = (FINE * LINE) / 2;
  const margin = radius + 1;
  const place = ([x, y]: Point): Point => [(x - left) * scale + margin, (y - top) * scale + margin];
  const extent = (values: readonly number[], least: number): number =>
    Math.ceil((Math.max(...values) - least) * scale + 2 * margin);
  const [width, height] = [extent(xs, left), extent(ys, top)];
  const values = new Float64Array(width * height);
  for (const stroke of strokes) {
    const placed = stroke.map(place);
    placed.forEach((to, i) => {
      addLine({ width, height, values }, placed[Math.max(0, i - 1)]!, to, radius);
    });
  }
  return { width, height, values };
}

/** Adds a line with round ends. Ink falls from 1 to 0 over one point at the edge. */
function addLine({ width, height, values }: Ink, [x0, y0]: Point, [x1, y1]: Point, radius: number): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy;
  const reach = radius + 1;
  const bottom = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + reach));
  const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + reach));
  for (let y = Math.max(0, Math.floor(Math.min(y0, y1) - reach)); y <= bottom; y++) {
    for (let x = Math.max(0, Math.floor(Math.min(x0, x1) - reach)); x <= right; x++) {
      const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
      const along = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.min(1, Math.max(0, radius + 0.5 - distance));
      values[y * width + x] = Math.max(values[y * width + x]!, ink);
    }
  }
}
