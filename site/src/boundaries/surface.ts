import { element } from '../dom.ts';
import { SIDE } from './messages.ts';
import { EXTENT } from './problem.ts';

/** Blue for class 0, orange for class 1: red, green, blue. */
const COLORS = [
  [37, 99, 235],
  [234, 128, 12],
] as const;

/** A canvas with one color for each pixel of values from -1 (class 0) to 1 (class 1); 0 is transparent. */
export function paintValues(canvas: HTMLCanvasElement, valueAt: (pixel: number) => number): void {
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(SIDE, SIDE);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const value = valueAt(pixel);
    const [red, green, blue] = COLORS[value > 0 ? 1 : 0];
    image.data.set([red, green, blue, 190 * Math.min(Math.abs(value), 1)], pixel * 4);
  }
  context.putImageData(image, 0, 0);
}

/** The points of a problem over the decision surface of a network. */
export class Surface {
  readonly root: HTMLElement;
  readonly #field = element('canvas', { className: 'field-of-values' });
  readonly #points = element('canvas', { className: 'points' });

  constructor() {
    this.root = element(
      'div',
      { className: 'surface', role: 'img', 'aria-label': 'The points' },
      this.#field,
      this.#points,
    );
  }

  describe(text: string): void {
    this.root.ariaLabel = text;
  }

  /** @param probability of class 1 at each pixel. */
  show(probability: Float32Array): void {
    paintValues(this.#field, (pixel) => 2 * probability[pixel]! - 1);
  }

  showPoints(x: Float32Array, y: Int32Array): void {
    const size = 900;
    this.#field.width = SIDE; // clears it
    this.#points.width = this.#points.height = size;
    const context = this.#points.getContext('2d')!;
    const place = (value: number): number => ((value + EXTENT) / (2 * EXTENT)) * size;
    context.lineWidth = 2.5;
    context.strokeStyle = '#fff';
    y.forEach((label, i) => {
      context.beginPath();
      const [across, down] = [place(x[2 * i]!), place(-x[2 * i + 1]!)];
      // A shape for each class, since not everybody tells the colors apart.
      if (label === 0) context.arc(across, down, 8, 0, 2 * Math.PI);
      else context.rect(across - 7, down - 7, 14, 14);
      context.fillStyle = `rgb(${COLORS[label as 0 | 1].join(' ')})`;
      context.fill();
      context.stroke();
    });
  }
}
