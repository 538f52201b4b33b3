import { createHash } from 'node:crypto';
import { ValueError } from 'ndgrad';
import { classes } from './classes.ts';
import { confusion } from './confusion.ts';
import { cost } from './cost.ts';
import { curves } from './curves.ts';
import { filters } from './filters.ts';
import { day, percent } from './format.ts';
import { gallery } from './gallery.ts';
import { type Html, html } from './html.ts';
import type { ReportInput } from './input.ts';
import { reproduce } from './reproduce.ts';
import { resultTable, summary } from './results.ts';
import { significance } from './significance.ts';
import { style } from './style.ts';
import { reportView } from './view.ts';

/**
 * The report of a comparison as one self-contained HTML page, without scripts and external resources, which its security
 * policy forbids. The same input gives the same page.
 *
 * Throws a `ValueError` for inconsistent input.
 */
export function report(input: ReportInput): string {
  check(input);
  const view = reportView(input);
  const { best } = view;
  const sections: [id: string, title: string, content: Html | undefined][] = [
    ['results', 'Results', resultTable(view)],
    ['cost', 'Cost', cost(view)],
    ['significance', 'Differences', significance(view)],
    ['curves', 'Learning curves', curves(view)],
    ['confusion', 'Confusion', confusion(view)],
    ['classes', 'Classes', classes(view)],
    ['misclassified', 'Mistakes', gallery(view)],
    ['filters', 'Filters', filters(view)],
    ['reproduce', 'Reproduce', reproduce(view)],
  ];
  const present = sections.filter(([, , content]) => content !== undefined);
  const title = `${input.dataset.name}: ${best.id} gets ${percent(best.accuracy.mean)} right`;
  const hash = createHash('sha256').update(style.text).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="ndgrad ${input.versions.ndgrad}">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${summary(view)}
<nav aria-label="Sections"><ul>${present.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li> `)}</ul></nav>
${present.map(
  ([, , content]) => html`${content}
`,
)}
<footer><p>Made by ndgrad ${input.versions.ndgrad}, ${day(input.versions.date)}. Charts by Observable Plot.</p></footer>
</main>
</body>
</html>
`.text;
}

function check({ models, dataset, mcnemar, misclassified, firstLayers }: ReportInput): void {
  const wrong = (got: string, wanted: string, fix: string) =>
    new ValueError(`[report] got ${got}, wanted ${wanted}. ${fix}`);
  const classes = dataset.classes.length;
  const ids = models.map(({ id }) => id);
  if (models.length === 0) throw wrong('no model', 'one or more', 'Train one first.');
  if (new Set(ids).size < ids.length) {
    throw wrong(`ids ${ids.join(', ')}`, 'each once', 'Give each model its own id.');
  }
  for (const { id, runs, confusion, classes: scores } of models) {
    if (runs.length === 0) throw wrong(`no run of ${id}`, 'one or more', 'Give at least the first run.');
    if (confusion.length !== classes || confusion.some((row) => row.length !== classes)) {
      const got = `a confusion matrix of ${id} with ${confusion.length} rows`;
      throw wrong(got, `${classes} x ${classes} counts`, 'Count every class of the data set.');
    }
    if (scores.length !== classes) {
      throw wrong(`scores of ${scores.length} classes of ${id}`, `${classes}`, 'Give each class its scores.');
    }
  }
  if (
    mcnemar !== undefined &&
    (mcnemar.length !== ids.length || mcnemar.some((row) => row.length !== ids.length))
  ) {
    throw wrong(
      `${mcnemar.length} rows of p-values`,
      `${ids.length} x ${ids.length}`,
      'Test every pair of models.',
    );
  }
  const named = [
    ...(misclassified ? [misclassified.model] : []),
    ...(firstLayers ?? []).map(({ model }) => model),
  ];
  const unknown = named.find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    throw wrong(`images of '${unknown}'`, `one of ${ids.join(', ')}`, 'Name a model of the report.');
  }
  for (const { pixels, index } of misclassified?.images ?? []) {
    if (pixels.length !== 784) {
      throw wrong(`${pixels.length} pixels of test image ${index}`, '784', 'Give 28 x 28 bytes.');
    }
  }
}
