import { button, element } from '../../dom.ts';
import type { Report } from '../reports.ts';

type Times = Extract<Report, { kind: 'kernel times' }>;

/** The plan of a training, and the times of its kernels when the user wants to see them. */
export class PlanView {
  readonly root: HTMLElement;
  readonly #measure: HTMLButtonElement;
  readonly #note = element('p', { className: 'muted', role: 'status' });
  readonly #table = element('div', { className: 'scroll' });
  readonly #plan = element('pre');

  /** @param onMeasure asks for the times of kernels. */
  constructor(onMeasure: () => void) {
    this.#measure = button('Measure the kernels', () => {
      this.#note.textContent = 'Measuring 20 training steps …';
      onMeasure();
    });
    this.root = element(
      'details',
      { className: 'card' },
      element('summary', {}, 'The plan: the kernels that are compiled for the network, and their times'),
      element(
        'div',
        { className: 'stack' },
        element('div', { className: 'row' }, this.#measure, this.#note),
        this.#table,
        this.#plan,
      ),
    );
    this.allow(false);
  }

  /** Kernels are measured in the steps of a training. */
  allow(isTraining: boolean): void {
    this.#measure.disabled = !isTraining;
    if (this.#table.childElementCount === 0)
      this.#note.textContent = isTraining ? '' : 'Kernels can be measured while training runs.';
  }

  /** Shows the plan of a forward pass, until kernels are measured. */
  begin(plan: string): void {
    this.#plan.textContent = plan;
    this.#table.replaceChildren();
    this.#note.textContent = '';
  }

  show({ plan, kernels }: Times): void {
    const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    this.#plan.textContent = plan;
    this.#note.textContent = `A training step has ${kernels.length} kernels, which take ${total.toFixed(2)} ms.`;
    const rows = kernels.map(({ name, shape, milliseconds }) =>
      element(
        'tr',
        {},
        element('td', {}, name),
        element('td', {}, shape.join(' × ')),
        element('td', { className: 'number' }, milliseconds.toFixed(3)),
        element(
          'td',
          {},
          element('meter', { max: total, value: milliseconds, 'aria-label': `Share of ${name}` }),
        ),
      ),
    );
    const head = ['Kernel', 'Loop', 'ms', 'Share'].map((text) => element('th', { scope: 'col' }, text));
    this.#table.replaceChildren(
      element(
        'table',
        { className: 'kernels' },
        element('thead', {}, element('tr', {}, ...head)),
        element('tbody', {}, ...rows),
      ),
    );
  }
}
