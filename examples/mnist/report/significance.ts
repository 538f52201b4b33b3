import { plural, pValue } from './format.ts';
import { enumerate, type Html, html } from './html.ts';
import type { ReportModel } from './input.ts';
import type { ReportView } from './view.ts';

/**
 * Adjusts p-values by Holm's step-down method (Scand. J. Statist. 6, 1979). If hypotheses with adjusted p-values below a
 * level are rejected, the probability of one or more false rejections is below that level too.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = [...pValues];
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = largest;
  });
  return adjusted;
}

/** Which models differ significantly. */
export function significance({ input, models, best }: ReportView): Html | undefined {
  const { mcnemar } = input;
  if (mcnemar === undefined || models.length < 2) return undefined;
  const index = new Map(input.models.map((model, i) => [model, i]));
  const raw = (a: ReportModel, b: ReportModel) => mcnemar[index.get(a)!]![index.get(b)!]!;
  const pairs = models.flatMap((a, i) => models.slice(0, i).map((b) => ({ a, b })));
  const adjusted = holm(pairs.map(({ a, b }) => raw(a, b)));
  const p = (a: ReportModel, b: ReportModel) =>
    adjusted[pairs.findIndex((pair) => pair.a === a && pair.b === b)]!;

  const others = models.filter((model) => model !== best);
  const ties = others.filter((model) => p(model, best) >= 0.05);
  const tied = enumerate(ties.map((model) => html`<b>${model.id}</b> (p = ${pValue(p(model, best))})`));
  const lead =
    ties.length === 0
      ? html`<b>${best.id}</b> differs significantly from ${others.length === 1 ? 'the other' : 'every other'} model.`
      : html`<b>${best.id}</b> does not differ significantly from ${tied}.`;
  return html`<section id="significance">
<h2>Significant differences</h2>
<p>${lead}</p>
<figure>
<figcaption><strong>McNemar’s test, model against model.</strong> p&#8209;values for their predictions of
the same images, adjusted for ${plural(pairs.length, 'comparison')} by Holm’s method. Filled: the two
differ significantly, p below 0.05.</figcaption>
<div class="scroll" tabindex="0" role="region" aria-label="p-values of McNemar’s test"><table class="matrix">
<thead><tr><td></td>${models.slice(0, -1).map((model, i) => html`<th scope="col"><abbr title="${model.id}">${i + 1}</abbr></th>`)}</tr></thead>
<tbody>
${models.map(
  (a, i) => html`<tr><th scope="row"><span class="number">${i + 1}</span> ${a.id}</th>
${models.slice(0, i).map((b) => cell(p(a, b)))}</tr>
`,
)}
</tbody></table></div>
</figure>
</section>`;
}

function cell(p: number): Html {
  return html`<td${p < 0.05 ? html` class="significant"` : undefined}>${pValue(p)}</td>`;
}
