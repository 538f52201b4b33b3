import { checkCount, readOptions, refusal } from '../ir/arguments.ts';
import type { Callback } from '../train/callbacks/callback.ts';
import { valuesOf } from '../train/callbacks/parameter-values.ts';
import type { PageElement } from '../util/host-types.ts';
import { openFrame, short } from './frame.ts';

export interface WeightsChartOptions {
  /** Above the chart; 'Weights' by default, '' for none. */
  readonly title?: string;
  /** The number of bins; 40 by default. */
  readonly bins?: number;
}

const WIDTH = 200;
const HEIGHT = 64;

const STYLE = `
.weights { display: grid; grid-template-columns: repeat(auto-fill, ${WIDTH}px); gap: 12px 20px; }
figure { margin: 0; }
canvas { display: block; }
figcaption { display: flex; justify-content: space-between; font-size: 12px; }
.range { display: flex; justify-content: space-between; font-size: 11px; color: var(--muted); border-top: 1px solid var(--grid); font-variant-numeric: tabular-nums; }
.size { color: var(--muted); }
`;

/**
 * A callback for `fit` or `trainInWorker` that draws a histogram of each Parameter after each epoch.
 *
 * @param element is filled with the histograms.
 */
export function weightsChart(element: PageElement, options?: WeightsChartOptions): Callback {
  checkCount('weightsChart', arguments.length, 2);
  const { title, bins } = readOptions('weightsChart', options, { title: 'Weights', bins: 40 });
  if (!Number.isSafeInteger(bins) || bins < 1)
    throw refusal('weightsChart', 'bins', bins, 'a whole number of at least 1');
  const frame = openFrame('weightsChart', element, title, STYLE);
  frame.body.className = 'weights';
  frame.describe('no weights yet');
  let shown: Histogram[] = [];
  const draw = (): void => {
    const figures = shown.map((histogram) =>
      figureOf(frame.body.ownerDocument, histogram, frame.color('blue')),
    );
    frame.body.replaceChildren(...figures);
  };
  frame.onChange(draw);
  return {
    async onEpochEnd({ epoch }, training) {
      const parameters = await (training.values?.() ?? valuesOf(training.model));
      shown = parameters.map(({ name, shape, values }) =>
        histogramOf(`${name} [${shape.join(', ')}]`, values, bins),
      );
      const text = shown.map(({ name, low, high }) => `${name} from ${short(low)} to ${short(high)}`);
      frame.describe(`after epoch ${epoch + 1}: ${text.join('; ')}`);
      draw();
    },
  };
}

interface Histogram {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

function histogramOf(name: string, values: ArrayLike<number>, bins: number): Histogram {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const counts = new Array<number>(bins).fill(0);
  const scale = high > low ? bins / (high - low) : 0;
  for (let i = 0; i < values.length; i++)
    counts[Math.min(bins - 1, Math.floor((values[i]! - low) * scale))]!++;
  return { name, low, high, counts };
}

function figureOf(document: Document, { name, low, high, counts }: Histogram, color: string): HTMLElement {
  const canvas = document.createElement('canvas');
  const ratio = globalThis.devicePixelRatio;
  canvas.width = WIDTH * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${WIDTH}px`;
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  context.fillStyle = color;
  const most = Math.max(...counts);
  const width = WIDTH / counts.length;
  counts.forEach((count, i) => {
    const height = (count / most) * (HEIGHT - 2);
    context.fillRect(i * width, HEIGHT - height, Math.max(width - 1, 0.5), height);
  });
  const figure = document.createElement('figure');
  const line = (kind: string, className: string, ...texts: string[]): HTMLElement => {
    const element = document.createElement(kind);
    element.className = className;
    for (const text of texts)
      element.append(Object.assign(document.createElement('span'), { textContent: text }));
    return element;
  };
  figure.append(line('figcaption', '', name), canvas, line('div', 'range', short(low), short(high)));
  return figure;
}
