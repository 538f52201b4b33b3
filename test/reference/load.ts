import { readFileSync } from 'node:fs';
import type { References } from './format.ts';

export * from './format.ts';

const named = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** Reads a file of this folder; 'NaN', 'Infinity', '-Infinity' and '-0' become the numbers they name. */
export function load<Name extends keyof References>(name: Name): References[Name] {
  const text = readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (_key, value: unknown) => named.get(value) ?? value);
}
