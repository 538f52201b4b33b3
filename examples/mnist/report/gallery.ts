import { count, probability } from './format.ts';
import { type Html, html } from './html.ts';
import type { MisclassifiedImage } from './input.ts';
import { inkPicture } from './pictures.ts';
import { className, longNames, type ReportView } from './view.ts';

/** The number of images that are visible before the list is opened. */
const first = 60;

/** The misclassified test images of a model, by descending probability of the predicted class. */
export function gallery(view: ReportView): Html | undefined {
  const { misclassified, models } = view.input;
  if (misclassified === undefined || misclassified.images.length === 0) return undefined;
  const { model: id, images } = misclassified;
  const confusion = models.find((model) => model.id === id)!.confusion;
  const wrong = confusion.flatMap((row, truth) => row.filter((_, predicted) => predicted !== truth));
  const total = wrong.reduce((sum, n) => sum + n, 0);
  const shown = [...images].sort((a, b) => b.predictedProbability - a.predictedProbability);
  const which =
    shown.length < total
      ? `${shown.length} of ${count(total)} misclassified images`
      : 'All misclassified images';
  return html`<section id="misclassified">
<h2>Mistakes of ${id}</h2>
<p>${which}, those with the highest probability of the wrong class first. Below each image: the true class and, in
color, the predicted class, with their probabilities, and the number of the image in the test set.</p>
${list(shown.slice(0, first), view)}
${
  shown.length > first
    ? html`<details><summary>${count(shown.length - first)} more</summary>${list(shown.slice(first), view)}</details>`
    : undefined
}
</section>`;
}

function list(images: readonly MisclassifiedImage[], view: ReportView): Html {
  return html`<ul class="gallery${longNames(view) ? ' named' : ''}">
${images.map((image) => item(image, view))}
</ul>`;
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
