import { fields } from './json.ts';
import type { TrialOutcome } from './trial.ts';

/** An outcome as JSON. JSON has no NaN, no infinities and no -0: they are stored as strings. */
export function encodeOutcome({ metrics, ...rest }: TrialOutcome): object {
  return metrics === undefined ? rest : { ...rest, metrics: mapMetrics(metrics, encode) };
}

/** The outcome of what `encodeOutcome` gives, which may have further fields; null for anything else. */
export function decodeOutcome(value: unknown): TrialOutcome | null {
  const { seconds, error, metrics } = fields(value) ?? {};
  if (typeof seconds !== 'number' || !(seconds >= 0)) return null;
  if (typeof error === 'string') return { error, seconds };
  const numbers = fields(metrics);
  if (numbers === null || !Object.values(numbers).every((n) => typeof n === 'number' || texts.has(n)))
    return null;
  return { metrics: mapMetrics(numbers, Number), seconds };
}

const texts = new Set<unknown>(['NaN', 'Infinity', '-Infinity', '-0']);

const encode = (n: number): number | string => (Object.is(n, -0) ? '-0' : Number.isFinite(n) ? n : String(n));

const mapMetrics = <T, U>(metrics: { readonly [name: string]: T }, to: (n: T) => U): { [name: string]: U } =>
  Object.fromEntries(Object.entries(metrics).map(([name, n]) => [name, to(n)]));
