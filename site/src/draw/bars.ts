import { element } from '../dom.ts';

/** The probabilities of the digits as bars. Each is a button that chooses its digit. */
export class Bars {
  readonly element: HTMLElement;
  readonly #rows: readonly Row[];

  constructor(onChoose: (digit: number) => void) {
    this.#rows = Array.from({ length: 10 }, (_, digit) => new Row(digit, onChoose));
    this.element = element(
      'ol',
      { className: 'bars', 'aria-label': 'Probabilities of the digits' },
      ...this.#rows.map((row) => element('li', {}, row.button)),
    );
  }

  /** @param probabilities null if there is no drawing. */
  show(probabilities: ArrayLike<number> | null, best: number | null, chosen: number | null): void {
    this.#rows.forEach((row, digit) => {
      row.show(probabilities?.[digit] ?? null, digit === best, digit === chosen);
    });
  }
}

class Row {
  readonly button: HTMLButtonElement;
  readonly #digit: number;
  readonly #fill = element('span', { className: 'fill' });
  readonly #percent = element('span', { className: 'percent' });

  constructor(digit: number, onChoose: (digit: number) => void) {
    this.#digit = digit;
    this.button = element(
      'button',
      { type: 'button', className: 'bar', title: `Show the gradient of ${digit}` },
      element('span', { className: 'digit' }, `${digit}`),
      element('span', { className: 'track' }, this.#fill),
      this.#percent,
    );
    this.button.addEventListener('click', () => onChoose(digit));
    this.show(null, false, false);
  }

  show(probability: number | null, isBest: boolean, isChosen: boolean): void {
    const percent = probability === null ? '' : `${(100 * probability).toFixed(1)} %`;
    this.#fill.style.width = `${100 * (probability ?? 0)}%`;
    this.#percent.textContent = percent;
    this.button.classList.toggle('best', isBest);
    this.button.ariaPressed = String(isChosen);
    this.button.ariaLabel = `${this.#digit}: ${percent || 'no drawing'}`;
  }
}
