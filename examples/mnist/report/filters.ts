import { plural } from './format.ts';
import { type Html, html } from './html.ts';
import type { FirstLayer } from './input.ts';
import { filterImages, signedPicture } from './pictures.ts';
import type { ReportView } from './view.ts';

/** As many filters of a dense layer as stand in three rows; all of the usual convolutions. */
const most = { dense: 24, convolution: 64 };

/** The first layers' weights as pictures. */
export function filters({ input }: ReportView): Html | undefined {
  const layers = input.firstLayers ?? [];
  if (layers.length === 0) return undefined;
  return html`<section id="filters">
<h2>What the first layers look for</h2>
<p>Weights from one image to one unit each: <span class="key positive">positive</span>,
where ink speaks for the unit, and <span class="key negative">negative</span>, where it speaks against it. Each model has
a scale of its own.</p>
${layers.map(layerFigure)}
</section>`;
}

function layerFigure(layer: FirstLayer): Html {
  const dense = layer.shape.length === 2;
  const { images, width, height, units } = filterImages(layer, dense ? most.dense : most.convolution);
  const sizes = images.flatMap((image) => Array.from(image, Math.abs)).sort((a, b) => a - b);
  // Not the largest of all: one weight would pale the others.
  const limit = sizes[Math.floor(0.995 * (sizes.length - 1))]! || 1;
  const what = dense ? plural(units, 'unit') : `${plural(units, 'filter')} of ${height} × ${width}`;
  const some = images.length < units ? `, the first ${images.length}` : '';
  return html`<figure>
<figcaption><strong>${layer.model}.</strong> ${what}${some}. Full colour at ± ${limit.toPrecision(2)}.</figcaption>
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
