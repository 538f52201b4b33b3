import { count, day, percent, plural } from './format.ts';
import { type Html, html } from './html.ts';
import { seedList } from './results.ts';
import type { ReportView } from './view.ts';

type Fact = readonly [name: string, value: string];

const sameBits =
  'The same version, seed and command give the same bits on any processor, with any number of threads; only the times ' +
  'differ. The hashes of the trained parameters verify this.';
const ownBits =
  'Rounding depends on the GPU and its driver: the same version, seed and command give other bits on another GPU or on ' +
  'the CPU, and accuracies that differ like those of two seeds.';

/** The settings that reproduce the results, and hashes that verify them. */
export function reproduce({ input, models }: ReportView): Html {
  const { versions, command, seeds, dataset } = input;
  const { backend, threads, adapter } = versions;
  const { validationImages: chosenBy } = dataset;
  const validation: Fact[] = chosenBy === undefined ? [] : [['Validation images', count(chosenBy)]];
  const facts: Fact[] = [
    ['Seeds', seedList(seeds).replace(/^seeds? /, '')],
    ['ndgrad', versions.ndgrad],
    ['Node', versions.node],
    ['Backend', adapter === undefined ? `${backend}, ${plural(threads, 'thread')}` : backend],
    ...(adapter === undefined ? [] : [['GPU', adapter] as const]),
    ['Processor', versions.cpu],
    ['Training images', count(dataset.trainingImages)],
    ...validation,
    ['Test images', count(dataset.testImages)],
    ['Date', day(versions.date)],
  ];
  return html`<section id="reproduce">
<h2>Reproduce</h2>
<pre><code>${command}</code></pre>
<p>${adapter === undefined ? sameBits : ownBits}</p>
<dl class="facts">
${facts.map(
  ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
)}
</dl>
<div class="scroll" tabindex="0" role="region" aria-label="All runs"><table class="runs">
<caption>All runs</caption>
<thead><tr><th scope="col">Model</th><th scope="col">Seed</th><th scope="col">Accuracy</th><th scope="col">Macro F1</th>
<th scope="col">Loss</th><th scope="col">SHA-256 of the parameters</th></tr></thead>
<tbody>
${models.map(({ id, runs }) =>
  runs.map(
    (
      run,
      i,
    ) => html`<tr>${i === 0 ? html`<th scope="rowgroup" rowspan="${runs.length}">${id}</th>` : undefined}<td>${run.seeds.join(', ')}</td><td>${percent(run.accuracy)}</td>
<td>${run.macroF1.toFixed(4)}</td><td>${run.loss.toFixed(4)}</td><td><code>${run.parametersHash.slice(0, 16)}…</code></td></tr>
`,
  ),
)}
</tbody></table></div>
<p class="note">First 16 of 64 digits of each hash; <code>results.json</code> has them all.</p>
</section>`;
}
