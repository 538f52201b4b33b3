import * as Plot from '@observablehq/plot';
import { percent, plural, shortPercent } from './format.ts';
import { type Html, html } from './html.ts';
import type { ReportModel } from './input.ts';
import { accent, chart, faint, muted, second } from './plot.ts';
import { type LogScale, logScale, plotScale } from './scales.ts';
import type { ReportView } from './view.ts';

const width = 168;
const height = 138;
const frame = { left: 38, right: width - 8, top: 8, bottom: height - 24 };

interface Series {
  readonly training: readonly number[];
  readonly validation: readonly number[];
}

/** Error rates and losses by epoch: one small chart per model, with a common vertical axis. */
export function curves(view: ReportView): Html | undefined {
  const rates = panels(view, 'accuracy', (accuracy) => 1 - accuracy);
  const losses = panels(view, 'loss', (loss) => loss);
  if (rates.length + losses.length === 0) return undefined;
  const all = [...rates, ...losses];
  const both = all.some(({ series }) => series.validation.length > 0);
  const only = all.every(({ series }) => series.training.length > 0) ? 'the training images' : 'their images';
  const key = both
    ? html`<span class="key training">training</span> and <span class="key validation">validation</span> images`
    : html`<span class="key training">${only}</span>`;
  return html`<section id="curves">
<h2>Learning curves</h2>
<p>On ${key}, by epoch. Training figures are means over an epoch, with the Dropout and the
augmentation of the model, so they may be worse than the validation figures.</p>
${grid('Error rate.', 'Logarithmic, with one axis for all models.', rates, shortPercent, view.floor)}
${grid('Loss.', 'The same for the cross-entropy.', losses, (loss) => String(loss), 1e-6)}
</section>`;
}

function panels({ models }: ReportView, name: string, value: (of: number) => number) {
  return models.flatMap((model) => {
    const series = {
      training: (model.history[name] ?? []).map(value),
      validation: (model.history[`val_${name}`] ?? []).map(value),
    };
    return [...series.training, ...series.validation].some(Number.isFinite) ? [{ model, series }] : [];
  });
}

function grid(
  title: string,
  note: string,
  panels: readonly { model: ReportModel; series: Series }[],
  format: (value: number) => string,
  floor: number,
): Html | undefined {
  if (panels.length === 0) return undefined;
  const values = panels.flatMap(({ series }) => [...series.training, ...series.validation]);
  const scale = logScale(values.filter(Number.isFinite), [frame.bottom, frame.top], {
    most: 5,
    floor,
    pad: 0.05,
  });
  return html`<figure>
<figcaption><strong>${title}</strong> ${note}</figcaption>
<div class="grid small">
${panels.map(
  ({
    model,
    series,
  }) => html`<div class="panel"><h3>${model.id}</h3>${panel(model.id, title, series, scale, format)}</div>
`,
)}
</div>
</figure>`;
}

function panel(
  id: string,
  title: string,
  series: Series,
  scale: LogScale,
  format: (value: number) => string,
): Html {
  const epochs = Math.max(series.training.length, series.validation.length);
  const lines = [
    { name: 'training', values: series.training, stroke: second, dash: '3,2' },
    { name: 'validation', values: series.validation, stroke: accent, dash: undefined },
  ].filter(({ values }) => values.some(Number.isFinite));
  const spoken = lines.map(({ name, values }) => {
    const last = values.at(-1)!;
    return `${name} ${format === shortPercent ? percent(last) : last.toFixed(4)}`;
  });
  return chart(
    `${id}, ${title.toLowerCase().replace('.', '')} after ${plural(epochs, 'epoch')}: ${spoken.join(', ')}`,
    {
      width,
      height,
      marginLeft: frame.left,
      marginRight: width - frame.right,
      marginTop: frame.top,
      marginBottom: height - frame.bottom,
      x: { domain: epochs > 1 ? [1, epochs] : [0.5, 1.5], axis: null },
      y: plotScale(scale),
      marks: [
        Plot.ruleY(scale.ticks, { stroke: faint }),
        Plot.text(scale.ticks, {
          y: (t: number) => t,
          text: format,
          frameAnchor: 'left',
          textAnchor: 'end',
          dx: -5,
          fill: muted,
        }),
        epochs > 1
          ? Plot.text([1, epochs], {
              x: (e: number) => e,
              text: String,
              frameAnchor: 'bottom',
              dy: 18,
              fill: muted,
            })
          : null,
        Plot.text([epochs > 1 ? 'epoch' : 'epoch 1'], { frameAnchor: 'bottom', dy: 18, fill: muted }),
        ...lines.flatMap(({ values, stroke, dash }) => {
          const points = values.map((value, i) => ({
            epoch: i + 1,
            value: Number.isNaN(value) ? value : scale.clamp(value),
          }));
          return [
            Plot.line(points, { x: 'epoch', y: 'value', stroke, ...(dash ? { strokeDasharray: dash } : {}) }),
            Plot.dot(points.slice(-1), { x: 'epoch', y: 'value', r: 2.5, fill: stroke }),
          ];
        }),
      ],
    },
  );
}
