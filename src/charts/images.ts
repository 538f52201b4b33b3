import { checkCount, readOptions, refusal } from '../ir/arguments.ts';
import type { PageElement } from '../util/host-types.ts';
import { openFrame } from './frame.ts';

/** Images in one array: such as `{ data: await x.data(), shape: x.shape }`. */
export interface ImageArray {
  readonly data: ArrayLike<number>;
  /** [count, rows, columns], or [count, rows, columns, channels] with 1 (gray), 3 (RGB) or 4 (RGBA) channels. */
  readonly shape: readonly number[];
}

export interface ImageChartOptions {
  /** Above the images; none by default. */
  readonly title?: string;
  /** A text for each image; none by default. */
  readonly labels?: readonly string[];
  /** The value that is shown as black; 0 by default. */
  readonly black?: number;
  /** The value that is shown as white; 1 by default, 255 for bytes. */
  readonly white?: number;
  /** The width of an image in CSS pixels; 56 by default. */
  readonly size?: number;
}

const STYLE = `
.images { display: flex; flex-wrap: wrap; gap: 8px; }
figure { margin: 0; }
canvas { display: block; border-radius: 4px; image-rendering: pixelated; outline: 1px solid var(--grid); }
figcaption { color: var(--muted); text-align: center; font-size: 12px; padding-top: 2px; }
`;

/**
 * Shows images, with values from `black` to `white`.
 *
 * @param element is filled with the images; call the function again to show others.
 */
export function imageChart(element: PageElement, images: ImageArray, options?: ImageChartOptions): void {
  checkCount('imageChart', arguments.length, 3);
  const { data, shape } = Object(images) as Partial<ImageArray>;
  if (typeof data?.length !== 'number' || !Array.isArray(shape) || (shape.length !== 3 && shape.length !== 4))
    throw refusal('imageChart', 'images', images, '{ data, shape: [count, rows, columns, channels] }');
  const [count, rows, columns, channels = 1] = shape as number[];
  if (![1, 3, 4].includes(channels) || data.length !== count! * rows! * columns! * channels)
    throw refusal(
      'imageChart',
      `shape [${shape.join(', ')}] for ${data.length} values of data,`,
      images,
      'count * rows * columns * channels values, with 1, 3 or 4 channels',
    );
  const bytes = Object.prototype.toString.call(data).startsWith('[object Uint8');
  const { title, labels, black, white, size } = readOptions('imageChart', options, {
    title: '',
    labels: undefined,
    black: 0,
    white: bytes ? 255 : 1,
    size: 56,
  });
  if (labels !== undefined && (!Array.isArray(labels) || labels.length !== count))
    throw refusal('imageChart', 'labels', labels, `an array of ${count} texts`);
  if (!(black !== white && Number.isFinite(size) && size > 0))
    throw refusal(
      'imageChart',
      `black ${black}, white ${white} and size`,
      size,
      'different values and a size above 0',
    );
  const frame = openFrame('imageChart', element, title, STYLE);
  frame.body.className = 'images';
  frame.describe(
    `${count} images of ${columns} x ${rows} pixels${labels === undefined ? '' : `: ${labels.join(', ')}`}`,
  );
  const document = frame.body.ownerDocument;
  for (let image = 0; image < count!; image++) {
    const canvas = document.createElement('canvas');
    canvas.width = columns!;
    canvas.height = rows!;
    canvas.style.width = `${size}px`;
    const context = canvas.getContext('2d')!;
    const pixels = context.createImageData(columns!, rows!);
    for (let p = 0; p < rows! * columns!; p++) {
      const at = (image * rows! * columns! + p) * channels;
      for (let c = 0; c < 4; c++) {
        const value = c === 3 && channels < 4 ? white : data[at + (channels === 1 ? 0 : c)]!;
        pixels.data[p * 4 + c] = Math.round((255 * (value - black)) / (white - black));
      }
    }
    context.putImageData(pixels, 0, 0);
    const figure = document.createElement('figure');
    figure.append(canvas);
    if (labels !== undefined) {
      const caption = document.createElement('figcaption');
      caption.textContent = labels[image]!;
      figure.append(caption);
    }
    frame.body.append(figure);
  }
}
