import * as Plot from '@observablehq/plot';
import {
  duration,
  count as grouped,
  interval,
  meanCount,
  percent,
  plural,
  points,
  range,
  shortPoints,
} from './format.ts';
import { type Html, html } from './html.ts';
import type { Estimate, PublishedResult, ReportInput, ReportModel } from './input.ts';
import { accent, chart, faint, ink, muted } from './plot.ts';
import { type LogScale, logScale, plotScale } from './scales.ts';
import { errorInterval, errors, type ReportView } from './view.ts';

const width = 196;

/** The title with the main result, and the figures of the best model. */
export function summary(view: ReportView): Html {
  const { input, models, best } = view;
  const { dataset } = input;
  const modes = { quick: 'Quick run', default: 'Default run', full: 'Full run' };
  const single = best.runs.length === 1;
  const among =
    models.length === 1 ? ', trained' : `: the most accurate of ${plural(models.length, 'model')}, trained`;
  return html`<header>
<p class="kicker">${dataset.name} · ${modes[input.mode]} · ${seedList(input.seeds)}</p>
<h1><b>${best.id}</b> gets <b>${percent(best.accuracy.mean)}</b> of the ${dataset.name} test images right
<span>(95 % interval ${range(best.interval)})</span></h1>
<p class="lead">${capital(best.about)}${among} on ${plural(dataset.trainingImages, 'image')}${validationNote(dataset.validationImages)},
and tested on ${grouped(dataset.testImages)} others. Training took ${duration(input.trainingSeconds)} in total.${drawingLink(input)}</p>
<dl class="figures">
<div><dt>Errors</dt><dd>${meanCount(errors(best, view))} <small>in ${grouped(dataset.testImages)}</small></dd></div>
<div><dt>Macro F1</dt><dd>${best.macroF1.mean.toFixed(4)}</dd></div>
<div><dt>Parameters</dt><dd>${grouped(best.parameters)}</dd></div>
<div><dt>Training time</dt><dd>${duration(best.trainingSeconds)}${single ? '' : html` <small>per run</small>`}</dd></div>
</dl>
</header>`;
}

const drawingLink = ({ drawingPage }: ReportInput): Html | undefined =>
  drawingPage === undefined ? undefined : html` <a href="${drawingPage}">Draw digits for it</a>.`;

/** The table that compares the models, with their intervals on a common axis. */
export function resultTable(view: ReportView): Html {
  const { input, models } = view;
  const published = input.published ?? [];
  const rates = [
    ...models.flatMap((model) => [...errorInterval(model), ...model.runs.map((run) => 1 - run.accuracy)]),
    ...published.map(({ accuracy }) => 1 - accuracy),
  ];
  const scale = logScale(rates, [width - 8, 8], { most: 6, floor: view.floor });
  const several = models.some(({ runs }) => runs.length > 1);
  const note = several
    ? 'Means over the seeds, ± the standard deviation. '
    : `One run${models.length > 1 ? ' each' : ''}, so every number depends on chance. `;
  return html`<section id="results">
<h2>Results</h2>
<p>${note}The dot is the error rate, on a logarithmic axis with the better to the right; the bar is Wilson’s
95 % interval for ${plural(input.dataset.testImages, 'test image')}${several ? ', the ticks below are the single runs' : ''}.</p>
<table class="results" role="table">
<thead role="rowgroup"><tr role="row">
<th scope="col" role="columnheader">Model</th><th scope="col" role="columnheader" class="range"><span class="sr">Error rate</span>${axis(scale)}</th>
<th scope="col" role="columnheader">Errors</th><th scope="col" role="columnheader">Accuracy,&nbsp;% <small>95 % interval</small></th>
<th scope="col" role="columnheader">Macro&nbsp;F1</th><th scope="col" role="columnheader">Loss</th>
</tr></thead>
<tbody role="rowgroup">
${models.map((model) => row(model, scale, view))}
</tbody>
${
  published.length > 0
    ? html`<tbody class="published" role="rowgroup">
<tr role="row"><th role="rowheader" colspan="6" scope="rowgroup">Published by others</th></tr>
${published.map((result) => publishedRow(result, scale, view))}
</tbody>`
    : undefined
}
</table>
${
  models.length > 1
    ? html`<p class="note">The best model is chosen by its accuracy on these test images, which is therefore slightly optimistic.</p>`
    : undefined
}
${
  several
    ? html`<p class="note">The sections below show the first run of each model (tests, curves, confusion, classes, images,
weights).</p>`
    : undefined
}
</section>`;
}

function row(model: ReportModel, scale: LogScale, view: ReportView): Html {
  const rate = 1 - model.accuracy.mean;
  const best = model === view.best;
  const label = `${model.id}: error rate ${percent(rate)}, 95 % interval ${range(errorInterval(model))}`;
  const color = best ? accent : ink;
  const [low, high] = errorInterval(model);
  const bar = rangeBar(label, scale, [
    Plot.ruleY([0], { x1: scale.clamp(low), x2: scale.clamp(high), stroke: color, strokeWidth: 2 }),
    model.runs.length > 1
      ? Plot.ruleX(model.runs, {
          x: (run: { accuracy: number }) => scale.clamp(1 - run.accuracy),
          y1: -0.9,
          y2: -0.45,
          stroke: color,
        })
      : null,
    Plot.dot([0], { x: scale.clamp(rate), y: 0, r: 4, fill: color }),
  ]);
  return html`<tr role="row"${best ? html` class="best"` : undefined}>
<th scope="row" role="rowheader">${model.id} <small>${model.about}</small></th>
<td role="cell" class="range">${bar}</td>
<td role="cell" data-label="Errors">${meanCount(errors(model, view))}</td>
<td role="cell" data-label="Accuracy, %">${estimate(model.accuracy, points)} <small class="below">${interval(model.interval)}</small></td>
<td role="cell" data-label="Macro F1" class="stacked">${estimate(model.macroF1, (value) => value.toFixed(4))}</td>
<td role="cell" data-label="Loss" class="stacked">${estimate(model.loss, (value) => value.toFixed(4))}</td>
</tr>
`;
}

function publishedRow(result: PublishedResult, scale: LogScale, view: ReportView): Html {
  const rate = 1 - result.accuracy;
  const label = `${result.name}: error rate ${percent(rate)}`;
  const bar = rangeBar(label, scale, [
    Plot.dot([0], { x: scale.clamp(rate), y: 0, r: 3.5, stroke: muted, strokeWidth: 1.5 }),
  ]);
  const source = result.source === undefined ? undefined : html` (${link(result.source, result.url)})`;
  return html`<tr role="row">
<th scope="row" role="rowheader">${result.name} <small>${result.about}${source}</small></th>
<td role="cell" class="range">${bar}</td>
<td role="cell" data-label="Errors">${meanCount(tenths(rate * view.input.dataset.testImages))}</td>
<td role="cell" data-label="Accuracy, %">${estimate({ mean: result.accuracy, deviation: result.deviation }, points)}</td>
<td role="cell" class="none">–</td>${
    result.loss === undefined
      ? html`<td role="cell" class="none">–</td>`
      : html`<td role="cell" data-label="Loss">${result.loss.toFixed(4)}</td>`
  }
</tr>
`;
}

/** A mean and its standard deviation in smaller type. */
export function estimate({ mean, deviation }: Estimate, format: (value: number) => string): Html {
  return html`${format(mean)}${deviation === undefined ? undefined : html` <small>± ${format(deviation)}</small>`}`;
}

function rangeBar(label: string, scale: LogScale, marks: Plot.Markish[]): Html {
  return chart(label, {
    width,
    height: 26,
    margin: 0,
    x: plotScale(scale),
    y: { domain: [-1, 1], axis: null },
    marks: [Plot.ruleX(scale.ticks, { stroke: faint }), ...marks],
  });
}

function axis(scale: LogScale): Html {
  return chart('Axis of the error rates', {
    width,
    height: 32,
    margin: 0,
    x: plotScale(scale),
    marks: [
      Plot.text(['Error rate, %'], { frameAnchor: 'top-left', dy: 1 }),
      Plot.text(scale.ticks, { x: (t: number) => t, text: shortPoints, frameAnchor: 'bottom', dy: -2 }),
    ],
  });
}

/** A link if the address is http or https, else the text. */
function link(text: string, url: string | undefined): Html {
  return url !== undefined && /^https?:\/\//.test(url) ? html`<a href="${url}">${text}</a>` : html`${text}`;
}

/** `seeds 1, 2 and 3` */
export function seedList(seeds: readonly number[]): string {
  const last = seeds.at(-1);
  return seeds.length === 1 ? `seed ${last}` : `seeds ${seeds.slice(0, -1).join(', ')} and ${last}`;
}

function validationNote(images: number | undefined): string {
  return images === undefined ? '' : `, with ${grouped(images)} for validation`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function tenths(n: number): number {
  return Math.round(10 * n) / 10;
}
