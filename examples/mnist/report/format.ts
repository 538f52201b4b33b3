/** Prevents a line break between a number and its unit. */
const nbsp = '\u00a0';

/** A rate from 0 to 1 as `99.72 %`. */
export function percent(rate: number, digits = 2): string {
  return `${points(rate, digits)}${nbsp}%`;
}

/** A rate from 0 to 1 as `99.72`, for columns with the unit in the header. */
export function points(rate: number, digits = 2): string {
  return (100 * rate).toFixed(digits);
}

/** `99.60–99.80 %` */
export function range(ends: readonly [number, number]): string {
  return `${interval(ends)}${nbsp}%`;
}

/** `99.60–99.80`, for columns with the unit in the header. */
export function interval([low, high]: readonly [number, number]): string {
  return `${points(low)}–${points(high)}`;
}

/** `0.5 %`, with as few digits as possible, for axes. */
export function shortPercent(rate: number): string {
  return `${shortPoints(rate)}${nbsp}%`;
}

/** `0.5`, the same for axes with the unit in the title. */
export function shortPoints(rate: number): string {
  return String(Number((100 * rate).toPrecision(3)));
}

/** A probability: `97.3 %`, `> 99.9 %`, `< 0.1 %`. */
export function probability(p: number): string {
  if (p > 0.999) return `>${nbsp}99.9${nbsp}%`;
  return p < 0.001 ? `<${nbsp}0.1${nbsp}%` : percent(p, 1);
}

/** `0.21`, `0.013`, `< 0.001` */
export function pValue(p: number): string {
  if (p < 0.001) return `<${nbsp}0.001`;
  return p < 0.095 ? p.toFixed(3) : p.toFixed(2);
}

/** `118,282` */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** `118k`, `1.2M`, for axes. */
export function shortCount(n: number): string {
  if (n >= 1e6) return `${Number((n / 1e6).toPrecision(2))}M`;
  return n >= 1000 ? `${Number((n / 1000).toPrecision(2))}k` : String(n);
}

/** A mean number of images, without decimals if it is whole. */
export function meanCount(n: number): string {
  return Number.isInteger(n) ? count(n) : n.toFixed(1);
}

/** `0.42 s`, `4.2 s`, `42 s`, `7 min 5 s`, `2 h 10 min` */
export function duration(seconds: number): string {
  if (seconds < 0.995) return `${seconds.toFixed(2)}${nbsp}s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${nbsp}s`;
  const whole = Math.round(seconds);
  if (whole < 100) return `${whole}${nbsp}s`;
  if (whole < 3600)
    return `${Math.floor(whole / 60)}${nbsp}min${whole % 60 ? `${nbsp}${whole % 60}${nbsp}s` : ''}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}${nbsp}h${minutes % 60 ? `${nbsp}${minutes % 60}${nbsp}min` : ''}`;
}

/** `3 models`, `1 model` */
export function plural(n: number, noun: string): string {
  return `${count(n)}${nbsp}${noun}${n === 1 ? '' : 's'}`;
}

/** `2 November 2025`, the date in UTC. Text that is no date is returned unchanged. */
export function day(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
}
