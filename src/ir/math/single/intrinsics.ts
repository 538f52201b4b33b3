import type { SingleArithmetic } from '../arithmetic.ts';
import { erf } from './error.ts';
import { exp, expm1, tanh } from './exponential.ts';
import { log, log1p } from './logarithm.ts';
import { sigmoid, softplus } from './logistic.ts';
import { pow } from './power.ts';
import { cos, sin } from './trigonometric.ts';

/** The definitions of the intrinsics, by name. */
export const intrinsics = {
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tanh,
  erf,
  sigmoid,
  softplus,
  pow,
} satisfies Record<string, <T, B>(m: SingleArithmetic<T, B>, x: T, y: T) => T>;
