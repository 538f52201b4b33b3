import { element } from '../dom.ts';

/** The colors of positive and negative values, from 0 to 255. */
export interface SignColors {
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** Says what the colors of values mean. Its styles have the colors, which follow the light and dark scheme. */
export class Legend {
  readonly element: HTMLElement;
  readonly #positive = element('span', { className: 'swatch positive' });
  readonly #negative = element('span', { className: 'swatch negative' });

  constructor(positive: string, negative: string) {
    this.element = element(
      'p',
      { className: 'legend muted' },
      element('span', {}, this.#positive, positive),
      element('span', {}, this.#negative, negative),
    );
  }

  get colors(): SignColors {
    return { positive: colorOf(this.#positive), negative: colorOf(this.#negative) };
  }
}

/** Calls the function whenever the user's scheme changes between light and dark. */
export function onSchemeChange(callback: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', callback);
}

/** The text color of an element, as the browser has computed it: rgb(1, 2, 3). */
const colorOf = (element: Element): number[] =>
  (getComputedStyle(element).color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
