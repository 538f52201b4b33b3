import * as Plot from '@observablehq/plot';
import { type Html, html } from './html.ts';
import type { ReportModel } from './input.ts';
import { separateLabels } from './labels.ts';
import { accent, chart, faint, figure, ink, muted, responsive } from './plot.ts';
import { logScale, plotScale } from './scales.ts';
import { className, longNames, type ReportView } from './view.ts';

/** F1 of every class and model. */
export function classes(view: ReportView): Html {
  const { best, models } = view;
  const order = best.classes.map((_, i) => i).sort((a, b) => best.classes[a]!.f1 - best.classes[b]!.f1);
  const [hardest, easiest] = [order[0]!, order.at(-1)!];
  const f1 = (label: number) => best.classes[label]!.f1.toFixed(4);
  const others =
    models.length > 1 ? html` Gray: the other models. A thin line joins the points of one model.` : undefined;
  return html`<section id="classes">
<h2>Class by class</h2>
<p>Hardest for <b>${best.id}</b> is ${className(hardest, view)} (F1 ${f1(hardest)}), easiest
${className(easiest, view)} (${f1(easiest)}).</p>
${figure(
  'F1 of each class.',
  html`The axis is logarithmic in 1 − F1, the better to the right. In color: ${best.id}.${others}`,
  responsive((width) => dots(width, view)),
)}
<details${models.length === 1 ? html` open` : undefined}><summary>Precision, recall and F1 as numbers</summary>
${models.map((model) => scores(model, view))}
</details>
</section>`;
}

function dots(width: number, view: ReportView): Html {
  const { best, models, input } = view;
  const left = longNames(view) ? 88 : 52;
  const top = 92;
  const rows = ['macro', ...input.dataset.classes.keys()].map(String);
  const height = top + 24 * rows.length + 24;
  const macro = (model: ReportModel) =>
    model.classes.reduce((sum, { f1 }) => sum + f1, 0) / model.classes.length;
  const rests = models.flatMap((model) => [
    { model, row: 'macro', rest: 1 - macro(model) },
    ...model.classes.map(({ f1 }, i) => ({ model, row: String(i), rest: 1 - f1 })),
  ]);
  const scale = logScale(
    rests.map(({ rest }) => rest),
    [width - 16, left + 8],
    { most: width < 400 ? 5 : 8, floor: view.floor, pad: 0.03 },
  );
  const points = rests.map((point) => ({ ...point, rest: scale.clamp(point.rest) }));
  const behind = points.filter(({ model }) => model !== best);
  const front = points.filter(({ model }) => model === best);
  const heads = points.filter(({ row }) => row === 'macro');
  const names = separateLabels(
    heads.map(({ rest }) => scale.apply(rest)),
    13,
    [left + 6, width - 30],
  ).map((x, i) => ({
    x: scale.invert(x),
    id: heads[i]!.model.id,
    rest: heads[i]!.rest,
    best: heads[i]!.model === best,
  }));
  const label = `F1 of ${best.id} by class: ${best.classes.map(({ f1 }, i) => `${className(i, view)} ${f1.toFixed(4)}`).join(', ')}`;
  const rowName = (row: string) => (row === 'macro' ? 'mean' : className(Number(row), view));
  const nameColor = (name: { best: boolean }) => (name.best ? accent : ink);
  return chart(label, {
    width,
    height,
    marginLeft: left,
    marginRight: 8,
    marginTop: top,
    marginBottom: 24,
    x: plotScale(scale),
    y: { type: 'point', domain: rows, axis: null, padding: 0.5 },
    marks: [
      Plot.ruleX(scale.ticks, { stroke: faint, strokeOpacity: 0.6 }),
      Plot.ruleY(rows, { stroke: faint }),
      Plot.text(rows, {
        y: (row: string) => row,
        text: rowName,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -8,
      }),
      Plot.text(scale.ticks, {
        x: (t: number) => t,
        text: (t: number) => String(Number((1 - t).toPrecision(6))),
        frameAnchor: 'bottom',
        dy: 16,
        fill: muted,
      }),
      Plot.line(behind, {
        x: 'rest',
        y: 'row',
        z: ({ model }: { model: ReportModel }) => model.id,
        stroke: muted,
        strokeOpacity: 0.25,
        strokeWidth: 1,
      }),
      Plot.line(front, { x: 'rest', y: 'row', stroke: accent, strokeOpacity: 0.35, strokeWidth: 1 }),
      Plot.text(names, {
        x: 'x',
        text: 'id',
        frameAnchor: 'top',
        rotate: -50,
        textAnchor: 'start',
        dx: 2,
        dy: -8,
        fill: nameColor,
      }),
      Plot.dot(behind, { x: 'rest', y: 'row', r: 3.5, fill: muted, fillOpacity: 0.55 }),
      Plot.dot(front, { x: 'rest', y: 'row', r: 4.5, fill: accent, stroke: 'var(--paper)' }),
    ],
  });
}

function scores(model: ReportModel, view: ReportView): Html {
  const number = (value: number) => html`<td>${Number.isFinite(value) ? value.toFixed(4) : '–'}</td>`;
  return html`<table class="scores"><caption>${model.id}</caption>
<thead><tr><th scope="col">Class</th><th scope="col">Precision</th><th scope="col">Recall</th><th scope="col">F1</th></tr></thead>
<tbody>
${model.classes.map(
  (
    { precision, recall, f1 },
    i,
  ) => html`<tr><th scope="row">${className(i, view)}</th>${[precision, recall, f1].map(number)}</tr>
`,
)}
</tbody></table>`;
}
