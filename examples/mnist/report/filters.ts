import { plural } from './format.ts';
import { type Html, html } from './html.ts';
import type { FirstLayer } from './input.ts';
import { filterImages, signedPicture } from './pictures.ts';
import type { ReportView } from './view.ts';

/** The most filters that are shown: three rows for a dense layer, all of the usual convolutions. */
const most = { dense: 24, convolution: 64 };

/** The weights of the first layers as pictures. */
export function filters({ input }: ReportView): Html | undefined {
  const layers = input.firstLayers ?? [];
  if (layers.length === 0) return undefined;
  return html`<section id="filters">
<h2>Weights of the first layers</h2>
<p>Weights from one image to one unit each: <span class="key positive">positive</span>,
where ink increases the value of the unit, and <span class="key negative">negative</span>, where it decreases it. Each model
has its own scale.</p>
${layers.map(layerFigure)}
</section>`;
}

function layerFigure(layer: FirstLayer): Html {
  const dense = layer.shape.length === 2;
  const { images, width, height, units } = filterImages(layer, dense ? most.dense : most.convolution);
  const sizes = images.flatMap((image) => Array.from(image, Math.abs)).sort((a, b) => a - b);
  // The 99.5 % quantile, so that a single large weight does not fade the others.
  const limit = sizes[Math.floor(0.995 * (sizes.length - 1))]! || 1;
  const what = dense ? plural(units, 'unit') : `${plural(units, 'filter')} of ${height} × ${width}`;
  const shown = images.length < units ? `, the first ${images.length}` : '';
  return html`<figure>
<figcaption><strong>${layer.model}.</strong> ${what}${shown}. Full color at ± ${limit.toPrecision(2)}.</figcaption>
<ul class="filters ${dense ? 'dense' : 'convolution'}">
${images.map((image, i) => {
  const name = layer.names?.[i];
  const alt = `${layer.model}, weights of ${name ?? `unit ${i}`}`;
  const src = signedPicture(image, width, height, limit);
  return html`<li><img src="${src}" width="${width}" height="${height}" alt="${alt}">${name && html`<small>${name}</small>`}</li>
`;
})}
</ul>
</figure>`;
}
