import { checkCount, readOptions, refusal } from '../ir/arguments.ts';
import type { PageElement } from '../util/host-types.ts';
import { openFrame } from './frame.ts';

export interface ConfusionChartOptions {
  /** Above the chart; 'Confusion matrix' by default, '' for none. */
  readonly title?: string;
  /** The names of the classes; their numbers by default. */
  readonly classes?: readonly string[];
}

const STYLE = `
table { border-collapse: separate; border-spacing: 2px; font-variant-numeric: tabular-nums; }
th { font-weight: 400; color: var(--muted); padding: 2px 6px; }
th[scope='row'] { text-align: right; }
td { min-width: 34px; padding: 5px 6px; text-align: center; border-radius: 3px; }
td { background: color-mix(in srgb, var(--shade) var(--part), transparent); }
td.strong { color: #fff; }
@media (prefers-color-scheme: dark) { td.strong { color: #111827; } }
caption { caption-side: bottom; color: var(--muted); padding-top: 4px; text-align: left; white-space: nowrap; }
`;

/**
 * Shows a confusion matrix as a table: rows are true classes, columns predicted ones. The shade of a cell is its share of its row; blue is right, orange is
 * wrong.
 *
 * @param element is filled with the table; call the function again to show another one.
 * @param matrix counts, such as `confusionMatrix` of `ndgrad/metrics` returns: a row for each true class.
 */
export function confusionChart(
  element: PageElement,
  matrix: readonly ArrayLike<number>[],
  options?: ConfusionChartOptions,
): void {
  checkCount('confusionChart', arguments.length, 3);
  const { title, classes } = readOptions('confusionChart', options, {
    title: 'Confusion matrix',
    classes: undefined,
  });
  if (!Array.isArray(matrix) || matrix.length === 0 || matrix.some((row) => row?.length !== matrix.length))
    throw refusal('confusionChart', 'matrix', matrix, 'as many rows as columns: [[50, 2], [3, 45]]');
  if (classes !== undefined && (!Array.isArray(classes) || classes.length !== matrix.length))
    throw refusal('confusionChart', 'classes', classes, `an array of ${matrix.length} names`);
  const names = classes ?? matrix.map((_, i) => String(i));
  const { body } = openFrame('confusionChart', element, title, STYLE);
  const document = body.ownerDocument;
  const table = document.createElement('table');
  const cell = (row: HTMLTableRowElement, kind: 'th' | 'td', text: string): HTMLTableCellElement => {
    const made = document.createElement(kind);
    made.textContent = text;
    row.append(made);
    return made;
  };
  const caption = table.createCaption();
  caption.textContent = 'rows: true class, columns: predicted class';
  const head = table.createTHead().insertRow();
  cell(head, 'td', '').style.background = 'none';
  for (const name of names) cell(head, 'th', name).scope = 'col';
  const rows = table.createTBody();
  matrix.forEach((counts: ArrayLike<number>, i) => {
    const row = rows.insertRow();
    cell(row, 'th', names[i]!).scope = 'row';
    const sum = Array.from(counts).reduce((a, b) => a + b, 0);
    Array.from(counts).forEach((count, j) => {
      const part = sum === 0 ? 0 : count / sum;
      const td = cell(row, 'td', String(count));
      td.style.setProperty('--shade', `var(--${i === j ? 'blue' : 'orange'})`);
      // Small shares are visible, too.
      td.style.setProperty('--part', `${count === 0 ? 4 : Math.round(12 + 88 * part)}%`);
      if (part > 0.55) td.className = 'strong';
    });
  });
  body.append(table);
}
