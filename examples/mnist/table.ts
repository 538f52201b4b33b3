import type { ModelResult } from './results.ts';

const header = [
  'model',
  'parameters',
  'epochs',
  's/epoch',
  'train loss',
  'test loss',
  'accuracy',
  'macro F1',
  'errors',
];

/** What others published for the model `reference`. */
const published = ['published', '118,282', '10', '-', '-', '0.0842', '97.42 %', '-', '258'];

/** The table that compares the models, with the published numbers as its last row. */
export function table(models: readonly ModelResult[]): string {
  const rows = models.map((model) => {
    const { loss, accuracy, macroF1, confusion } = model.test;
    return [
      model.name,
      model.parameters.toLocaleString('en-US'),
      String(model.epochs),
      model.secondsPerEpoch.toFixed(2),
      (model.history.loss?.at(-1) ?? Number.NaN).toFixed(4),
      loss.toFixed(4),
      `${(100 * accuracy).toFixed(2)} %`,
      macroF1.toFixed(4),
      String(countErrors(confusion)),
    ];
  });
  const widths = header.map((_, i) => Math.max(...[header, ...rows, published].map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  const rule = '-'.repeat(line(header).length);
  return [line(header), rule, ...rows.map(line), rule, line(published)].join('\n');
}

function countErrors(confusion: readonly (readonly number[])[]): number {
  let errors = 0;
  confusion.forEach((row, truth) => {
    row.forEach((count, predicted) => {
      if (predicted !== truth) errors += count;
    });
  });
  return errors;
}
