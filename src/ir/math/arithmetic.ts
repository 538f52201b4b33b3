/**
 * The arithmetic in which the intrinsics are written. Each intrinsic is defined once, as a function over an abstract
 * `Arithmetic`; an instance defines what a value is: a number, or a local of a WebAssembly function.
 *
 * All values are IEEE 754 doubles and every operation is exact or correctly rounded, so that all instances of a definition
 * give the same bits. Instances must not contract operations into fused multiply-adds.
 */
export interface Arithmetic<T, B> {
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
  /**
   * floor(log2 |a|) of a normal number, from its exponent bits. Any number for zeros, subnormals, infinities
   * and NaN.
   */
  readonly exponent: (a: T) => T;
  /** 2^n for an integer n from -1022 to 1023. Any number for other arguments. */
  readonly powerOfTwo: (n: T) => T;
  /** table[i] for an integer i within the table. Any number for other arguments, without a trap. */
  readonly lookup: (table: readonly number[], i: T) => T;
  /**
   * `select` for several values whose first side is expensive and rarely needed: an instance may skip `rare` if p holds in
   * no lane, and may compute it in lanes where p does not hold.
   */
  readonly seldom: (p: B, rare: () => readonly T[], usual: readonly T[]) => readonly T[];
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
  /** The nearest integer, ties to even, for |a| < 2^51. -0 becomes +0. */
  readonly nearest: (a: T) => T;
  /** c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule. */
  readonly polynomial: (x: T, c: readonly number[]) => T;
  /** a limited to [lo, hi]; NaN stays. */
  readonly clamp: (a: T, lo: number, hi: number) => T;
  /** a + b = sum + error exactly (Knuth's TwoSum). */
  readonly twoSum: (a: T, b: T) => { sum: T; error: T };
  /** a * b = product + error exactly, where nothing overflows or underflows (Dekker). */
  readonly twoProduct: (a: T, b: T) => { product: T; error: T };
  /** The 26 leading bits of a, so that the product of two such is exact (Veltkamp's splitting). */
  readonly head: (a: T) => T;
}

/** 1.5 * 2^52: doubles near it are the integers, so adding it rounds to an integer. */
const ROUND = 6755399441055744;
/** 2^27 + 1 */
const SPLIT = 134217729;

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
  const value = (a: T | number): T => (typeof a === 'number' ? m.constant(a) : a);
  const add = (a: T | number, b: T | number): T => m.add(value(a), value(b));
  const sub = (a: T | number, b: T | number): T => m.sub(value(a), value(b));
  const mul = (a: T | number, b: T | number): T => m.mul(value(a), value(b));
  const less = (a: T | number, b: T | number): B => m.less(value(a), value(b));
  const select = (p: B, a: T | number, b: T | number): T => m.select(p, value(a), value(b));
  const head = (a: T): T => {
    const t = mul(a, SPLIT);
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
    nearest: (a) => sub(add(a, ROUND), ROUND),
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
