import type { Code, Local } from '../assembler/code.ts';
import { perPlan } from '../module/per-plan.ts';
import { f64x2, i32x4 } from './literals.ts';

// Quotients and remainders, computed with doubles because WebAssembly has no vector instructions for them.

/** 1.5 * 2^52: a double near it has an integer's two's complement in its lower 32 bits. */
const INTEGERS = 6755399441055744;

/** Emits a / b, rounded towards zero and wrapped; 0 if b is 0. */
export function emitIntegerDivision(code: Code, a: Local, b: Local, signed: boolean): Local {
  const convert = signed ? 'f64x2.convert_low_i32x4_s' : 'f64x2.convert_low_i32x4_u';
  const [low, high] = [
    [a, b],
    [upper(code, a), upper(code, b)],
  ].map((pair) => {
    const [x, y] = pair.map((half) => code.op(convert, half));
    // For 32-bit integers the truncated quotient in double precision is exact.
    const whole = code.op('f64x2.trunc', code.op('f64x2.div', x!, y!));
    return code.op('f64x2.add', whole, f64x2(code, INTEGERS));
  });
  // If b is 0 these are infinities and canonical NaNs, whose lower 32 bits are 0.
  return code.shuffle([0, 2, 4, 6], low!, high!);
}

/** Emits the remainder of a / b with the sign of b; 0 if b is 0. */
export function emitIntegerModulo(code: Code, a: Local, b: Local, signed: boolean): Local {
  const whole = code.op('i32x4.mul', emitIntegerDivision(code, a, b, signed), b);
  const exact = code.op('i32x4.sub', a, whole);
  const rest = code.op('v128.and', exact, code.op('i32x4.ne', b, i32x4(code, 0)));
  if (!signed) return rest;
  const differ = code.op('i32x4.shr_s', code.op('v128.xor', rest, b), 31);
  const wrong = code.op('v128.and', differ, code.op('i32x4.ne', rest, i32x4(code, 0)));
  return code.op('i32x4.add', rest, code.op('v128.and', b, wrong));
}

/**
 * A function of two f32 vectors: the exact remainder of a / b, with the sign of b as in Python. NaN if a is infinite or b
 * is 0.
 */
export const floatModulo = perPlan((plan) =>
  plan.module.function(['v128', 'v128'], ['v128'], (code, a, b) => {
    const halves = [
      [a!, b!],
      [upper(code, a!), upper(code, b!)],
    ].map(([x, y]) => {
      const rest = emitModulo(
        code,
        code.op('f64x2.promote_low_f32x4', x!),
        code.op('f64x2.promote_low_f32x4', y!),
      );
      return code.op('f32x4.demote_f64x2_zero', rest);
    });
    code.return(code.shuffle([0, 1, 4, 5], halves[0]!, halves[1]!));
  }),
);

/** The same for doubles that are float32 numbers. */
function emitModulo(code: Code, x: Local, y: Local): Local {
  const zero = f64x2(code, 0);
  const [size, width] = [code.op('f64x2.abs', x), code.op('f64x2.abs', y)];
  const infinity = f64x2(code, Infinity);
  const usual = code.op('v128.and', code.op('f64x2.lt', size, infinity), code.op('f64x2.lt', zero, width));
  const divisor = code.op('v128.bitselect', width, infinity, usual);
  const rest = code.op('v128.and', size, usual);
  // Subtracts multiples q t of the divisor, where t is the divisor times a power of two. Rest and t have 24 bits and q
  // has 29, so the product and the difference are exact, and truncating the rounded quotient gives the true floor.
  code.block((leave) => {
    code.loop(() => {
      const enough = code.op('f64x2.le', divisor, rest);
      leave(code.op('i32.eqz', code.op('v128.any_true', enough)));
      const exponents = code.op('i64x2.sub', exponent(code, rest), exponent(code, divisor));
      const beyond = code.op('i64x2.sub', exponents, code.literal(Int32Array.of(28, 0, 28, 0)));
      // A negative number has -1 in its upper half.
      const shift = code.op('i64x2.shl', code.op('i32x4.max_s', beyond, i32x4(code, 0)), 52);
      const t = code.op('i64x2.add', divisor, shift);
      const q = code.op('f64x2.trunc', code.op('f64x2.div', rest, t));
      const taken = code.op('v128.and', code.op('f64x2.mul', q, t), enough);
      code.update(rest, 'f64x2.sub', rest, taken);
      return 1;
    });
  });
  const signed = code.op('v128.bitselect', x, rest, f64x2(code, -0));
  const differ = code.op('v128.xor', code.op('f64x2.lt', signed, zero), code.op('f64x2.lt', y, zero));
  const moved = code.op('v128.bitselect', code.op('f64x2.add', signed, y), signed, differ);
  const zeros = code.op('v128.and', y, f64x2(code, -0));
  const exact = code.op('v128.bitselect', zeros, moved, code.op('f64x2.eq', rest, zero));
  return code.op('v128.bitselect', exact, f64x2(code, NaN), usual);
}

const exponent = (code: Code, positive: Local): Local => code.op('i64x2.shr_u', positive, 52);

const upper = (code: Code, x: Local): Local => code.shuffle([2, 3, 2, 3], x, x);
