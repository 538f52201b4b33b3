// What this library uses of fast-check. It is an optional package that callers pass in, and the declarations must compile
// without its types.

/** An arbitrary of fast-check: random values with shrinking. */
export interface Arbitrary<T> {
  // biome-ignore lint/suspicious/noExplicitAny: the types of fast-check's parts are known there only
  generate(random: any, bias: number | undefined): any;
  canShrinkWithoutContext(value: unknown): value is T;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  shrink(value: T, context: unknown): any;
  filter(predicate: (value: T) => boolean): Arbitrary<T>;
  map<U>(mapper: (value: T) => U): Arbitrary<U>;
  chain<U>(chainer: (value: T) => Arbitrary<U>): Arbitrary<U>;
}

/** The module `fast-check`: `import fc from 'fast-check'`. */
export interface FastCheck {
  integer(constraints: { readonly min?: number; readonly max?: number }): Arbitrary<number>;
  float(constraints: {
    readonly min?: number;
    readonly max?: number;
    readonly noNaN?: boolean;
  }): Arbitrary<number>;
  array<T>(
    arbitrary: Arbitrary<T>,
    constraints: { readonly minLength?: number; readonly maxLength?: number },
  ): Arbitrary<T[]>;
  tuple<A, B>(first: Arbitrary<A>, second: Arbitrary<B>): Arbitrary<[A, B]>;
}
