import { describe, isPlain } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { State, StateValue } from '../../ir/state.ts';
import { numberArray } from '../../ir/typed-array.ts';
import { type ElementType, elementTypes, type StoredTensor, type StoredTensors } from './stored-tensor.ts';

// A state as tensors and JSON. Numbers are in tensors, since JSON loses NaN, infinities and -0. The outline is the rest: in the
// place of numbers it has one of these marks.

/** One number: an F64 tensor of shape []. */
const NUMBER = 0;
/** An array of numbers: an F64 tensor of shape [n]. */
const NUMBERS = 1;
/** A typed array: a tensor of its type. */
const TYPED = 2;

/** A state without its numbers, for JSON. */
export type Outline =
  | number
  | string
  | boolean
  | null
  | readonly Outline[]
  | { readonly [key: string]: Outline };

/** The name of an entry: `callback:0/best`. Keys are written as in JSON pointers (RFC 6901). */
const entryName = (name: string, key: string | number): string =>
  `${name}${name.endsWith(':') ? '' : '/'}${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/**
 * Stores the numbers of a state as tensors, whose names begin with `name`.
 *
 * @returns the outline.
 * @throws ValueError for values that a state can't hold.
 */
export function storeState(name: string, value: StateValue, tensors: StoredTensors): Outline {
  const put = (mark: number, dtype: ElementType, shape: number[], values: StoredTensor['values']): number => {
    tensors.set(name, { dtype, shape, values });
    return mark;
  };
  if (typeof value === 'number') return put(NUMBER, 'F64', [], Float64Array.of(value));
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  const array = numberArray(value);
  if (array !== null) {
    const dtype = (['F64', 'F32', 'I32', 'U8'] as const).find((type) => array instanceof elementTypes[type]);
    if (dtype !== undefined) return put(TYPED, dtype, [array.length], array as StoredTensor['values']);
  } else if (Array.isArray(value)) {
    return value.every((x) => typeof x === 'number')
      ? put(NUMBERS, 'F64', [value.length], Float64Array.from(value))
      : value.map((x: StateValue, i) => storeState(entryName(name, i), x, tensors));
  } else if (isPlain(value)) {
    const entries = Object.entries(value as State).filter(([, x]) => x !== undefined);
    return Object.fromEntries(entries.map(([key, x]) => [key, storeState(entryName(name, key), x, tensors)]));
  }
  throw new ValueError(
    `[fit] got ${describe(value)} at '${name}' in a state, wanted numbers, texts, booleans, null, Float32Array, Float64Array, ` +
      'Int32Array, Uint8Array, and arrays and objects of these.',
  );
}

/** The state of an outline. */
export function readStored(name: string, outline: Outline, tensors: StoredTensors): StateValue {
  if (typeof outline === 'number') {
    const { values } = tensors.get(name);
    return outline === NUMBER ? values[0]! : outline === NUMBERS ? Array.from(values) : values;
  }
  if (typeof outline !== 'object' || outline === null) return outline;
  if (Array.isArray(outline))
    return outline.map((x: Outline, i) => readStored(entryName(name, i), x, tensors));
  return Object.fromEntries(
    Object.entries(outline).map(([key, x]) => [key, readStored(entryName(name, key), x, tensors)]),
  );
}
