import * as Plot from '@observablehq/plot';
import { count, plural } from './format.ts';
import { enumerate, type Html, html } from './html.ts';
import type { ReportModel } from './input.ts';
import { chart, faint, heat, ink, muted } from './plot.ts';
import { className, longNames, type ReportView } from './view.ts';

/** Mistakes by class: one heat map per model, with a common scale for the cells off the diagonal. */
export function confusion(view: ReportView): Html {
  const { models, best } = view;
  const one = models.length === 1;
  const largest = Math.max(1, ...models.flatMap((model) => mistakes(model).map(({ n }) => n)));
  const common = mistakes(best)
    .sort((a, b) => b.n - a.n)
    .slice(0, 3)
    .filter(({ n }) => n > 0)
    .map(
      ({ truth, predicted, n }) =>
        html`${className(truth, view)} taken for ${className(predicted, view)} (${times(n)})`,
    );
  const lead =
    common.length === 0
      ? html`<b>${best.id}</b> made no mistake.`
      : html`The most frequent mistakes of <b>${best.id}</b>: ${enumerate(common)}.`;
  return html`<section id="confusion">
<h2>Confused classes</h2>
<p>${lead}</p>
<figure>
<figcaption><strong>${one ? 'Confusion matrix' : 'Confusion matrices'}.</strong> Rows
are true classes, columns predicted classes. The diagonal counts correct predictions; the shading shows only mistakes, on a
logarithmic scale${one ? '' : ', and the same in all matrices'}.</figcaption>
<div class="grid large">
${models.map(
  (model) => html`<div class="panel"><h3>${model.id} <small>${plural(total(model), 'error')}</small></h3>
${matrix(model, largest, view)}</div>
`,
)}
</div>
</figure>
</section>`;
}

function matrix(model: ReportModel, largest: number, view: ReportView): Html {
  const classes = view.input.dataset.classes;
  const names = longNames(view);
  const width = 328;
  const left = names ? 88 : 22;
  const side = (width - left) / classes.length;
  const height = side * classes.length + 28;
  const cells = model.confusion.flatMap((row, truth) => row.map((n, predicted) => ({ truth, predicted, n })));
  const right = cells.filter(({ truth, predicted }) => truth === predicted);
  const wrong = cells.filter(({ truth, predicted, n }) => truth !== predicted && n > 0);
  const place = { x: 'predicted', y: 'truth' } as const;
  const labels = classes.map((name, i) => ({
    i,
    row: names ? `${name} ${i}` : name,
    column: names ? String(i) : name,
  }));
  return chart(describe(model, view), {
    width,
    height,
    marginLeft: left,
    marginRight: 0,
    marginTop: 28,
    marginBottom: 0,
    x: { type: 'band', domain: classes.map((_, i) => i), padding: 0.04, axis: null },
    y: { type: 'band', domain: classes.map((_, i) => i), padding: 0.04, axis: null },
    marks: [
      Plot.text(['predicted'], { frameAnchor: 'top', dy: -26, fill: muted }),
      Plot.text(labels, { x: 'i', text: 'column', frameAnchor: 'top', dy: -11, fill: muted }),
      Plot.text(labels, { y: 'i', text: 'row', frameAnchor: 'left', textAnchor: 'end', dx: -6, fill: muted }),
      Plot.cell(cells, { ...place, fill: faint, fillOpacity: 0.3 }),
      Plot.cell(wrong, { ...place, fill: heat, fillOpacity: ({ n }: { n: number }) => shade(n, largest) }),
      Plot.text(right, {
        ...place,
        text: ({ n }: { n: number }) => String(n),
        fill: muted,
        fontSize: names ? 10 : 11,
      }),
      Plot.text(wrong, { ...place, text: ({ n }: { n: number }) => String(n), fill: ink }),
    ],
    opacity: { type: 'identity' },
  });
}

/** Opacity of a cell: one mistake is visible, and text is readable on the darkest cell. */
function shade(n: number, largest: number): number {
  return Number((0.16 + 0.6 * (Math.log(n) / Math.log(Math.max(largest, 2)))).toFixed(2));
}

function mistakes({ confusion }: ReportModel) {
  return confusion.flatMap((row, truth) =>
    row.flatMap((n, predicted) => (predicted === truth ? [] : [{ truth, predicted, n }])),
  );
}

function total(model: ReportModel): number {
  return mistakes(model).reduce((sum, { n }) => sum + n, 0);
}

function describe(model: ReportModel, view: ReportView): string {
  const most = mistakes(model)
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .slice(0, 5)
    .map(({ truth, predicted, n }) => `${className(truth, view)} for ${className(predicted, view)} ${n}`);
  const list = most.length > 0 ? `; most often ${most.join(', ')}` : '';
  return `Confusion matrix of ${model.id}: ${count(total(model))} mistakes${list}`;
}

function times(n: number): string {
  return n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`;
}
