import { dtypes } from '../../ir/dtype.ts';
import type { Intrinsic } from '../../ir/expr.ts';
import { intrinsics as definitions, floats } from '../../ir/math/index.ts';
import { loopTableWith, type Precision } from './precision.ts';
import { type ElementwiseLoop, type Register, RegisterFile } from './registers.ts';

const intrinsics: Record<Intrinsic, ElementwiseLoop> = {
  exp: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.exp(floats, a[i]!);
  },
  expm1: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.expm1(floats, a[i]!);
  },
  log: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.log(floats, a[i]!);
  },
  log1p: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.log1p(floats, a[i]!);
  },
  sin: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.sin(floats, a[i]!);
  },
  cos: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.cos(floats, a[i]!);
  },
  tanh: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.tanh(floats, a[i]!);
  },
  erf: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.erf(floats, a[i]!);
  },
  sigmoid: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.sigmoid(floats, a[i]!);
  },
  softplus: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = definitions.softplus(floats, a[i]!);
  },
  pow: (n, o, a, b) => {
    for (let i = 0; i < n; i++) o[i] = definitions.pow(floats, a[i]!, b[i]!);
  },
};

/** The arithmetic of all CPU backends: f32 is float32, rounded after every operation. */
export const single: Precision = {
  registers: new RegisterFile((size) => new Float32Array(size)),
  loops: loopTableWith(intrinsics),
  tile: floatTile,
  arena: sharedArena,
  inArena: (arena, dtype, byteOffset, size) => dtypes[dtype].on(arena!, byteOffset, size),
};

let shared = new ArrayBuffer(0);

/**
 * All plans share one arena, since they run one after the other. It grows to the maximum that a plan needs.
 */
function sharedArena(bytes: number): ArrayBuffer {
  if (shared.byteLength < bytes) shared = new ArrayBuffer(Math.max(bytes, 2 * shared.byteLength));
  return shared;
}

function floatTile(k: number, out: Register, a: Register, b: Register, from: number): void {
  const round = Math.fround;
  let c00 = round(0);
  let c01 = round(0);
  let c10 = round(0);
  let c11 = round(0);
  let c20 = round(0);
  let c21 = round(0);
  let c30 = round(0);
  let c31 = round(0);
  for (let p = 0, q = from; p < 4 * k; p += 4, q += 2) {
    const a0 = a[p]!;
    const a1 = a[p + 1]!;
    const a2 = a[p + 2]!;
    const a3 = a[p + 3]!;
    const b0 = b[q]!;
    const b1 = b[q + 1]!;
    c00 = round(c00 + round(a0 * b0));
    c01 = round(c01 + round(a0 * b1));
    c10 = round(c10 + round(a1 * b0));
    c11 = round(c11 + round(a1 * b1));
    c20 = round(c20 + round(a2 * b0));
    c21 = round(c21 + round(a2 * b1));
    c30 = round(c30 + round(a3 * b0));
    c31 = round(c31 + round(a3 * b1));
  }
  out[0] = c00;
  out[1] = c01;
  out[2] = c10;
  out[3] = c11;
  out[4] = c20;
  out[5] = c21;
  out[6] = c30;
  out[7] = c31;
}
