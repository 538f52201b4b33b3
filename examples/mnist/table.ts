import type { ModelResult } from './results.ts';
import type { Estimate } from './scores.ts';

const header = [
  'model',
  'parameters',
  'epochs',
  'seconds',
  'to 99 %',
  'train loss',
  'test loss',
  'accuracy, %',
  '95 % interval',
  'macro F1',
  'errors',
];

/** The published result for the model `reference`, after ten epochs. */
export const publishedReference = { parameters: 118_282, loss: 0.0842, accuracy: 0.9742 };

const { parameters, loss, accuracy } = publishedReference;
const reference = [
  ...['published', parameters.toLocaleString('en-US'), '10', '-', '-', '-'],
  ...[loss.toFixed(4), (100 * accuracy).toFixed(2), '-', '-', ((1 - accuracy) * 10_000).toFixed(0)],
];

/** The table that compares the models, with the published result as its last row if `published` is true. */
export function table(models: readonly ModelResult[], published: boolean): string {
  const rows = models.map((model) => {
    const { loss, accuracy, macroF1, interval } = model.overall;
    const percent = (share: number) => (100 * share).toFixed(2);
    const fixed = (value: number) => value.toFixed(4);
    const trainLoss = model.history.loss?.at(-1);
    return [
      model.name,
      model.parameters.toLocaleString('en-US'),
      String(model.epochs),
      model.seconds.toFixed(1),
      model.secondsTo99?.toFixed(1) ?? '-',
      trainLoss === undefined ? '-' : fixed(trainLoss),
      fixed(loss.mean),
      withDeviation(accuracy, percent),
      interval.map(percent).join(' - '),
      withDeviation(macroF1, fixed),
      errors(accuracy.mean * model.predictions.length),
    ];
  });
  const last = published ? [reference] : [];
  const all = [header, ...rows, ...last];
  // Omits the column if no model reached 99 %.
  const columns = header
    .map((_, i) => i)
    .filter((i) => header[i] !== 'to 99 %' || rows.some((row) => row[i] !== '-'));
  const widths = header.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    columns.map((i) => (i === 0 ? row[i]!.padEnd(widths[i]!) : row[i]!.padStart(widths[i]!))).join('  ');
  const rule = '-'.repeat(line(header).length);
  return [line(header), rule, ...rows.map(line), ...last.flatMap((row) => [rule, line(row)])].join('\n');

  function errors(right: number): string {
    const wrong = models[0]!.predictions.length - right;
    return Math.abs(wrong - Math.round(wrong)) < 0.01 ? wrong.toFixed(0) : wrong.toFixed(1);
  }
}

function withDeviation({ mean, deviation }: Estimate, format: (value: number) => string): string {
  return deviation === undefined ? format(mean) : `${format(mean)} ± ${format(deviation)}`;
}

/** One line about the numbers of training images; undefined if they are the same for all models. */
export function describeImages(models: readonly ModelResult[]): string | undefined {
  const groups = new Map<string, string[]>();
  for (const { name, trainingImages, validationImages } of models) {
    const held = validationImages > 0 ? ` (${validationImages.toLocaleString('en-US')} held out)` : '';
    const images = `${trainingImages.toLocaleString('en-US')}${held}`;
    groups.set(images, [...(groups.get(images) ?? []), name]);
  }
  if (groups.size < 2) return undefined;
  return `Training images: ${[...groups].map(([images, names]) => `${images} for ${names.join(', ')}`).join('; ')}.`;
}
