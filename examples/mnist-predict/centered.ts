/** Ink at each pixel, from 0 to 1, row by row. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/** The side of an MNIST image, and of the square into which the digit is scaled. */
const SIDE = 28;
const DIGIT = 20;

/** Below this share of the darkest ink a pixel counts as paper. */
const PAPER = 0.2;

/**
 * An image as MNIST has them (LeCun et al. 1998): the digit scaled to fit into 20 x 20 pixels, with its center of mass at
 * pixel (14, 14), counted from 0, of 28 x 28 pixels; paper is 0, full ink 1.
 *
 * @throws Error if there is no digit.
 */
export function centered(image: Ink): Float32Array {
  const darkest = image.values.reduce((most, value) => Math.max(most, value), 0);
  if (darkest < 0.1) throw new Error('got an empty image, wanted a digit on paper of another color');
  const ink = image.values.map((value) => (value < PAPER * darkest ? 0 : value / darkest));
  const { left, top, width, height } = boxOf(ink, image.width);
  const scale = Math.max(width, height) / DIGIT;
  const columns = Math.max(1, Math.round(width / scale));
  const rows = Math.max(1, Math.round(height / scale));
  const small = new Float64Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const column = [left + (x * width) / columns, left + ((x + 1) * width) / columns] as const;
      const row = [top + (y * height) / rows, top + ((y + 1) * height) / rows] as const;
      small[y * columns + x] = meanOver(ink, image.width, column, row);
    }
  }
  let [mass, massX, massY] = [0, 0, 0];
  small.forEach((value, i) => {
    mass += value;
    massX += value * (i % columns);
    massY += value * Math.floor(i / columns);
  });
  const shift = (center: number): number => Math.round(SIDE / 2 - center / mass);
  const [dx, dy] = [shift(massX), shift(massY)];
  const result = new Float32Array(SIDE * SIDE);
  small.forEach((value, i) => {
    const [x, y] = [(i % columns) + dx, Math.floor(i / columns) + dy];
    if (x >= 0 && x < SIDE && y >= 0 && y < SIDE) result[y * SIDE + x] = value;
  });
  return result;
}

/** The smallest rectangle that contains all ink. */
function boxOf(ink: Float64Array, width: number) {
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  ink.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

type Range = readonly [from: number, to: number];

/** The mean over a rectangle with fractional edges. */
function meanOver(ink: Float64Array, width: number, [x0, x1]: Range, [y0, y1]: Range): number {
  let sum = 0;
  for (let y = Math.floor(y0); y < y1; y++) {
    const height = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.floor(x0); x < x1; x++)
      sum += ink[y * width + x]! * height * (Math.min(x + 1, x1) - Math.max(x, x0));
  }
  return sum / ((x1 - x0) * (y1 - y0));
}
