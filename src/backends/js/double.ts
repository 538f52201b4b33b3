// The only file that may use the host's elementary functions. Their last bits differ between engines, which does not
// matter in double mode.

import { dtypes } from '../../ir/dtype.ts';
import type { Intrinsic } from '../../ir/expr.ts';
import { erf } from '../../ir/math/index.ts';
import { loopTableWith, type Precision } from './precision.ts';
import { type ElementwiseLoop, RegisterFile } from './registers.ts';

const intrinsics: Record<Intrinsic, ElementwiseLoop> = {
  exp: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.exp(a[i]!);
  },
  expm1: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.expm1(a[i]!);
  },
  log: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.log(a[i]!);
  },
  log1p: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.log1p(a[i]!);
  },
  sin: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.sin(a[i]!);
  },
  cos: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.cos(a[i]!);
  },
  tanh: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.tanh(a[i]!);
  },
  erf: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = erf(a[i]!);
  },
  sigmoid: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = 1 / (1 + Math.exp(-a[i]!));
  },
  softplus: (n, o, a) => {
    for (let i = 0; i < n; i++) o[i] = Math.max(a[i]!, 0) + Math.log1p(Math.exp(-Math.abs(a[i]!)));
  },
  pow: (n, o, a, b) => {
    for (let i = 0; i < n; i++) {
      const x = a[i]!;
      const y = b[i]!;
      // Math.pow gives NaN for 1^NaN and (-1)^Infinity; C99 and our pow give 1.
      o[i] = x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
    }
  },
};

/**
 * Double precision: f32 values are doubles, integers and bools are unchanged. The calls are marked as pure, so that bundlers
 * can drop them from programs without gradcheck.
 */
export const double: Precision = {
  registers: /* @__PURE__ */ new RegisterFile((size) => new Float64Array(size)),
  loops: /* @__PURE__ */ loopTableWith(intrinsics),
  tile: (k, out, a, b, from) => {
    out.fill(0, 0, 8);
    for (let p = 0; p < k; p++) {
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 2; j++) out[2 * i + j] = out[2 * i + j]! + a[4 * p + i]! * b[from + 2 * p + j]!;
      }
    }
  },
  arena: () => null,
  inArena: (_arena, dtype, _byteOffset, size) =>
    dtype === 'float32' ? new Float64Array(size) : dtypes[dtype].allocate(size),
};
