import { checkCount, readOptions, refusal } from '../ir/arguments.ts';
import type { BatchLogs, Callback } from '../train/callbacks/callback.ts';
import type { PageElement } from '../util/host-types.ts';
import { openFrame, SERIES, short } from './frame.ts';
import { type Line, LinePlot, PLOT_STYLE } from './line-plot.ts';

export interface ResultChartOptions {
  /** Above the chart; 'Loss' or 'Metrics' by default, '' for none. */
  readonly title?: string;
  /** The height of the plot in pixels; 240 by default. */
  readonly height?: number;
}

/**
 * A callback that draws the loss during training: that of each batch, and those of training and validation after each epoch. Many batches are drawn
 * as means. For `fit` on the page and for `trainInWorker`.
 *
 * @param element is filled with the chart.
 */
export function lossChart(element: PageElement, options?: ResultChartOptions): Callback {
  checkCount('lossChart', arguments.length, 2);
  const read = readOptions('lossChart', options, { title: 'Loss', height: 240 });
  return resultChart('lossChart', element, read, (name) => /^(val_)?loss$/.test(name), true);
}

/**
 * A callback that draws the metrics of training and validation after each epoch. For `fit` on the page and for `trainInWorker`.
 *
 * @param element is filled with the chart.
 */
export function metricsChart(element: PageElement, options?: ResultChartOptions): Callback {
  checkCount('metricsChart', arguments.length, 2);
  const read = readOptions('metricsChart', options, { title: 'Metrics', height: 240 });
  return resultChart(
    'metricsChart',
    element,
    read,
    (name) => !/^((val_)?loss|learningRate)$/.test(name),
    false,
  );
}

type Read = { readonly title: string; readonly height: number };

function resultChart(
  operation: string,
  element: PageElement,
  { title, height }: Read,
  isShown: (name: string) => boolean,
  showsBatches: boolean,
): Callback {
  if (!(Number.isFinite(height) && height >= 60))
    throw refusal(operation, 'height', height, 'a number of at least 60');
  const frame = openFrame(operation, element, title, PLOT_STYLE);
  frame.describe('no results yet');
  let curves = new Curves();
  let plot: LinePlot | null = null;
  const show = async (): Promise<void> => {
    plot ??= await LinePlot.open(operation, frame, { height, xLabel: 'epoch' });
    plot.show(curves.lines(), curves.columns());
  };
  const callback: Callback = {
    async onTrainBegin() {
      curves = new Curves();
    },
    async onEpochEnd({ epoch, results }, { epochs }) {
      const shown = Object.entries(results).filter(([name]) => isShown(name));
      curves.addEpoch(epoch + 1, shown);
      const text = shown.map(([name, value]) => `${name} ${short(value)}`);
      frame.describe(`${text.join(', ')} after epoch ${epoch + 1} of ${epochs}`);
      await show();
    },
  };
  if (!showsBatches) return callback;
  return {
    ...callback,
    lazyResults: true,
    async onBatchEnd(logs) {
      curves.addBatch(logs);
      await show();
    },
  };
}

/** More points of batches than this are merged in pairs. */
const MOST_POINTS = 1024;

/** The values of batches and epochs over the number of epochs so far. */
class Curves {
  #batches: (readonly [x: number, loss: number])[] = [];
  /** How many batches a point is the mean of, and those of the next point. */
  #perPoint = 1;
  #next: [x: number, loss: number][] = [];
  readonly #epochs: number[] = [];
  readonly #results = new Map<string, Map<number, number>>();
  /** Batches of an epoch, where `fit` does not know it: those of the epoch before. */
  #known = 0;

  addBatch({ epoch, batch, batches, loss }: BatchLogs): void {
    this.#known = batches ?? Math.max(this.#known, batch + 1);
    this.#next.push([epoch + (batch + 1) / this.#known, loss]);
    if (this.#next.length < this.#perPoint) return;
    this.#batches.push(meanPoint(this.#next));
    this.#next = [];
    if (this.#batches.length < MOST_POINTS) return;
    this.#batches = this.#batches.flatMap((point, i, all) =>
      i % 2 === 0 ? [meanPoint([point, all[i + 1]!])] : [],
    );
    this.#perPoint *= 2;
  }

  addEpoch(x: number, results: readonly (readonly [name: string, value: number])[]): void {
    this.#epochs.push(x);
    for (const [name, value] of results) {
      if (!this.#results.has(name)) this.#results.set(name, new Map());
      this.#results.get(name)!.set(x, value);
    }
  }

  /** Training and validation of one result have neighboring colors of the palette. */
  lines(): Line[] {
    const lines = [...this.#results.keys()].map((label, i) => ({ label, color: SERIES[i % SERIES.length]! }));
    return this.#batches.length === 0 ? lines : [{ label: 'batch', color: SERIES[0], thin: true }, ...lines];
  }

  columns(): (number | null)[][] {
    const batches = new Map(this.#batches);
    const xs = [...new Set([...batches.keys(), ...this.#epochs])].sort((a, b) => a - b);
    const series = [...(this.#batches.length === 0 ? [] : [batches]), ...this.#results.values()];
    return [xs, ...series.map((values) => xs.map((x) => finite(values.get(x))))];
  }
}

const meanPoint = (points: readonly (readonly [x: number, y: number])[]): [x: number, y: number] => [
  points.at(-1)![0],
  points.reduce((sum, [, y]) => sum + y, 0) / points.length,
];

/** Gaps where there is no number. */
const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
