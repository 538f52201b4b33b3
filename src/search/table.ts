import type { TrialRun } from './trial-run.ts';

/** The text of `SearchResults.table`: a row for each of the first `limit` trials. */
export function resultsTable<P>(trials: readonly TrialRun<P>[], objective: string, limit: number): string {
  const shown = trials.slice(0, limit);
  const parameters = Object.keys(trials[0]?.parameters ?? {}).filter((name) => name !== 'epochs');
  const metrics = new Set([objective, ...trials.flatMap((run) => Object.keys(run.metrics))]);
  const header = ['trial', ...parameters, 'epochs', ...metrics, 'seconds'];
  const rows = shown.map((run) => {
    const values = new Map(Object.entries(run.parameters ?? {}));
    return [
      String(run.trial),
      ...parameters.map((name) => parameterText(values.get(name))),
      String(run.epochs),
      ...[...metrics].map((name) =>
        run.error !== null && name === objective ? 'failed' : metricText(run.metrics[name]),
      ),
      run.seconds.toFixed(1),
    ];
  });
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padStart(widths[i]!)).join('  ');
  const rule = '-'.repeat(line(header).length);
  const lines = [line(header), rule, ...rows.map(line)];
  if (shown.length < trials.length) lines.push(`... and ${trials.length - shown.length} more`);
  for (const { trial, error } of shown) {
    if (error !== null) lines.push(`trial ${trial} failed: ${error.split('\n', 1)[0]}`);
  }
  return lines.join('\n');
}

/** A parameter: numbers with four significant digits. */
export function parameterText(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '-');
}

/** A metric: four decimals, or four significant digits for very small and large values. */
export function metricText(value: number | undefined): string {
  if (value === undefined) return '-';
  const size = Math.abs(value);
  return size === 0 || (size >= 0.001 && size < 10000) ? value.toFixed(4) : value.toPrecision(4);
}
