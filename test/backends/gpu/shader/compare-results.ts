import type { Case } from './cases.ts';

export interface Comparison {
  /** The largest relative error of the results that have a tolerance and are normal numbers. */
  readonly worst: number;
  /** Descriptions of the first wrong results. */
  readonly problems: readonly string[];
}

/** The relative error that the library promises. */
export const TOLERANCE = 1e-6;
const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = 3.4028234663852886e38;
const INFINITE_FROM = 2 ** 128;

/** Compares results, given as bits, with the expected ones. */
export function compareResults(
  which: Case,
  columns: readonly Uint32Array<ArrayBuffer>[],
  got: Uint32Array<ArrayBuffer>,
): Comparison {
  const expected = which.expected(columns);
  // The arithmetic of a device may treat a denormal as zero.
  const flushed = which.kind === 'arithmetic' ? which.expected(columns.map(flush)) : expected;
  const floats = new Float32Array(got.buffer);
  const problems: string[] = [];
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    let error: number;
    if (which.result !== 'f32') error = got[i] === expected[i]! >>> 0 ? 0 : Infinity;
    else if (which.kind === 'exact') error = Object.is(floats[i], Math.fround(expected[i]!)) ? 0 : Infinity;
    else error = Math.min(errorOf(floats[i]!, expected[i]!), errorOf(floats[i]!, flushed[i]!));
    worst = Math.max(worst, error);
    if (error <= TOLERANCE || problems.length > 4) continue;
    const shown = which.result === 'f32' ? floats[i] : got[i];
    problems.push(`${which.name}(${argumentsAt(which, columns, i)}) = ${shown}, not ${expected[i]}`);
  }
  return { worst, problems };
}

/** Relative error. For zeros, infinities, NaN and denormals it is 0 if they agree, else Infinity. */
export function errorOf(got: number, expected: number): number {
  if (Number.isNaN(expected)) return Number.isNaN(got) ? 0 : Infinity;
  const isNegative = expected < 0 || Object.is(expected, -0);
  if (Number.isNaN(got) || (got < 0 || Object.is(got, -0)) !== isNegative) return Infinity;
  const size = Math.abs(expected);
  if (size < SMALLEST_NORMAL) {
    const rounded = Math.abs(Math.abs(got) - size) <= 2 * 2 ** -149;
    return rounded || (got === 0 && size > 0) ? 0 : Infinity;
  }
  const isLimit = size >= LARGEST * (1 - TOLERANCE) && Math.abs(got) === Infinity;
  if (isLimit) return 0;
  const nearLimit = size < INFINITE_FROM * (1 + TOLERANCE) && Math.abs(got) >= LARGEST * (1 - TOLERANCE);
  if (size > LARGEST) return nearLimit ? 0 : Infinity;
  return Math.abs(got - expected) / size;
}

function flush(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return column.map((bits) => ((bits & 0x7f800000) === 0 ? bits & 0x80000000 : bits));
}

function argumentsAt({ parameters }: Case, columns: readonly Uint32Array<ArrayBuffer>[], i: number): string {
  return columns
    .map((column, k) => (parameters[k] === 'f32' ? new Float32Array(column.buffer)[i] : column[i]! | 0))
    .join(', ');
}

/** A table of the largest errors. */
export function table(title: string, worst: ReadonlyMap<string, number>): string {
  const rows = [...worst].map(
    ([name, error]) => `  ${name.padEnd(12)} ${error === 0 ? 'exact' : error.toExponential(1)}`,
  );
  return [title, ...rows].join('\n');
}
