import type { ElementwiseLoop } from '../registers.ts';

/** Loops over i32. Storing to an Int32Array wraps. */
export const intLoops = {
  neg: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = 0 - a[i]!;
  },
  abs: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.abs(a[i]!);
  },
  sign: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! > 0 ? 1 : a[i]! >> 31;
  },
  not: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = ~a[i]!;
  },
  add: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! + b[i]!;
  },
  sub: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! - b[i]!;
  },
  mul: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = Math.imul(a[i]!, b[i]!);
  },
  div: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = (a[i]! / b[i]!) | 0;
  },
  mod: (n, o, a, b) => {
    for (let i = 0; i < n; i++) {
      const y = b[i]!;
      const rest = (a[i]! % y) | 0;
      o[i] = rest !== 0 && (rest ^ y) < 0 ? rest + y : rest;
    }
  },
  max: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = Math.max(a[i]!, b[i]!);
  },
  min: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = Math.min(a[i]!, b[i]!);
  },
  lt: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! < b[i]! ? 1 : 0;
  },
  le: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! <= b[i]! ? 1 : 0;
  },
  eq: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i] === b[i] ? 1 : 0;
  },
  ne: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== b[i] ? 1 : 0;
  },
  and: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! & b[i]!;
  },
  or: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! | b[i]!;
  },
  xor: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! ^ b[i]!;
  },
  shl: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! << b[i]!;
  },
  shr: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! >> b[i]!;
  },
  select: (n, o, a, b, c) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? b[i]! : c[i]!;
  },
  f32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]!;
  },
  i32: copy,
  u32: copy,
  bool: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? 1 : 0;
  },
} satisfies Record<string, ElementwiseLoop>;

/** Loops over u32, stored as bits in an Int32Array: those of i32, except where the sign matters. */
export const uintLoops = {
  ...intLoops,
  abs: copy,
  sign: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? 1 : 0;
  },
  div: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = ((a[i]! >>> 0) / (b[i]! >>> 0)) | 0;
  },
  mod: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = ((a[i]! >>> 0) % (b[i]! >>> 0)) | 0;
  },
  max: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = Math.max(a[i]! >>> 0, b[i]! >>> 0);
  },
  min: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = Math.min(a[i]! >>> 0, b[i]! >>> 0);
  },
  lt: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! >>> 0 < b[i]! >>> 0 ? 1 : 0;
  },
  le: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! >>> 0 <= b[i]! >>> 0 ? 1 : 0;
  },
  shr: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! >>> b[i]!;
  },
  f32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! >>> 0;
  },
} satisfies Record<string, ElementwiseLoop>;

function copy(n: number, o: Parameters<ElementwiseLoop>[1], a: Parameters<ElementwiseLoop>[2]): void {
  for (let i = 0; i < n; i++) o[i] = a[i]!;
}
