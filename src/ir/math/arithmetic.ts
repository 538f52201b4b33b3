/**
 * The arithmetic in which elementary functions are written. Each function is defined once over an abstract arithmetic; an
 * instance defines what a value is: a number, or a local of a WebAssembly function.
 *
 * All values of an instance have one IEEE 754 format, float32 or double, and every operation is exact or correctly rounded,
 * so that all instances of a definition give the same bits. Instances must not contract operations into fused
 * multiply-adds.
 */
export interface Arithmetic<T, B> {
  readonly format: Format;
  readonly constant: (value: number) => T;
  readonly add: (a: T, b: T) => T;
  readonly sub: (a: T, b: T) => T;
  readonly mul: (a: T, b: T) => T;
  readonly div: (a: T, b: T) => T;
  readonly neg: (a: T) => T;
  readonly abs: (a: T) => T;
  readonly floor: (a: T) => T;
  /** a < b; false if either is NaN. */
  readonly less: (a: T, b: T) => B;
  /** a = b; -0 equals +0, NaN equals nothing. */
  readonly equal: (a: T, b: T) => B;
  readonly not: (p: B) => B;
  readonly and: (p: B, q: B) => B;
  readonly or: (p: B, q: B) => B;
  /** Both sides are computed: they are values, not branches. */
  readonly select: (p: B, a: T, b: T) => T;
  /** 2^n for an integer n if it is a normal number. Any number for other arguments. */
  readonly powerOfTwo: (n: T) => T;
  /**
   * `select` for several values whose first side is expensive and rarely needed: an instance may skip `rare` if p holds in
   * no lane, and may compute it in lanes where p does not hold.
   */
  readonly seldom: (p: B, rare: () => readonly T[], usual: readonly T[]) => readonly T[];
}

/** Constants of a number format with p bits. */
export interface Format {
  /** 1.5 * 2^(p - 1): numbers near it are the integers, so adding it rounds to an integer. */
  readonly integers: number;
  /** 2^ceil(p / 2) + 1, which splits a number into halves. */
  readonly split: number;
}

export const singleFormat: Format = { integers: 12582912, split: 4097 };
export const doubleFormat: Format = { integers: 6755399441055744, split: 134217729 };

/** The bits of sqrt(1/2) as float32, for `SingleArithmetic.split`. */
export const SQRT_HALF = 0x3f3504f3;

/** Arithmetic of doubles. */
export interface DoubleArithmetic<T, B> extends Arithmetic<T, B> {
  /**
   * floor(log2 |a|) of a normal number, from its exponent bits. Any number for zeros, subnormals, infinities
   * and NaN.
   */
  readonly exponent: (a: T) => T;
  /** table[i] for an integer i within the table. Any number for other arguments, without a trap. */
  readonly lookup: (table: readonly number[], i: T) => T;
}

/** Arithmetic of float32 numbers. */
export interface SingleArithmetic<T, B> extends Arithmetic<T, B> {
  /** a = fraction * 2^k, sqrt(1/2) <= fraction < sqrt 2, for a normal a > 0. Any numbers for other arguments. */
  readonly split: (a: T) => { readonly k: T; readonly fraction: T };
  /** a * 2^k, rounded once, for a near 1 and an integer k with |k| < 200. a times any number for other k. */
  readonly scale: (a: T, k: T) => T;
  /** sin(n pi/2 + r) from sin r and cos r, for an integer n with |n| < 2^22. Either, with any sign, for other n. */
  readonly quarterTurns: (n: T, sine: T, cosine: T) => T;
  /** a with the sign of b; a is positive, +0, NaN, or has that sign already. */
  readonly withSign: (a: T, b: T) => T;
  /** Values that are computed in doubles and rounded to float32. */
  readonly inDouble: (
    compute: <D, E>(m: DoubleArithmetic<D, E>, ...args: readonly D[]) => readonly D[],
    ...args: readonly T[]
  ) => readonly T[];
}

/** `Arithmetic` with literals as operands, and idioms that the intrinsics share. */
export interface Notation<T, B> {
  readonly add: (a: T | number, b: T | number) => T;
  readonly sub: (a: T | number, b: T | number) => T;
  readonly mul: (a: T | number, b: T | number) => T;
  readonly div: (a: T | number, b: T | number) => T;
  readonly less: (a: T | number, b: T | number) => B;
  readonly equal: (a: T | number, b: T | number) => B;
  readonly select: (p: B, a: T | number, b: T | number) => T;
  /** The nearest integer, ties to even, for |a| < 2^(p - 2). -0 becomes +0. */
  readonly nearest: (a: T) => T;
  /** c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule. */
  readonly polynomial: (x: T, c: readonly number[]) => T;
  /** a limited to [lo, hi]; NaN stays. */
  readonly clamp: (a: T, lo: number, hi: number) => T;
  /** a + b = sum + error exactly (Knuth's TwoSum). */
  readonly twoSum: (a: T, b: T) => { sum: T; error: T };
  /** a * b = product + error exactly, where nothing overflows or underflows (Dekker). */
  readonly twoProduct: (a: T, b: T) => { product: T; error: T };
  /** The leading half of the bits of a, so that the product of two such is exact (Veltkamp's splitting). */
  readonly head: (a: T) => T;
}

/** The notation of each arithmetic, created once. */
const notations = /* @__PURE__ */ new WeakMap<object, object>();

export function notation<T, B>(m: Arithmetic<T, B>): Notation<T, B> {
  const known = notations.get(m) as Notation<T, B> | undefined;
  if (known !== undefined) return known;
  const made = makeNotation(m);
  notations.set(m, made);
  return made;
}

function makeNotation<T, B>(m: Arithmetic<T, B>): Notation<T, B> {
  const { integers, split } = m.format;
  const value = (a: T | number): T => (typeof a === 'number' ? m.constant(a) : a);
  const add = (a: T | number, b: T | number): T => m.add(value(a), value(b));
  const sub = (a: T | number, b: T | number): T => m.sub(value(a), value(b));
  const mul = (a: T | number, b: T | number): T => m.mul(value(a), value(b));
  const less = (a: T | number, b: T | number): B => m.less(value(a), value(b));
  const select = (p: B, a: T | number, b: T | number): T => m.select(p, value(a), value(b));
  const head = (a: T): T => {
    const t = mul(a, split);
    return sub(t, sub(t, a));
  };
  return {
    add,
    sub,
    mul,
    div: (a, b) => m.div(value(a), value(b)),
    less,
    equal: (a, b) => m.equal(value(a), value(b)),
    select,
    nearest: (a) => sub(add(a, integers), integers),
    polynomial: (x, c) => {
      let sum = value(c[c.length - 1]!);
      for (let i = c.length - 2; i >= 0; i--) sum = add(mul(sum, x), c[i]!);
      return sum;
    },
    clamp: (a, lo, hi) => {
      const raised = select(less(a, lo), lo, a);
      return select(less(hi, raised), hi, raised);
    },
    twoSum: (a, b) => {
      const sum = add(a, b);
      const rest = sub(sum, a);
      return { sum, error: add(sub(a, sub(sum, rest)), sub(b, rest)) };
    },
    twoProduct: (a, b) => {
      const product = mul(a, b);
      const [aHead, bHead] = [head(a), head(b)];
      const [aTail, bTail] = [sub(a, aHead), sub(b, bHead)];
      const crossed = sub(sub(mul(aHead, bHead), product), m.neg(mul(aHead, bTail)));
      return { product, error: add(mul(aTail, bTail), add(crossed, mul(aTail, bHead))) };
    },
    head,
  };
}
