import { element } from '../dom.ts';
import type { SignColors } from './colors.ts';
import { PictureRow, type Pictures, picturesOf } from './pictures.ts';
import type { LayerOutput } from './recognizer.ts';

/** More channels than this are not shown. */
const MOST = 64;

/** The outputs of all layers as pictures. */
export class LayerViews {
  readonly element = element('div', { className: 'stack' });
  #views: { readonly caption: HTMLElement; readonly row: PictureRow }[] = [];

  show(layers: readonly LayerOutput[], colors: SignColors): void {
    if (this.#views.length !== layers.length) {
      this.#views = layers.map(() => ({ caption: element('figcaption'), row: new PictureRow() }));
      const figures = this.#views.map(({ caption, row }) => element('figure', {}, caption, row.element));
      this.element.replaceChildren(...figures);
    }
    layers.forEach((layer, i) => {
      const { caption, row } = this.#views[i]!;
      const all = picturesOf(layer);
      const pictures = { ...all, count: Math.min(all.count, MOST) };
      const size = describeSize(layer, all.count);
      caption.replaceChildren(element('b', {}, layer.type), ` ${size}`);
      row.show(pictures, `Output of layer ${i + 1}, ${layer.type}: ${size}`, pixelOf(all), colors);
    });
  }
}

/** The width of a pixel: small pictures and short rows are enlarged. */
function pixelOf({ count, columns }: Pictures): number {
  if (count > 1) return Math.max(2, Math.round(56 / columns));
  return columns <= 16 ? 20 : 9;
}

function describeSize({ shape, values }: LayerOutput, count: number): string {
  if (shape.length < 3) return `${values.length} numbers`;
  const shown = count > MOST ? `the first ${MOST} of ${count}` : `${count}`;
  return `${shown} pictures of ${shape[0]} × ${shape[1]}`;
}
