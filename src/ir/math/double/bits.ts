// Operations of `Arithmetic` for which JavaScript has no operator.

const view = new DataView(new ArrayBuffer(8));

/** floor(log2 |a|) of a normal number; see `DoubleArithmetic.exponent`. */
export function exponent(a: number): number {
  view.setFloat64(0, a, true);
  return ((view.getInt32(4, true) >>> 20) & 2047) - 1023;
}

/** Entry i is the double with exponent bits i and no others: 2^(i - 1023), but 0 for i = 0. */
const powers = /* @__PURE__ */ makePowers();

function makePowers(): Float64Array {
  const table = new Float64Array(2048);
  for (let i = 1, power = 2.2250738585072014e-308; i < 2048; i++, power *= 2) table[i] = power;
  return table;
}

/** 2^n for an integer n from -1022 to 1023; see `Arithmetic.powerOfTwo`. */
export function powerOfTwo(n: number): number {
  return powers[(n + 1023) & 2047]!;
}

/** table[i]; see `DoubleArithmetic.lookup`. */
export function lookup(table: readonly number[], i: number): number {
  return table[i] ?? 0;
}
