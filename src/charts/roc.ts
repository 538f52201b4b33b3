import { checkCount, readOptions, refusal } from '../ir/arguments.ts';
import type { PageElement } from '../util/host-types.ts';
import { openFrame, short } from './frame.ts';
import { LinePlot, PLOT_STYLE } from './line-plot.ts';

/** What `rocCurve` of `ndgrad/metrics` returns. */
export interface RocLike {
  readonly falsePositiveRate: ArrayLike<number>;
  readonly truePositiveRate: ArrayLike<number>;
}

export interface RocChartOptions {
  /** Above the chart; 'ROC' by default, '' for none. */
  readonly title?: string;
  /** The height of the plot in pixels; 260 by default. */
  readonly height?: number;
}

/**
 * Draws a ROC curve with the line of random guesses, and the area under it.
 *
 *     await rocChart(element, rocCurve(labels, scores));
 *
 * @param element is filled with the chart; call the function again to draw another one.
 */
export async function rocChart(
  element: PageElement,
  curve: RocLike,
  options?: RocChartOptions,
): Promise<void> {
  checkCount('rocChart', arguments.length, 3);
  const { title, height } = readOptions('rocChart', options, { title: 'ROC', height: 260 });
  if (!(Number.isFinite(height) && height >= 60))
    throw refusal('rocChart', 'height', height, 'a number of at least 60');
  const { falsePositiveRate: fpr, truePositiveRate: tpr } = Object(curve) as Partial<RocLike>;
  if (typeof fpr?.length !== 'number' || fpr.length < 2 || tpr?.length !== fpr.length)
    throw refusal('rocChart', 'curve', curve, 'what rocCurve of ndgrad/metrics returns');
  let area = 0;
  for (let i = 1; i < fpr.length; i++) area += ((fpr[i]! - fpr[i - 1]!) * (tpr[i]! + tpr[i - 1]!)) / 2;
  const heading = title === '' ? '' : `${title}, area ${short(area)}`;
  const frame = openFrame('rocChart', element, heading, PLOT_STYLE);
  frame.describe(`true positive rate over false positive rate; the area under the curve is ${short(area)}`);
  const plot = await LinePlot.open('rocChart', frame, {
    height,
    xLabel: 'false positive rate',
    unitSquare: true,
  });
  const x = Array.from(fpr);
  plot.show(
    [
      { label: 'true positive rate', color: 'blue' },
      { label: 'random', color: 'muted', dash: [4, 4] },
    ],
    [x, Array.from(tpr), x],
  );
}
