import type { Timing } from './measure.ts';

/** One workload with the timings of all libraries that support it. */
export interface Row {
  readonly label: string;
  /** By library key. */
  readonly timings: ReadonlyMap<string, Timing>;
  /** From the seconds of one run to the figure in the table. */
  readonly figure: (seconds: number) => number;
}

export interface Column {
  readonly key: string;
  readonly title: string;
}

/**
 * Prints a table with one column per library. Each workload has the figures of the median round and, in parentheses, of
 * the fastest one, and below them the time of each library as a multiple of ndgrad's. Figures estimated from smaller
 * batches have a star, and a line below the table names the batch size.
 */
export function printTable(
  title: string,
  columns: readonly Column[],
  rows: readonly Row[],
  print: (line: string) => void = console.log,
): void {
  const shown = columns.filter(({ key }) => rows.some(({ timings }) => timings.has(key)));
  const bases = shown.filter(({ key }) => key.startsWith('ndgrad'));
  const lines = rows.flatMap(({ label, timings, figure }) => [
    [label, ...shown.map(({ key }) => figures(timings.get(key), figure))],
    ...bases.map((base) => [
      `  time / ${base.title}`,
      ...shown.map(({ key }) => ratio(timings.get(key), timings.get(base.key))),
    ]),
  ]);
  print('');
  print(title);
  for (const line of alignColumns([['', ...shown.map((column) => column.title)], ...lines])) print(line);
  for (const { key, title } of shown) {
    const limited = rows.flatMap(({ label, timings }) => describeLimit(label, timings.get(key)));
    if (limited.length > 0) print(`${title}: ${limited.join('; ')}`);
  }
}

function describeLimit(label: string, timing: Timing | undefined): string[] {
  if (timing?.reduced === undefined) return [];
  const { batch, factor } = timing.reduced;
  const rounds = `${timing.rounds} round${timing.rounds === 1 ? '' : 's'} of one run`;
  return [
    factor === 1
      ? `${label} in ${rounds}`
      : `* ${label} from batches of ${batch} in ${rounds}, times ${threeDigits(factor)}`,
  ];
}

/** Pads cells to the width of their column. The first column is left-aligned, the others are right-aligned. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}

function figures(timing: Timing | undefined, figure: (seconds: number) => number): string {
  if (timing === undefined) return '-';
  const star = timing.reduced !== undefined && timing.reduced.factor > 1 ? '*' : '';
  return `${threeDigits(figure(timing.median))} (${threeDigits(figure(timing.minimum))})${star}`;
}

function ratio(timing: Timing | undefined, base: Timing | undefined): string {
  return timing === undefined || base === undefined ? '-' : (timing.median / base.median).toFixed(2);
}

/** A number with three significant digits. */
export function threeDigits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}
