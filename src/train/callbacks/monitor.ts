import { describe } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { Metric } from '../../metrics/metric.ts';

/** Whether small or large values of a result are better. */
export type Mode = 'min' | 'max';

/** @throws ValueError unless the option `mode` of a callback is left out, 'min' or 'max'. */
export function checkMode(callback: string, mode: unknown): void {
  if (mode === undefined || mode === 'min' || mode === 'max') return;
  throw new ValueError(`[${callback}] got mode '${String(mode)}', wanted 'min' or 'max'.`);
}

/** @throws ValueError unless `monitor` is the name of a result, and `mode` is valid. */
export function checkMonitor(callback: string, monitor: unknown, mode: unknown): void {
  if (typeof monitor !== 'string')
    throw new ValueError(`[${callback}] got monitor ${describe(monitor)}, wanted the name of a result.`);
  checkMode(callback, mode);
}

/** @throws ValueError if there is no result of this name. */
export function monitored(
  callback: string,
  monitor: string,
  results: Readonly<Record<string, number>>,
): number {
  const value = results[monitor];
  if (value !== undefined) return value;
  throw new ValueError(
    `[${callback}] there is no result '${monitor}', only ${Object.keys(results).join(', ')}. ` +
      'Pass one of these as monitor; results with val_ need validation data.',
  );
}

/**
 * The mode of a callback that monitors a result: the option, 'min' for `loss` and `val_loss`, or what the metric of this name
 * says.
 *
 * @throws ValueError if none of them tells.
 */
export function modeOf(
  callback: string,
  monitor: string,
  mode: Mode | undefined,
  metrics: readonly Metric[],
): Mode {
  if (mode !== undefined) return mode;
  const name = monitor.replace(/^val_/, '');
  const found =
    metrics.find((metric) => metric.name === monitor || metric.name === name)?.direction ??
    (/^(.*_)?loss$/.test(name) ? 'min' : undefined);
  if (found === 'min' || found === 'max') return found;
  const known = ['loss', ...metrics.map((metric) => metric.name)].join(', ');
  throw new ValueError(
    `[${callback}] got monitor '${monitor}' without a mode, and no metric says whether small or large values of it are better. ` +
      `Pass mode: 'min' or mode: 'max', or monitor one of ${known} (of validation with the prefix val_).`,
  );
}
