import { describe, isPlain } from '../../ir/arguments.ts';
import { Network } from '../../layers/base/network.ts';

// Constructor arguments as JSON. A layer is {"$layer":3}, its number in the configuration. What JSON does not know is
// {"$value":"NaN"}.

const special = new Map<string, unknown>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
  ['undefined', undefined],
]);

const MAX_DEPTH = 32;

/** The error for a value that a file can't hold. */
export type Refuse = (got: string, at: string) => Error;

/**
 * A value as JSON.
 *
 * @param at where the value is, for errors.
 * @param numberOf the number of a layer; null where none is possible.
 */
export function encode(
  value: unknown,
  at: string,
  refuse: Refuse,
  numberOf: ((layer: Network, at: string) => number) | null,
  depth = 0,
): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (value === undefined || (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))))
    return { $value: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value === 'number') return value;
  if (value instanceof Network && numberOf !== null) return { $layer: numberOf(value, at) };
  if (depth === MAX_DEPTH) throw refuse(`more than ${MAX_DEPTH} levels`, at);
  const inner = (item: unknown, key: string | number): unknown =>
    encode(item, `${at}.${key}`, refuse, numberOf, depth + 1);
  if (Array.isArray(value)) return Array.from(value, inner);
  if (!isPlain(value)) throw refuse(describe(value), at);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  for (const [key] of entries)
    if (key[0] === '$' || key === '__proto__') throw refuse(`the key ${describe(key)}`, at);
  return Object.fromEntries(entries.map(([key, item]) => [key, inner(item, key)]));
}

/**
 * The value of JSON that `encode` has made.
 *
 * @param fault the error for other JSON.
 * @param layerOf the layer of this number; undefined if there is none.
 */
export function decodeArgument(
  json: unknown,
  fault: (got: string) => Error,
  layerOf: (n: unknown) => Network | undefined,
): unknown {
  const inner = (item: unknown): unknown => decodeArgument(item, fault, layerOf);
  if (Array.isArray(json)) return json.map(inner);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json);
  const [first] = entries;
  if (first?.[0][0] === '$') {
    const [name, value] = first;
    const layer = name === '$layer' ? layerOf(value) : undefined;
    if (entries.length === 1 && layer !== undefined) return layer;
    if (entries.length === 1 && name === '$value' && special.has(value as string))
      return special.get(value as string);
    throw fault(`${describe(name)} ${describe(value)}`);
  }
  if (Object.hasOwn(json, '__proto__')) throw fault("the key '__proto__'");
  return Object.fromEntries(entries.map(([key, item]) => [key, inner(item)]));
}
