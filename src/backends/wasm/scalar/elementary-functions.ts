import type { Intrinsic } from '../../../ir/expr.ts';
import type { Arithmetic } from '../../../ir/math/arithmetic.ts';
import { binaryIntrinsics, unaryIntrinsics } from '../../../ir/math/intrinsics.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { Plain } from '../assembler/instructions.ts';
import { perPlan } from '../module/per-plan.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { f64x2, i32x4 } from './literals.ts';

/** Four doubles, two in each local. Constants have the same local for both halves. */
interface Doubles {
  readonly low: Local;
  readonly high: Local;
}

/** Four masks of 64 bits. */
interface Masks extends Doubles {
  /** a and b if the mask is a < b. */
  readonly less?: readonly [Doubles, Doubles];
}

/** 2^52: the bits of 2^52 + n, as an integer, are the bits of 2^52 plus n. */
const INTEGERS = 4503599627370496;
const BIAS = 1023;

/** Emits an intrinsic on f32 vectors, computed in doubles as in src/ir/math. */
export function emitIntrinsic(code: Code, plan: PlanCode, name: Intrinsic, args: readonly Local[]): Local {
  const m = doubles(code, plan);
  const [x, y] = args.map((a) => promote(code, a)) as [Doubles, Doubles];
  return demote(code, name === 'pow' ? binaryIntrinsics.pow(m, x, y) : unaryIntrinsics[name](m, x));
}

function promote(code: Code, x: Local): Doubles {
  const upper = code.shuffle([2, 3, 2, 3], x, x);
  return { low: code.op('f64x2.promote_low_f32x4', x), high: code.op('f64x2.promote_low_f32x4', upper) };
}

function demote(code: Code, { low, high }: Doubles): Local {
  const [a, b] = [low, high].map((half) => code.op('f32x4.demote_f64x2_zero', half));
  return code.shuffle([0, 1, 4, 5], a!, b!);
}

/** The instance of `Arithmetic` that emits instructions to `code`. */
function doubles(code: Code, plan: PlanCode): Arithmetic<Doubles, Masks> {
  const both = (name: Plain, ...args: readonly Doubles[]): Doubles => {
    const low = code.op(name, ...args.map((a) => a.low));
    const same = args.every((a) => a.low === a.high);
    return { low, high: same ? low : code.op(name, ...args.map((a) => a.high)) };
  };
  const unary = (name: Plain) => (a: Doubles) => both(name, a);
  const binary = (name: Plain) => (a: Doubles, b: Doubles) => both(name, a, b);
  const each = (a: Doubles, make: (half: Local) => Local): Doubles => {
    const low = make(a.low);
    return { low, high: a.low === a.high ? low : make(a.high) };
  };
  const constant = (value: number): Doubles => {
    const variable = f64x2(code, value);
    return { low: variable, high: variable };
  };
  const select = (p: Masks, a: Doubles, b: Doubles): Doubles => {
    // x < y ? y : x and x < y ? x : y are single instructions.
    const [x, y] = p.less ?? [];
    if (same(a, y) && same(b, x)) return both('f64x2.pmax', b, a);
    if (same(a, x) && same(b, y)) return both('f64x2.pmin', b, a);
    return both('v128.bitselect', a, b, p);
  };
  return {
    constant,
    add: binary('f64x2.add'),
    sub: binary('f64x2.sub'),
    mul: binary('f64x2.mul'),
    div: binary('f64x2.div'),
    neg: unary('f64x2.neg'),
    abs: unary('f64x2.abs'),
    floor: unary('f64x2.floor'),
    less: (a, b) => ({ ...both('f64x2.lt', a, b), less: [a, b] }),
    equal: binary('f64x2.eq'),
    not: unary('v128.not'),
    and: binary('v128.and'),
    or: binary('v128.or'),
    select,
    exponent: (a) => {
      const biased = each(a, (half) => {
        const bits = code.op('i64x2.shr_u', code.op('f64x2.abs', half), 52);
        return code.op('v128.or', bits, f64x2(code, INTEGERS));
      });
      return both('f64x2.sub', biased, constant(INTEGERS + BIAS));
    },
    powerOfTwo: (n) =>
      each(both('f64x2.add', n, constant(INTEGERS + BIAS)), (half) => code.op('i64x2.shl', half, 52)),
    lookup: (table, i) => {
      const address = code.op('i32x4.splat', tableAddress(code, plan, table));
      return each(i, (half) => {
        const whole = code.op('i32x4.trunc_sat_f64x2_s_zero', half);
        const index = code.op('i32x4.min_u', whole, i32x4(code, table.length - 1));
        const at = code.op('i32x4.add', address, code.op('i32x4.shl', index, 3));
        const first = code.load('v128.load64_zero', [code.lane('i32x4.extract_lane', 0, at)]);
        return code.loadLane('v128.load64_lane', 1, code.lane('i32x4.extract_lane', 1, at), first);
      });
    },
    seldom: (p, rare, usual) => {
      const values = usual.map(({ low, high }) => ({ low: code.copy(low), high: code.copy(high) }));
      code.if(code.op('v128.any_true', code.op('v128.or', p.low, p.high)), () => {
        rare().forEach((value, k) => {
          const [chosen, target] = [select(p, value, values[k]!), values[k]!];
          code.set(target.low, chosen.low);
          code.set(target.high, chosen.high);
        });
      });
      return values;
    },
  };
}

const same = (a: Doubles, b: Doubles | undefined): boolean => a.low === b?.low && a.high === b.high;

const tables = perPlan(() => new Map<readonly number[], number>());

function tableAddress(code: Code, plan: PlanCode, table: readonly number[]): Local {
  const known = tables(plan);
  const word = known.get(table) ?? plan.table(new Int32Array(Float64Array.from(table).buffer));
  known.set(table, word);
  return plan.word(code, word);
}
