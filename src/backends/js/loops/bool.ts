import type { ElementwiseLoop } from '../registers.ts';

/** Loops over bools, which are 0 and 1. */
export const boolLoops = {
  not: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! ^ 1;
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
  max: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! | b[i]!;
  },
  min: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! & b[i]!;
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
  select: (n, o, a, b, c) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? b[i]! : c[i]!;
  },
  f32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]!;
  },
  i32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]!;
  },
  u32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i]!;
  },
} satisfies Record<string, ElementwiseLoop>;
