import { element } from '../dom.ts';
import type { SignColors } from './colors.ts';
import type { LayerOutput } from './recognizer.ts';

/** Pictures of the same size. */
export interface Pictures {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** The value at a place of a picture. */
  at(picture: number, row: number, column: number): number;
}

/** One picture, row by row. */
export const onePicture = (values: ArrayLike<number>, columns: number): Pictures => ({
  count: 1,
  rows: Math.ceil(values.length / columns),
  columns,
  at: (_picture, row, column) => values[row * columns + column] ?? 0,
});

/** A picture of each channel of an image; of another output one picture. */
export function picturesOf({ shape, values }: LayerOutput): Pictures {
  const [rows = 1, columns = 1, channels] = shape;
  if (channels === undefined) return onePicture(values, shape.length === 2 ? columns : Math.min(32, rows));
  return {
    count: channels,
    rows,
    columns,
    at: (picture, row, column) => values[(row * columns + column) * channels + picture]!,
  };
}

/** Shows pictures side by side. The further a value is from 0, the stronger its color. */
export class PictureRow {
  readonly element: HTMLElement = element('div', { className: 'pictures', role: 'img' });
  #canvases: readonly HTMLCanvasElement[] = [];

  /**
   * @param text says what the pictures are.
   * @param pixel the width of a pixel of the pictures on the page.
   */
  show(pictures: Pictures, text: string, pixel: number, colors: SignColors): void {
    const { count, rows, columns } = pictures;
    this.element.ariaLabel = text;
    if (this.#canvases.length !== count) {
      this.#canvases = Array.from({ length: count }, () => element('canvas'));
      this.element.replaceChildren(...this.#canvases);
    }
    let largest = 0;
    for (let p = 0; p < count; p++)
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) largest = Math.max(largest, Math.abs(pictures.at(p, r, c)));
    this.#canvases.forEach((canvas, p) => {
      canvas.style.width = `calc(var(--picture-scale, 1) * ${columns * pixel}px)`;
      if (canvas.width !== columns) canvas.width = columns;
      if (canvas.height !== rows) canvas.height = rows;
      paint(canvas, pictures, p, largest, colors);
    });
  }
}

function paint(
  canvas: HTMLCanvasElement,
  { rows, columns, at }: Pictures,
  picture: number,
  largest: number,
  { positive, negative }: SignColors,
): void {
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = at(picture, row, column);
      // Zeros are transparent, so that the page's background shows in light and dark.
      const opacity = largest === 0 ? 0 : (255 * Math.abs(value)) / largest;
      const [red = 0, green = 0, blue = 0] = value < 0 ? negative : positive;
      image.data.set([red, green, blue, opacity], 4 * (row * columns + column));
    }
  }
  context.putImageData(image, 0, 0);
}
