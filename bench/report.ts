import type { Timing } from './measure.ts';

/** One workload with the figures of all contestants that can do it. */
export interface Row {
  readonly label: string;
  /** By the contestants' keys. */
  readonly timings: ReadonlyMap<string, Timing>;
  /** From the seconds of one run to the figure in the table. */
  readonly figure: (seconds: number) => number;
}

export interface Column {
  readonly key: string;
  readonly title: string;
}

/**
 * A table with a contestant a column. Each workload has its figures, of the median round and (best) of the
 * fastest, and under them what each contestant takes as a multiple of ndgrad's time. Figures that were
 * reckoned from smaller batches have a star, and a line below says from which.
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
  for (const line of aligned([['', ...shown.map((column) => column.title)], ...lines])) print(line);
  for (const { key, title } of shown) {
    const limited = rows.flatMap(({ label, timings }) => describeLimit(label, timings.get(key)));
    if (limited.length > 0) print(`${title}: ${limited.join('; ')}`);
  }
}

function describeLimit(label: string, timing: Timing | undefined): string[] {
  if (timing?.limit === undefined) return [];
  const { batch, factor } = timing.limit;
  const rounds = `${timing.rounds} round${timing.rounds === 1 ? '' : 's'} of one run`;
  return [
    factor === 1
      ? `${label} in ${rounds}`
      : `* ${label} from batches of ${batch} in ${rounds}, times ${significant(factor)}`,
  ];
}

/** Columns of one width each, the first to the left and the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}

function figures(timing: Timing | undefined, figure: (seconds: number) => number): string {
  if (timing === undefined) return '-';
  const star = timing.limit !== undefined && timing.limit.factor > 1 ? '*' : '';
  return `${significant(figure(timing.median))} (${significant(figure(timing.minimum))})${star}`;
}

function ratio(timing: Timing | undefined, base: Timing | undefined): string {
  return timing === undefined || base === undefined ? '-' : (timing.median / base.median).toFixed(2);
}

/** Three digits that count. */
export function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}
