import { describe, isRecord } from '../ir/arguments.ts';
import { dtypes, fits, type TypedArray } from '../ir/dtype.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { sameShape } from '../ir/view.ts';
import { tensor } from '../tensor/creation.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { copyOf } from './copy.ts';

/** What the state of an optimizer or of an average holds for one Parameter. */
export interface ParameterState {
  readonly shape: readonly number[];
  /** The number of updates of this Parameter, if some steps left it out because it was frozen. */
  readonly updates?: number;
  /**
   * The values of each slot, by name. `JSON.stringify` writes them as lists, with NaN, infinities and -0 as strings.
   */
  readonly slots: Readonly<Record<string, TypedArray>>;
}

/** The part that all states have in common. */
export interface State {
  /** The `kind` of the class. */
  readonly kind: string;
  /** The number of updates done. */
  readonly step: number;
  /** By the names of the Parameters, which are their paths in the model. A repeated name gets `#2`, `#3`, ... */
  readonly parameters: Readonly<Record<string, ParameterState>>;
}

/** A Parameter and the tensors that are kept for it. */
export interface Kept {
  readonly parameter: Parameter;
  readonly slots: Readonly<Record<string, Parameter>>;
  /** The number of updates of this Parameter; undefined if they are not counted. */
  updates?: number;
}

/** What is kept, by the names of the Parameters, which are made unique. */
export function byName(all: readonly Kept[]): ReadonlyMap<string, Kept> {
  const named = new Map<string, Kept>();
  for (const kept of all) {
    const { name } = kept.parameter;
    let unique = name;
    for (let n = 2; named.has(unique); n++) unique = `${name}#${n}`;
    named.set(unique, kept);
  }
  return named;
}

/** A copy of the state at the time of the call. */
export async function saveState(
  kind: string,
  step: number,
  named: ReadonlyMap<string, Kept>,
): Promise<State> {
  const updates = [...named.values()].map((kept) => kept.updates ?? step);
  const copies = await copyOf([...named.values()].flatMap(({ slots }) => Object.values(slots)));
  copies.forEach(withJSON);
  let next = 0;
  const entries = [...named].map(([name, { parameter, slots }], i) => {
    const values = Object.fromEntries(Object.keys(slots).map((slot) => [slot, copies[next++]!]));
    const counted = updates[i] === step ? {} : { updates: updates[i] };
    return [name, { shape: [...parameter.shape], ...counted, slots: values }];
  });
  return { kind, step, parameters: Object.fromEntries(entries) };
}

/** Gives values of a slot a `toJSON` that keeps NaN, infinities and -0. */
export const withJSON = (values: TypedArray): TypedArray =>
  Object.defineProperty(values, 'toJSON', { value: toJSON });

/** JSON writes NaN and infinities as null and -0 as 0. */
function toJSON(this: TypedArray): (number | string)[] {
  return Array.from(this, (x) => (Object.is(x, -0) ? '-0' : Number.isFinite(x) ? x : String(x)));
}

/**
 * Checks a state completely.
 *
 * @param least the least value of a slot, which must be finite then; null if all values are valid.
 * @returns the assignments that restore the slots.
 */
export function readState(
  state: unknown,
  kind: string,
  named: ReadonlyMap<string, Kept>,
  least: (slot: string) => number | null,
): (readonly [slot: Parameter, values: Tensor])[] {
  const given = record(state, 'the state');
  if (given.kind !== kind) throw invalid(`a state of kind ${text(given.kind)}`, `'${kind}'. ${sameModel}`);
  if (!Number.isSafeInteger(given.step) || (given.step as number) < 0)
    throw invalid(`step ${text(given.step)}`, 'a whole number from 0 up.');
  const parameters = record(given.parameters, 'parameters');
  const extra = Object.keys(parameters).find((name) => !named.has(name));
  const missing = [...named.keys()].find((name) => !Object.hasOwn(parameters, name));
  if (extra !== undefined || missing !== undefined) {
    throw invalid(
      `${Object.keys(parameters).length} Parameters${extra === undefined ? '' : `, '${extra}' among them`}`,
      `${named.size}${missing === undefined ? '' : `, '${missing}' among them`}. ${sameModel}`,
    );
  }
  return [...named].flatMap(([name, { parameter, slots }]) => {
    const entry = record(parameters[name], `Parameter '${name}'`);
    const { shape } = entry;
    if (!Array.isArray(shape) || !sameShape(shape, parameter.shape)) {
      throw new ShapeError(
        `[setState] got shape ${text(shape)} for Parameter '${name}', wanted ${show(parameter.shape)}. ${sameModel}`,
      );
    }
    const { updates = given.step } = entry;
    if (
      !Number.isSafeInteger(updates) ||
      (updates as number) < 0 ||
      (updates as number) > (given.step as number)
    )
      throw invalid(
        `${text(updates)} updates of Parameter '${name}'`,
        `a whole number from 0 to ${given.step}.`,
      );
    const values = record(entry.slots, `slots of Parameter '${name}'`);
    const [got, wanted] = [Object.keys(values), Object.keys(slots)];
    if (got.length !== wanted.length || !wanted.every((slot) => got.includes(slot))) {
      throw invalid(
        `slots ${text(got)} for Parameter '${name}'`,
        `${text(wanted)}. Create it with the same options as the one that was saved.`,
      );
    }
    return wanted.map((slot) => {
      const target = slots[slot]!;
      return [
        target,
        readValues(values[slot], target, `slot '${slot}' of Parameter '${name}'`, least(slot)),
      ] as const;
    });
  });
}

function readValues(
  values: unknown,
  { shape, dtype, size }: Parameter,
  what: string,
  least: number | null,
): Tensor {
  // JSON.stringify writes a typed array that has lost its toJSON, by structuredClone, as { "0": ..., "1": ... }.
  const list =
    Array.isArray(values) || ArrayBuffer.isView(values) ? values : Object.values(record(values, what));
  const items = list as ArrayLike<unknown>;
  if (items.length !== size) {
    throw new ShapeError(
      `[setState] got ${items.length} values in ${what}, wanted ${size} for ${show(shape)}.`,
    );
  }
  const read = dtypes[dtype].allocate(size);
  for (let i = 0; i < size; i++) {
    const item = items[i];
    const x = typeof item === 'string' && special.includes(item) ? Number(item) : item;
    if (typeof x === 'number') read[i] = x;
    if (
      typeof x !== 'number' ||
      !fits(x, dtype) ||
      ((Number.isFinite(x) || least !== null) && !Number.isFinite(read[i])) ||
      (least !== null && x < least)
    ) {
      const wanted = `${least === null ? '' : 'finite '}${dtype} numbers${least === 0 ? ' from 0 up' : ''}.`;
      throw invalid(`${text(item)} at index ${i} of ${what}`, wanted);
    }
  }
  return tensor(read, { shape, dtype, copy: false });
}

const special = ['NaN', 'Infinity', '-Infinity', '-0'];
const sameModel = 'Give the state of the same class over the same model.';

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw invalid(`${text(value)} for ${what}`, 'an object, as getState returned it.');
}

const invalid = (got: string, wanted: string): ValueError =>
  new ValueError(`[setState] got ${got}, wanted ${wanted}`);

/** A value as short text. */
const text = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value
        .slice(0, 8)
        .map((item) => (typeof item === 'object' ? '...' : String(item)))
        .join(', ')}]`
    : describe(value);
