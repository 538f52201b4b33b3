import * as Plot from '@observablehq/plot';
import { count, duration, percent, shortCount, shortPercent } from './format.ts';
import { enumerate, type Html, html } from './html.ts';
import type { ReportModel } from './input.ts';
import { type Box, placeLabels } from './labels.ts';
import { accent, chart, faint, figure, ink, muted, responsive } from './plot.ts';
import { logScale, plotScale, timeTicks } from './scales.ts';
import { errorInterval, type ReportView } from './view.ts';

/** A model or a published result as a point. */
interface Spot {
  readonly id: string;
  readonly cost: number;
  readonly rate: number;
  readonly interval?: readonly [number, number];
  readonly kind: 'best' | 'model' | 'published';
}

/** Accuracy against the number of parameters and against training time. */
export function cost(view: ReportView): Html {
  const { models, input } = view;
  const spots = (of: (model: ReportModel) => number): Spot[] =>
    models.map((model) => ({
      id: model.id,
      cost: of(model),
      rate: 1 - model.accuracy.mean,
      interval: errorInterval(model),
      kind: model === view.best ? 'best' : 'model',
    }));
  const published = (input.published ?? []).flatMap(({ name, parameters, accuracy }): Spot[] =>
    parameters === undefined ? [] : [{ id: name, cost: parameters, rate: 1 - accuracy, kind: 'published' }],
  );
  const sizes = [...spots(({ parameters }) => parameters), ...published];
  const times = spots(({ trainingSeconds }) => Math.max(trainingSeconds, 1e-3));
  const rings = published.length > 0 ? html` Rings are published results.` : undefined;
  const bySize = () =>
    figure(
      'Accuracy against parameters.',
      html`Both axes are logarithmic, the vertical one in the error rate. The line joins the models that are more
accurate than all smaller ones; bars are 95 % intervals.${rings}`,
      responsive((width) => scatter(width, sizes, 'parameters', view)),
    );
  const byTime = () =>
    figure(
      'Accuracy against training time.',
      html`Of one run. The line joins the models that are more accurate than all faster ones.`,
      responsive((width) => scatter(width, times, 'time', view)),
    );
  return html`<section id="cost">
<h2>${models.length > 1 ? 'Accuracy and cost' : 'Cost'}</h2>
${models.length > 1 ? html`<p>${frontier(spots(({ parameters }) => parameters))}</p>` : undefined}
${sizes.length > 1 ? bySize() : undefined}
${times.length > 1 ? byTime() : undefined}
${costTable(view)}
</section>`;
}

function scatter(width: number, spots: readonly Spot[], unit: 'parameters' | 'time', view: ReportView): Html {
  const height = width < 400 ? 300 : 340;
  const frame = { left: 46, right: width - 48, top: 22, bottom: height - 38 };
  const x = logScale(
    spots.map((spot) => spot.cost),
    [frame.left, frame.right],
    { most: width < 400 ? 5 : 8, pad: 0.1, ...(unit === 'time' ? { candidates: timeTicks } : {}) },
  );
  const y = logScale(
    spots.flatMap(({ rate, interval }) => [rate, ...(interval ?? [])]),
    [frame.top, frame.bottom],
    { most: 8, floor: view.floor },
  );
  const color = ({ kind }: Spot) => ({ best: accent, model: ink, published: muted })[kind];
  const points = spots.map((spot) => ({ ...spot, x: spot.cost, y: y.clamp(spot.rate) }));
  const best = front(points.filter(({ kind }) => kind !== 'published'));
  const at = (spot: Spot) => ({ x: x.apply(spot.cost), y: y.apply(spot.rate) });
  const whisker = ({ cost, interval }: Spot) => {
    if (interval === undefined) return [];
    const ends = interval.map(y.apply);
    const middle = x.apply(cost);
    return [{ left: middle - 1, right: middle + 1, top: Math.min(...ends), bottom: Math.max(...ends) }];
  };
  const labels = placeLabels(
    spots.map(({ id, cost, rate }) => ({ x: x.apply(cost), y: y.apply(rate), text: id })),
    frame,
    [...steps(best.map(at)), ...points.flatMap(whisker)],
  ).map((placed, i) => ({ ...placed, spot: spots[i]! }));
  const title = unit === 'time' ? 'training time' : 'parameters';
  const summaries = spots.map(
    ({ id, cost, rate }) =>
      `${id}: ${percent(1 - rate)} with ${unit === 'time' ? duration(cost) : `${count(cost)} parameters`}`,
  );
  return chart(`Accuracy against ${title}. ${summaries.join('; ')}.`, {
    width,
    height,
    marginLeft: frame.left,
    marginRight: width - frame.right,
    marginTop: frame.top,
    marginBottom: height - frame.bottom,
    x: plotScale(x),
    y: plotScale(y),
    marks: [
      Plot.ruleY(y.ticks, { stroke: faint }),
      Plot.ruleX(x.ticks, { stroke: faint, strokeOpacity: 0.6 }),
      Plot.text(y.ticks, {
        y: (t: number) => t,
        text: shortPercent,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -6,
        fill: muted,
      }),
      Plot.text(y.ticks, {
        y: (t: number) => t,
        text: (t: number) => shortPercent(1 - t),
        frameAnchor: 'right',
        textAnchor: 'start',
        dx: 6,
        fill: muted,
      }),
      Plot.text(['error'], { frameAnchor: 'top-left', textAnchor: 'end', dx: -6, dy: -18, fill: muted }),
      Plot.text(['accuracy'], { frameAnchor: 'top-right', textAnchor: 'end', dx: 46, dy: -18, fill: muted }),
      Plot.text(x.ticks, {
        x: (t: number) => t,
        text: unit === 'time' ? tickDuration : shortCount,
        frameAnchor: 'bottom',
        dy: 16,
        fill: muted,
      }),
      Plot.text([title], { frameAnchor: 'bottom-right', dy: 34, fill: muted }),
      Plot.line(best, {
        x: 'x',
        y: 'y',
        curve: 'step-after',
        stroke: accent,
        strokeOpacity: 0.45,
        strokeWidth: 1.5,
      }),
      Plot.ruleX(
        points.filter(({ interval }) => interval),
        {
          x: 'x',
          y1: (p: Spot) => y.clamp(p.interval![0]),
          y2: (p: Spot) => y.clamp(p.interval![1]),
          stroke: color,
          strokeWidth: 1.5,
          strokeOpacity: 0.6,
        },
      ),
      Plot.dot(
        points.filter(({ kind }) => kind !== 'published'),
        { x: 'x', y: 'y', r: 4, fill: color, stroke: 'var(--paper)', strokeWidth: 1 },
      ),
      Plot.dot(
        points.filter(({ kind }) => kind === 'published'),
        { x: 'x', y: 'y', r: 3.5, stroke: muted, fill: 'var(--paper)', strokeWidth: 1.5 },
      ),
      Plot.link(
        labels.filter(({ leader }) => leader),
        {
          x1: (l: { x: number }) => x.invert(l.x),
          y1: (l: { y: number }) => y.invert(l.y),
          x2: (l: { labelX: number }) => x.invert(l.labelX),
          y2: (l: { labelY: number }) => y.invert(l.labelY),
          stroke: muted,
          strokeOpacity: 0.5,
        },
      ),
      ...(['start', 'middle', 'end'] as const).map((anchor) =>
        Plot.text(
          labels.filter((l) => l.anchor === anchor),
          {
            x: (l: { labelX: number }) => x.invert(l.labelX),
            y: (l: { labelY: number }) => y.invert(l.labelY),
            text: 'text',
            textAnchor: anchor,
            fill: (l: { spot: Spot }) => color(l.spot),
            stroke: 'var(--paper)',
            strokeWidth: 3,
          },
        ),
      ),
    ],
  });
}

/** The boxes that a step line covers. */
function steps(corners: readonly { x: number; y: number }[]): Box[] {
  return corners.slice(1).flatMap(({ x, y }, i) => {
    const from = corners[i]!;
    return [
      { left: from.x, right: x, top: from.y - 1, bottom: from.y + 1 },
      { left: x - 1, right: x + 1, top: y, bottom: from.y },
    ];
  });
}

/** The Pareto front: the points that are better than all of lower or equal cost, cheapest first. */
function front<P extends Pick<Spot, 'cost' | 'rate'>>(spots: readonly P[]): P[] {
  const found: P[] = [];
  for (const spot of [...spots].sort((a, b) => a.cost - b.cost || a.rate - b.rate)) {
    const last = found.at(-1);
    if (last === undefined || spot.rate < last.rate) found.push(spot);
  }
  return found;
}

function frontier(spots: readonly Spot[]): Html {
  const ids = front(spots).map(({ id }) => html`<b>${id}</b>`);
  const beaten = spots.length - ids.length;
  if (beaten === 0) return html`Every model is more accurate than all smaller ones.`;
  if (ids.length === 1) return html`${ids[0]} is the most accurate, and no other is smaller.`;
  return html`${enumerate(ids)} are the most accurate for their size: for each of the other models there is a
more accurate one with no more parameters.`;
}

function costTable({ models }: ReportView): Html {
  const to99 = models.some(({ secondsTo99 }) => secondsTo99 !== undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="What each model costs"><table>
<thead><tr><th scope="col">Model</th><th scope="col">Parameters</th><th scope="col">Epochs</th>
<th scope="col">Time per epoch</th><th scope="col">Training time</th>
${to99 ? html`<th scope="col">Time to 99 %</th>` : undefined}</tr></thead>
<tbody>
${models.map(
  (
    model,
  ) => html`<tr><th scope="row">${model.id}</th><td>${count(model.parameters)}</td><td>${model.epochs}</td>
<td>${duration(model.secondsPerEpoch)}</td><td>${duration(model.trainingSeconds)}</td>
${to99 ? html`<td>${model.secondsTo99 === undefined ? '–' : duration(model.secondsTo99)}</td>` : undefined}</tr>
`,
)}
</tbody></table></div>
${to99 ? html`<p class="note">Time to 99 %: training time until the validation accuracy was 99 %.</p>` : undefined}`;
}

function tickDuration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
}
