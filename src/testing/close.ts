import { checkCount, checkNumber, checkOptions, type Known, reportAs } from '../ir/arguments.ts';
import { NdgradError } from '../ir/errors.ts';
import { show } from '../tensor/shape.ts';
import { type Comparable, type Elements, elementsOf, placeOf } from './elements.ts';

export type { Comparable };

export interface CloseOptions {
  /** Allowed distance as a part of the expected value; 1e-5 by default. */
  readonly relative?: number;
  /** Allowed distance on top; 1e-8 by default. */
  readonly absolute?: number;
  /** Tell -0 from +0; false by default. */
  readonly signedZeros?: boolean;
}

/**
 * Asserts that two arrays agree: |actual - expected| <= absolute + relative * |expected| at every place.
 *
 * Shapes must be equal, and data types too where both sides have one (tensors, Float32Array, Int32Array,
 * Uint8Array, booleans; JavaScript's numbers and a Float64Array fit any). Integers and bools must be equal
 * unless a tolerance is given. NaN agrees with NaN alone, an infinity with the same infinity alone, whatever
 * the tolerances. Tensors are read synchronously: give `await t.data()` where the backend can't.
 *
 * @throws NdgradError that shows the first places where they differ.
 */
export function assertClose(actual: Comparable, expected: Comparable, options: CloseOptions = {}): void {
  checkCount('assertClose', arguments.length, 3);
  const problem = compare('assertClose', actual, expected, options);
  if (problem !== null) throw new NdgradError(`[assertClose] ${problem}`);
}

/** `assertClose` as a question. */
export function allClose(actual: Comparable, expected: Comparable, options: CloseOptions = {}): boolean {
  checkCount('allClose', arguments.length, 3);
  return compare('allClose', actual, expected, options) === null;
}

const closeOptions: Known<CloseOptions> = { relative: 0, absolute: 0, signedZeros: true };

function compare(
  name: string,
  actual: Comparable,
  expected: Comparable,
  options: CloseOptions,
): string | null {
  checkOptions(name, options, closeOptions);
  for (const what of ['relative', 'absolute'] as const)
    if (options[what] !== undefined) checkNumber(name, what, options[what]);
  return reportAs(name, () => difference(elementsOf(actual), elementsOf(expected), options));
}

/** How many differing places a message shows. */
const shown = 5;

function difference(a: Elements, e: Elements, options: CloseOptions): string | null {
  if (show(a.shape) !== show(e.shape)) return `got shape ${show(a.shape)}, wanted ${show(e.shape)}.`;
  if (a.dtypes !== null && e.dtypes !== null && !a.dtypes.some((dtype) => e.dtypes!.includes(dtype))) {
    return `got dtype ${a.dtypes.join(' or ')}, wanted ${e.dtypes.join(' or ')}.`;
  }
  const exact = isExact(a) || isExact(e);
  const { relative = exact ? 0 : 1e-5, absolute = exact ? 0 : 1e-8, signedZeros = false } = options;
  const wrong: number[] = [];
  for (let i = 0; i < a.data.length; i++) {
    if (!isClose(a.data[i]!, e.data[i]!, relative, absolute, signedZeros)) wrong.push(i);
  }
  if (wrong.length === 0) return null;
  const lines = wrong.slice(0, shown).map((i) => {
    return `  at ${placeOf(i, a.shape)}: got ${print(a.data[i]!)}, wanted ${print(e.data[i]!)}`;
  });
  if (wrong.length > shown) lines.push('  ...');
  const title =
    `${wrong.length} of ${a.data.length} values of shape ${show(a.shape)} differ by more than ` +
    `${absolute} + ${relative} * |wanted|:`;
  return [title, ...lines].join('\n');
}

const isExact = ({ dtypes }: Elements): boolean => dtypes !== null && !dtypes.includes('float32');

function isClose(a: number, e: number, relative: number, absolute: number, signedZeros: boolean): boolean {
  if (Object.is(a, e)) return true;
  if (signedZeros && a === 0 && e === 0) return false;
  if (!Number.isFinite(a) || !Number.isFinite(e)) return false;
  return Math.abs(a - e) <= absolute + relative * Math.abs(e);
}

const print = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));
