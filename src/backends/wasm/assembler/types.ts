/** WebAssembly value types. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** Binary codes of the types, from the specification (WebAssembly 2.0, section 5.3). */
export const typeCodes: { readonly [T in ValueType]: number } = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** A type's letter in the signatures of instructions.ts. */
export const typeOfLetter: { readonly [letter: string]: ValueType } = {
  i: 'i32',
  l: 'i64',
  f: 'f32',
  d: 'f64',
  v: 'v128',
};
