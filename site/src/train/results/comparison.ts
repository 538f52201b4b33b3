import { button, element } from '../../dom.ts';
import { LineChart } from '../../line-chart.ts';
import { type Configuration, defaults, toTexts } from '../configuration.ts';

/** The accuracy of a run after each epoch. */
interface RecordedRun {
  readonly title: string;
  /** The seconds from the beginning of training to the end of each epoch. */
  readonly seconds: number[];
  readonly accuracy: number[];
}

const KEY = 'playground-runs';
const MOST = 6;
const COLORS = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6'];

/** The latest runs in one chart. They are kept when the page is loaded again. */
export class Comparison {
  readonly root: HTMLElement;
  readonly #chart = new LineChart('epoch');
  readonly #legend = element('p', { className: 'muted' });
  #runs: RecordedRun[] = read();

  constructor() {
    this.root = element(
      'section',
      { className: 'card stack' },
      element(
        'div',
        { className: 'row between' },
        element('h3', {}, 'Comparison of runs'),
        button('Clear', () => this.#clear(), 'plain'),
      ),
      this.#legend,
      this.#chart.root,
    );
    this.#show();
  }

  /** A run begins. Epochs that it has done before the page was loaded again are added one by one, too. */
  begin(configuration: Configuration): void {
    const title = titleOf(configuration);
    // The same configuration gives the same line.
    const others = this.#runs.filter((run) => run.title !== title && run.accuracy.length > 0);
    this.#runs = [...others.slice(1 - MOST), { title, seconds: [], accuracy: [] }];
  }

  addEpoch(accuracy: number, seconds: number): void {
    const run = this.#runs.at(-1)!;
    run.accuracy.push(accuracy);
    run.seconds.push((run.seconds.at(-1) ?? 0) + seconds);
    localStorage.setItem(KEY, JSON.stringify(this.#runs));
    this.#show();
  }

  #clear(): void {
    this.#runs = [];
    localStorage.removeItem(KEY);
    this.#show();
  }

  #show(): void {
    const shown = this.#runs.filter(({ accuracy }) => accuracy.length > 0);
    this.root.hidden = shown.length === 0;
    this.#legend.textContent = 'Accuracy on the test digits after each epoch.';
    const lines = shown.map(({ title, accuracy, seconds }, i) => ({
      label: `${title} (${seconds.at(-1)!.toFixed(1)} s)`,
      color: COLORS[i]!,
      x: accuracy.map((_, epoch) => epoch + 1),
      y: accuracy,
    }));
    const texts = shown.map(({ title, accuracy }) => `${title}: ${(100 * accuracy.at(-1)!).toFixed(2)} %`);
    this.#chart.show(lines, `Accuracy of runs. ${texts.join('; ')}`);
  }
}

/** What is special about a configuration. */
function titleOf(configuration: Configuration): string {
  const texts = Object.entries(toTexts(configuration, defaults)).filter(([, text]) => text !== null);
  if (texts.length === 0) return 'defaults';
  return texts.map(([name, text]) => `${name} ${text || 'none'}`).join(', ');
}

function read(): RecordedRun[] {
  try {
    const runs: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(runs) ? runs : [];
  } catch {
    return [];
  }
}
