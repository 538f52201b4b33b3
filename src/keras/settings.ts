import { describe, isRecord } from '../ir/arguments.ts';

/** Why a layer can't be loaded. It becomes a part of the error that lists all of them. */
export class Refusal extends Error {}

export type Json = Readonly<Record<string, unknown>>;

/** A member of a record that is its own, so that `__proto__` and `constructor` are nothing special. */
export const own = (record: Json, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/**
 * What `serialize_keras_object` of Keras 2 and 3 makes of an object: its class and its own configuration. Null for
 * everything else.
 */
export function readObject(value: unknown): { readonly className: string; readonly config: unknown } | null {
  if (!isRecord(value)) return null;
  const className = own(value, 'class_name');
  if (typeof className !== 'string') return null;
  const registered = own(value, 'registered_name');
  // `Package>Class` is a class that a program registered. It may have the name of one of Keras.
  const isCustom = typeof registered === 'string' && registered.includes('>');
  return { className: isCustom ? registered : className, config: own(value, 'config') ?? {} };
}

/** A value in an error: lists of a few numbers or texts in full. */
export const shown = (value: unknown): string =>
  Array.isArray(value) &&
  value.length <= 8 &&
  value.every((item) => typeof item !== 'object' || item === null)
    ? `[${value.map(describe).join(', ')}]`
    : describe(value);

/** The configuration of a layer. A setting that is absent has Keras's default. */
export class Settings {
  readonly #values: Json;

  constructor(values: Json) {
    this.#values = values;
  }

  get(key: string): unknown {
    return own(this.#values, key) ?? undefined;
  }

  /** The others. */
  without(key: string): Settings {
    return new Settings(Object.fromEntries(Object.entries(this.#values).filter(([name]) => name !== key)));
  }

  /** @throws Refusal unless the setting is absent or one of the values. */
  only(key: string, ...allowed: readonly unknown[]): void {
    const value = this.get(key);
    if (value === undefined || allowed.includes(value)) return;
    throw new Refusal(`${key} ${shown(value)}`);
  }

  flag(key: string, byDefault: boolean): boolean {
    const value = this.get(key) ?? byDefault;
    if (typeof value === 'boolean') return value;
    throw new Refusal(`${key} ${describe(value)}`);
  }

  number(key: string, byDefault?: number): number {
    const value = this.get(key) ?? byDefault;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new Refusal(`${key} ${describe(value)}`);
  }

  /** A whole number from `least` up to 2^31. */
  count(key: string, byDefault?: number, least = 1): number {
    const value = this.number(key, byDefault);
    if (Number.isInteger(value) && value >= least && value <= 0x7fffffff) return value;
    throw new Refusal(`${key} ${value}`);
  }

  /** Whole numbers from `least` up, as many as there are axes; one number stands for all. */
  counts(key: string, axes: number, byDefault?: number | readonly number[], least = 1): number[] {
    const value = this.get(key) ?? byDefault;
    const list = typeof value === 'number' ? new Array<number>(axes).fill(value) : value;
    const isCount = (n: unknown): boolean =>
      Number.isInteger(n) && (n as number) >= least && (n as number) <= 0x7fffffff;
    if (Array.isArray(list) && list.length === axes && list.every(isCount)) return list;
    throw new Refusal(`${key} ${shown(value)}`);
  }
}
