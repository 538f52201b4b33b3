import type { ElementwiseLoop } from '../registers.ts';

/** 2^52: all doubles of at least this size are integers, so adding it rounds to an integer, half to even. */
const INTEGERS = 4503599627370496;

/**
 * Loops over floats. They compute in doubles, and storing to a Float32Array rounds to float32. For + - * / and sqrt of
 * float32 numbers that gives the same bits as float32 arithmetic.
 */
export const floatLoops = {
  neg: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = -a[i]!;
  },
  abs: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.abs(a[i]!);
  },
  sign: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.sign(a[i]!);
  },
  sqrt: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.sqrt(a[i]!);
  },
  floor: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.floor(a[i]!);
  },
  ceil: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.ceil(a[i]!);
  },
  round: (n, o, a) => {
    for (let i = 0; i < n; i++) {
      const x = a[i]!;
      const size = Math.abs(x);
      const rounded = size + INTEGERS - INTEGERS;
      o[i] = size < INTEGERS && x !== 0 ? (x < 0 ? -rounded : rounded) : x;
    }
  },
  add: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! + b[i]!;
  },
  sub: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! - b[i]!;
  },
  mul: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! * b[i]!;
  },
  div: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! / b[i]!;
  },
  mod: (n, o, a, b) => {
    for (let i = 0; i < n; i++) {
      const y = b[i]!;
      const rest = a[i]! % y;
      if (rest === 0) o[i] = y < 0 ? -0 : 0;
      else o[i] = rest < 0 !== y < 0 ? rest + y : rest;
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
    for (let i = 0; i < n; i++) o[i] = a[i]! === b[i]! ? 1 : 0;
  },
  ne: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = a[i]! !== b[i]! ? 1 : 0;
  },
  select: (n, o, a, b, c) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? b[i]! : c[i]!;
  },
  // Storing to an integer array truncates and converts NaN to 0.
  i32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.max(-2147483648, Math.min(a[i]!, 2147483647));
  },
  u32: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.max(0, Math.min(a[i]!, 4294967295));
  },
  bool: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = a[i] !== 0 ? 1 : 0;
  },
} satisfies Record<string, ElementwiseLoop>;
