import { count, probability } from './format.ts';
import { type Html, html } from './html.ts';
import type { MisclassifiedImage } from './input.ts';
import { inkPicture } from './pictures.ts';
import { className, longNames, type ReportView } from './view.ts';

const most = 60;

/** The test images that a model got wrong, those that it was surest of first. */
export function gallery(view: ReportView): Html | undefined {
  const { misclassified, models } = view.input;
  if (misclassified === undefined || misclassified.images.length === 0) return undefined;
  const { model: id, images } = misclassified;
  const confusion = models.find((model) => model.id === id)!.confusion;
  const wrong = confusion.flatMap((row, truth) => row.filter((_, predicted) => predicted !== truth));
  const total = wrong.reduce((sum, n) => sum + n, 0);
  const shown = [...images].sort((a, b) => b.predictedProbability - a.predictedProbability).slice(0, most);
  const which = shown.length < total ? `${shown.length} of ${count(total)}, the` : 'All of them, the';
  return html`<section id="misclassified">
<h2>What ${id} gets wrong</h2>
<p>${which} ones it was surest of first. Below each image stand what it shows and, in colour, what the model said, with
the probabilities that it gave them; then its number in the test set.</p>
<ul class="gallery${longNames(view) ? ' named' : ''}">
${shown.map((image) => item(image, view))}
</ul>
</section>`;
}

function item(image: MisclassifiedImage, view: ReportView): Html {
  const { pixels, index, label, predicted, predictedProbability, labelProbability } = image;
  const [truth, said] = [className(label, view), className(predicted, view)];
  const alt = `Test image ${index}: ${truth}, taken for ${said}`;
  return html`<li><img src="${inkPicture(pixels, 28, 28)}" width="28" height="28" alt="${alt}">
<span><b>${truth}</b> <span class="p">${probability(labelProbability)}</span></span>
<span class="said"><b>${said}</b> <span class="p">${probability(predictedProbability)}</span></span>
<small>№ ${index}</small></li>
`;
}
