import { NdgradError, ValueError } from './errors.ts';

// Checks of the arguments of public functions. Their errors name the function that was called.

/** A value in the text of an error. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `'${value.slice(0, 40)}...'` : `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  if ('dtype' in value && 'dataSync' in value) return 'a tensor';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === 'Promise') return 'a Promise (await it first)';
  return tag === 'Object' ? 'an object' : `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag}`;
}

/**
 * Refuses more arguments than a function has. One with a single argument can be given to `map`, which passes three.
 */
export function checkCount(name: string, count: number, most: number): void {
  if (count <= most || (most === 1 && count === 3)) return;
  throw new ValueError(`[${name}] got ${count} arguments, wanted at most ${most}. Write lists as [a, b].`);
}

/** Whether it is an object with fields: no array, function, Map, RegExp, Date or the like. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Object.prototype.toString.call(value) === '[object Object]';

/** Whether it is an object of any realm that has entries only, not one of a class. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Object.prototype of any realm has no prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether it is a Map, of any realm. */
export const isMap = (value: unknown): value is ReadonlyMap<unknown, unknown> =>
  Object.prototype.toString.call(value) === '[object Map]';

/** All options there are: true for a boolean, '' for a string, and 0 for one that its function checks. */
export type Known<O> = { readonly [K in keyof O]-?: unknown };

type Defaults<O> = { readonly [K in keyof O]-?: O[K] | undefined };

/** Optional ones without a default may be undefined; a required one has its type, and its function checks it. */
type WithDefaults<O, D> = {
  readonly [K in keyof O]-?: K extends keyof D
    ? undefined extends D[K]
      ? O[K] | ({} extends Pick<O, K> ? undefined : never)
      : Exclude<O[K], undefined>
    : never;
};

/**
 * Refuses unknown options, except undefined ones, options that are no object, and what is no boolean or string though
 * the known value is one.
 *
 * @param known has all options that there are, such as the record of their defaults.
 * @param what is given, such as an option that has options.
 */
export function checkOptions(name: string, given: unknown, known: object, what = 'options'): void {
  if (given === undefined) return;
  if (!isRecord(given)) throw refusal(name, what, given, `an object with ${Object.keys(known).join(', ')}`);
  for (const key in given) {
    const value = given[key as never];
    if (value === undefined) continue;
    if (!Object.hasOwn(known, key)) throw unknownOption(name, key, Object.keys(known));
    const type = typeof known[key as never];
    if (type === typeof value) continue;
    if (type === 'boolean') throw refusal(name, key, value, 'true or false');
    if (type === 'string') throw refusal(name, key, value, 'a string');
  }
}

/**
 * The options of a function, those that are absent or undefined with their defaults.
 *
 * @param defaults has all options that there are. An option with a number as its default is a number or a schedule.
 * @throws ValueError if an option is unknown or has another type than its default, or if the options are no object.
 */
export function readOptions<O extends object, const D extends Defaults<O>>(
  name: string,
  given: O | undefined,
  defaults: D,
): WithDefaults<O, D> {
  checkOptions(name, given, defaults);
  const read: Record<string, unknown> = { ...defaults };
  for (const key in given) {
    const value = given[key];
    if (value === undefined) continue;
    if (typeof read[key] === 'number' && typeof value !== 'function') checkNumber(name, key, value);
    read[key] = value;
  }
  return read as WithDefaults<O, D>;
}

function unknownOption(name: string, got: string, names: readonly string[]): ValueError {
  const distance = (known: string): number => Math.abs(known.length - got.length);
  const [meant] = names
    .filter((known) => isWithin(got, known) || isWithin(known, got))
    .sort((a, b) => distance(a) - distance(b));
  const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`;
  return new ValueError(
    `[${name}] got the unknown option '${got}', wanted one of ${names.join(', ')}.${hint}`,
  );
}

/** Do the characters of one name occur in the other in this order? `lr` in `learningRate`, `stride` in `strides`. */
function isWithin(part: string, whole: string): boolean {
  const wanted = part.toLowerCase();
  let found = 0;
  for (const c of whole.toLowerCase()) if (c === wanted[found]) found++;
  return found === wanted.length;
}

/** The error for an argument or option that is something else than wanted. */
export function refusal(name: string, what: string, got: unknown, wanted: string): ValueError {
  return new ValueError(`[${name}] got ${what} ${describe(got)}, wanted ${wanted}.`);
}

/** @throws ValueError unless the value is a number. */
export function checkNumber(name: string, what: string, value: unknown): void {
  if (typeof value !== 'number') throw refusal(name, what, value, 'a number');
}

/** @throws ValueError unless it is a whole number that is large enough. */
export function checkWhole(name: string, what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw refusal(name, what, value, `a whole number of at least ${least}`);
}

/** @throws ValueError unless the value is a probability below 1. */
export function checkProbability(name: string, what: string, value: unknown): void {
  if (!(typeof value === 'number' && value >= 0 && value < 1))
    throw refusal(name, what, value, `a probability with 0 <= ${what} < 1`);
}

/** @throws ValueError unless the value is an array. */
export function checkArray(name: string, what: string, value: unknown, example: string): void {
  if (!Array.isArray(value)) throw refusal(name, what, value, `an array such as ${example}`);
}

/** @throws ValueError unless it is undefined or an AbortSignal, of any realm. */
export function checkSignal(name: string, signal: unknown): void {
  if (signal === undefined || typeof Object(signal).throwIfAborted === 'function') return;
  throw refusal(name, 'signal', signal, 'an AbortSignal: controller.signal');
}

/** Runs a function that others are made of, with errors that name the one that was called. */
export function reportAs<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof NdgradError)) throw error;
    const kind = error.constructor as typeof NdgradError;
    throw new kind(error.message.replace(/^\[.*?\]/, `[${name}]`), { cause: error });
  }
}
