import type { ScalarType } from '../../../ir/dtype.ts';
import type { ExprOp } from '../../../ir/expr.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { Plain } from '../assembler/instructions.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { emitIntegerDivision, emitIntegerModulo, floatModulo } from './integer-division.ts';
import { f32x4, i32x4 } from './literals.ts';

// The vector code of each operation but the elementary functions, by the type of its (last) argument. Floats are f32x4, integers i32x4, and a bool is a
// mask: 0 or -1.

/** An argument of an operation. */
export interface Argument {
  readonly local: Local;
  /** Its value if it is a literal. */
  readonly literal: number | null;
  /** Whether all lanes and all points have the same value. */
  readonly isInvariant: boolean;
}

type Rule = (code: Code, args: readonly Argument[], plan: PlanCode) => Local;

type Rules = { readonly [Op in ExprOp]?: Rule };

/** A single instruction. */
const plain =
  (name: Plain): Rule =>
  (code, args) =>
    code.op(name, ...args.map((a) => a.local));

const same: Rule = (_code, [a]) => a!.local;

/** A rule that uses only the values of one or two arguments. */
const on =
  (make: (code: Code, a: Local, b: Local) => Local): Rule =>
  (code, [a, b = a]) =>
    make(code, a!.local, b!.local);

const select: Rule = (code, [p, a, b]) => {
  if (Object.is(b!.literal, 0)) return code.op('v128.and', a!.local, p!.local);
  if (Object.is(a!.literal, 0)) return code.op('v128.andnot', b!.local, p!.local);
  return code.op('v128.bitselect', a!.local, b!.local, p!.local);
};

/** -1, 0, -0, 1 or NaN. */
const floatSign = on((code, x) => {
  const one = code.op('v128.bitselect', x, f32x4(code, 1), f32x4(code, -0));
  const nonzero = code.op('f32x4.gt', code.op('f32x4.abs', x), f32x4(code, 0));
  return code.op('v128.bitselect', one, x, nonzero);
});

// `f32x4.max` and `f32x4.min` take more instructions, one after the other, on x86. Pseudo-maxima and minima depend on the order
// of a and b for zeros of different sign and if one is NaN.

export function emitFloatMax(code: Code, a: Local, b: Local): Local {
  const [x, y] = [code.op('f32x4.pmax', a, b), code.op('f32x4.pmax', b, a)];
  return code.op('v128.or', code.op('v128.and', x, y), code.op('f32x4.ne', x, y));
}

/** The bits of a NaN stay those of a NaN, whatever bits join them. */
export const emitFloatMin = (code: Code, a: Local, b: Local): Local =>
  code.op('v128.or', code.op('f32x4.pmin', a, b), code.op('f32x4.pmin', b, a));

/** Even faster if b is a literal. */
const floatMax: Rule = (code, [a, b]) => {
  if (b!.literal === null || Number.isNaN(b!.literal)) return emitFloatMax(code, a!.local, b!.local);
  // a < b ? b : a, which differs from max for -0 and 0 only.
  const larger = code.op('f32x4.pmax', a!.local, b!.local);
  return Object.is(b!.literal, 0) ? code.op('f32x4.add', larger, b!.local) : larger;
};

const floatMin: Rule = (code, [a, b]) => {
  const direct = b!.literal === null || Number.isNaN(b!.literal) || Object.is(b!.literal, -0);
  // b < a ? b : a
  return direct ? emitFloatMin(code, a!.local, b!.local) : code.op('f32x4.pmin', a!.local, b!.local);
};

const swapped =
  (rule: Rule): Rule =>
  (code, [a, b], plan) =>
    a!.literal !== null && b!.literal === null ? rule(code, [b!, a!], plan) : rule(code, [a!, b!], plan);

/** A shift by b modulo 32. */
const shift =
  (
    vector: 'i32x4.shl' | 'i32x4.shr_s' | 'i32x4.shr_u',
    scalar: 'i32.shl' | 'i32.shr_s' | 'i32.shr_u',
  ): Rule =>
  (code, [a, b]) => {
    const amount = b!.local;
    if (b!.literal !== null) return code.op(vector, a!.local, b!.literal & 31);
    if (b!.isInvariant) {
      const first = () => code.lane('i32x4.extract_lane', 0, amount);
      return code.op(vector, a!.local, code.once(`lane 0 of ${amount.index}`, first));
    }
    let result = a!.local;
    for (let l = 0; l < 4; l++) {
      const [x, n] = [a!.local, amount].map((v) => code.lane('i32x4.extract_lane', l, v));
      result = code.lane('i32x4.replace_lane', l, result, code.op(scalar, x!, n!));
    }
    return result;
  };

const toBool = on((code, a) => code.op('i32x4.ne', a, i32x4(code, 0)));

const f32: Rules = {
  neg: plain('f32x4.neg'),
  abs: plain('f32x4.abs'),
  sign: floatSign,
  sqrt: plain('f32x4.sqrt'),
  floor: plain('f32x4.floor'),
  ceil: plain('f32x4.ceil'),
  round: plain('f32x4.nearest'),
  add: plain('f32x4.add'),
  sub: plain('f32x4.sub'),
  mul: plain('f32x4.mul'),
  div: plain('f32x4.div'),
  mod: (code, [a, b], plan) => code.call(floatModulo(plan), a!.local, b!.local)!,
  max: swapped(floatMax),
  min: swapped(floatMin),
  lt: plain('f32x4.lt'),
  le: plain('f32x4.le'),
  eq: plain('f32x4.eq'),
  ne: plain('f32x4.ne'),
  select,
  i32: plain('i32x4.trunc_sat_f32x4_s'),
  u32: plain('i32x4.trunc_sat_f32x4_u'),
  bool: on((code, a) => code.op('f32x4.ne', a, f32x4(code, 0))),
};

const i32: Rules = {
  neg: plain('i32x4.neg'),
  abs: plain('i32x4.abs'),
  sign: on((code, a) => {
    const positive = code.op('i32x4.shr_u', code.op('i32x4.neg', a), 31);
    return code.op('v128.or', code.op('i32x4.shr_s', a, 31), positive);
  }),
  not: plain('v128.not'),
  add: plain('i32x4.add'),
  sub: plain('i32x4.sub'),
  mul: plain('i32x4.mul'),
  div: on((code, a, b) => emitIntegerDivision(code, a, b, true)),
  mod: on((code, a, b) => emitIntegerModulo(code, a, b, true)),
  max: plain('i32x4.max_s'),
  min: plain('i32x4.min_s'),
  lt: plain('i32x4.lt_s'),
  le: plain('i32x4.le_s'),
  eq: plain('i32x4.eq'),
  ne: plain('i32x4.ne'),
  and: plain('v128.and'),
  or: plain('v128.or'),
  xor: plain('v128.xor'),
  shl: shift('i32x4.shl', 'i32.shl'),
  shr: shift('i32x4.shr_s', 'i32.shr_s'),
  select,
  f32: plain('f32x4.convert_i32x4_s'),
  i32: same,
  u32: same,
  bool: toBool,
};

const u32: Rules = {
  ...i32,
  abs: same,
  sign: on((code, a) => code.op('i32x4.min_u', a, i32x4(code, 1))),
  div: on((code, a, b) => emitIntegerDivision(code, a, b, false)),
  mod: on((code, a, b) => emitIntegerModulo(code, a, b, false)),
  max: plain('i32x4.max_u'),
  min: plain('i32x4.min_u'),
  lt: plain('i32x4.lt_u'),
  le: plain('i32x4.le_u'),
  shr: shift('i32x4.shr_u', 'i32.shr_u'),
  f32: plain('f32x4.convert_i32x4_u'),
};

const fromBool = on((code, a) => code.op('i32x4.shr_u', a, 31));

const bool: Rules = {
  not: plain('v128.not'),
  and: plain('v128.and'),
  or: plain('v128.or'),
  xor: plain('v128.xor'),
  max: plain('v128.or'),
  min: plain('v128.and'),
  lt: on((code, a, b) => code.op('v128.andnot', b, a)),
  le: on((code, a, b) => code.op('v128.not', code.op('v128.andnot', a, b))),
  eq: plain('i32x4.eq'),
  ne: plain('v128.xor'),
  select,
  f32: on((code, a) => code.op('v128.and', a, f32x4(code, 1))),
  i32: fromBool,
  u32: fromBool,
};

const rules: { readonly [T in ScalarType]: Rules } = { f32, i32, u32, bool };

/** Emits an operation; `type` is that of its last argument. */
export function emitOperation(
  code: Code,
  plan: PlanCode,
  op: ExprOp,
  type: ScalarType,
  args: readonly Argument[],
): Local {
  const rule = rules[type][op];
  if (rule === undefined) throw new Error(`[wasm] ${op} is not an operation on ${type}`);
  return rule(code, args, plan);
}
