import { button, element } from '../dom.ts';
import { Bars } from './bars.ts';
import { Legend, onSchemeChange } from './colors.ts';
import { imageOf } from './ink.ts';
import { LayerViews } from './layer-views.ts';
import { ModelMenu } from './model-menu.ts';
import { Pad } from './pad.ts';
import { onePicture, PictureRow } from './pictures.ts';
import type { Look, Recognizer } from './recognizer.ts';

const KEYS =
  'The arrow keys move the pen, with Shift less far. Space puts it down and lifts it. Backspace takes back a stroke, Delete clears ' +
  'the paper.';

/** The width of a pixel of the image on the page. */
const PIXEL = 6;

const blank = new Float32Array(784);

/** Paper, the answers of a network while one draws, and what its layers see. */
export class DrawView {
  readonly models = new ModelMenu((recognizer) => {
    this.#recognizer = recognizer;
    void this.#update(true);
  });
  readonly #pad = new Pad((isFinished) => void this.#update(isFinished));
  readonly #bars = new Bars((digit) => {
    this.#chosen = this.#chosen === digit ? null : digit;
    void this.#update(true);
  });
  readonly #undo = button('Undo', () => this.#pad.undo());
  readonly #clear = button('Clear', () => this.#pad.clear());
  readonly #answer = element('p', { className: 'answer', 'aria-hidden': 'true' });
  /** For screen readers: the answer after each stroke. */
  readonly #status = element('p', { className: 'visually-hidden', role: 'status' });
  readonly #input = new PictureRow();
  readonly #gradient = new PictureRow();
  readonly #gradientTitle = element('figcaption');
  readonly #layers = new LayerViews();
  readonly #legend = new Legend('positive', 'negative');
  readonly #gradientLegend = new Legend('ink raises it', 'ink lowers it');

  #recognizer: Recognizer | null = null;
  /** The digit whose gradient is shown; null is the most probable one. */
  #chosen: number | null = null;
  #shown: { readonly image: Float32Array | null; readonly look: Look | null } = { image: null, look: null };
  #isLooking = false;
  #isOutdated = false;
  #isUnannounced = false;

  constructor(root: HTMLElement) {
    root.classList.add('draw');
    root.append(
      element('h2', { className: 'visually-hidden' }, 'Draw a digit'),
      element(
        'div',
        { className: 'areas' },
        this.#padCard(),
        this.#resultsCard(),
        this.#menuCard(),
        this.#layersCard(),
      ),
    );
    onSchemeChange(() => this.#paint());
    void this.#update(true);
  }

  #padCard(): HTMLElement {
    return element(
      'div',
      { className: 'card stack area-pad' },
      this.#pad.element,
      element('div', { className: 'row' }, this.#undo, this.#clear),
      element(
        'details',
        { className: 'muted note' },
        element('summary', {}, 'By keyboard'),
        element('p', { id: Pad.keysId }, KEYS),
      ),
    );
  }

  #resultsCard(): HTMLElement {
    const input = element(
      'figure',
      {},
      element('figcaption', {}, 'What the network gets'),
      this.#input.element,
    );
    const gradient = element(
      'figure',
      {},
      this.#gradientTitle,
      this.#gradient.element,
      this.#gradientLegend.element,
      element('p', { className: 'muted note' }, 'Click a bar to see that of another digit.'),
    );
    return element(
      'div',
      { className: 'card results area-results' },
      this.#answer,
      this.#bars.element,
      this.#status,
      element('div', { className: 'views' }, input, gradient),
    );
  }

  #menuCard(): HTMLElement {
    return element('div', { className: 'card area-menu' }, this.models.element);
  }

  #layersCard(): HTMLElement {
    const title = element('h3', {}, 'What each layer sees');
    return element(
      'div',
      { className: 'card stack area-layers' },
      element('div', { className: 'row' }, title, this.#legend.element),
      this.#layers.element,
    );
  }

  /** Computes what belongs to the drawing and shows it. Drawings that come meanwhile replace each other. */
  async #update(isFinished: boolean): Promise<void> {
    this.#undo.disabled = !this.#pad.canUndo;
    this.#clear.disabled = this.#pad.strokes.length === 0;
    this.#isUnannounced ||= isFinished;
    this.#isOutdated = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isOutdated) {
        this.#isOutdated = false;
        const image = imageOf(this.#pad.strokes);
        const look = await this.#recognizer?.look(image ?? blank, this.#chosen);
        this.#shown = { image, look: look ?? null };
        this.#show();
      }
    } finally {
      this.#isLooking = false;
    }
  }

  #show(): void {
    const { image, look } = this.#shown;
    const probabilities = image === null || look === null ? null : look.probabilities;
    const best = probabilities === null ? null : look!.best;
    const percent = best === null ? '' : `${(100 * probabilities![best]!).toFixed(1)} %`;
    this.#bars.show(probabilities, best, this.#chosen);
    this.#answer.replaceChildren(element('b', {}, best === null ? '?' : `${best}`), ` ${percent}`);
    if (this.#isUnannounced && !this.#isOutdated) {
      this.#isUnannounced = false;
      this.#status.textContent = best === null ? 'No drawing' : `${best}, ${percent}`;
    }
    this.#paint();
  }

  #paint(): void {
    const { image, look } = this.#shown;
    const colors = this.#legend.colors;
    this.#pad.paint();
    this.#input.show(onePicture(image ?? blank, 28), 'The drawing in 28 x 28 pixels', PIXEL, colors);
    if (look === null) return;
    const digit = this.#chosen ?? look.best;
    const gradient = image === null ? blank : look.gradient;
    this.#gradientTitle.textContent = image === null ? 'Gradient' : `Gradient of ${digit}`;
    this.#gradient.show(
      onePicture(gradient, 28),
      `How each pixel changes the score of ${digit}`,
      PIXEL,
      colors,
    );
    this.#layers.show(look.layers, colors);
  }
}
