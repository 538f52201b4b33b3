import type { Intrinsic } from '../../../ir/expr.ts';
import {
  type Arithmetic,
  type DoubleArithmetic,
  doubleFormat,
  type SingleArithmetic,
  SQRT_HALF,
  singleFormat,
} from '../../../ir/math/arithmetic.ts';
import { intrinsics } from '../../../ir/math/index.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { Plain } from '../assembler/instructions.ts';
import { perPlan } from '../module/per-plan.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { f32x4, f64x2, i32x4 } from './literals.ts';

/**
 * Four doubles, two in each local, or two vectors of floats; constants and a single vector of floats have the same local for
 * both.
 */
interface Lanes {
  readonly low: Local;
  readonly high: Local;
}

/** The masks of as many numbers. */
interface Masks extends Lanes {
  /** a and b if the mask is a < b. */
  readonly less?: readonly [Lanes, Lanes];
}

/** 2^52: the bits of 2^52 + n, as an integer, are the bits of 2^52 plus n. */
const INTEGERS = 4503599627370496;
const BIAS = 1023;

/** Emits an intrinsic on f32 vectors: the results of one or two lists of arguments, whose instructions alternate. */
export function emitIntrinsic(
  code: Code,
  plan: PlanCode,
  name: Intrinsic,
  args: readonly (readonly Local[])[],
): Local[] {
  const [first, second = first] = args as [readonly Local[], (readonly Local[])?];
  const [x, y] = first.map((low, i) => ({ low, high: second[i]! })) as [Lanes, Lanes];
  const { low, high } = intrinsics[name](singles(code, plan), x, y);
  return second === first ? [low] : [low, high];
}

const whole = (vector: Local): Lanes => ({ low: vector, high: vector });

function promote(code: Code, vector: Local): Lanes {
  const upper = code.shuffle([2, 3, 2, 3], vector, vector);
  return { low: code.op('f64x2.promote_low_f32x4', vector), high: code.op('f64x2.promote_low_f32x4', upper) };
}

function demote(code: Code, { low, high }: Lanes): Local {
  const [a, b] = [low, high].map((half) => code.op('f32x4.demote_f64x2_zero', half));
  return code.shuffle([0, 1, 4, 5], a!, b!);
}

/** A result for each half of the arguments, or one if the halves are the same. */
function each(make: (...halves: Local[]) => Local, ...args: readonly Lanes[]): Lanes {
  const low = make(...args.map((a) => a.low));
  return { low, high: args.every((a) => a.low === a.high) ? low : make(...args.map((a) => a.high)) };
}

/** The operations that floats and doubles share, as instructions that are emitted to `code`. */
function arithmetic(code: Code, vector: 'f32x4' | 'f64x2'): Arithmetic<Lanes, Masks> {
  const isSingle = vector === 'f32x4';
  const point = isSingle ? 23 : 52;
  const both = (name: Plain, ...args: readonly Lanes[]): Lanes =>
    each((...halves) => code.op(name, ...halves), ...args);
  const plain =
    (name: 'add' | 'sub' | 'mul' | 'div' | 'floor' | 'eq') =>
    (...args: readonly Lanes[]) =>
      both(`${vector}.${name}`, ...args);
  const bits =
    (name: 'v128.not' | 'v128.and' | 'v128.or') =>
    (...args: readonly Lanes[]) =>
      both(name, ...args);
  const constant = (value: number): Lanes => whole((isSingle ? f32x4 : f64x2)(code, value));
  /** 2^p plus the exponent's bias: the bits of 2^p + n, as an integer, are the bits of 2^p plus n. */
  const biased = (): Lanes => constant(isSingle ? 8388608 + 127 : INTEGERS + BIAS);
  const select = (p: Masks, a: Lanes, b: Lanes): Lanes => {
    // x < y ? y : x and x < y ? x : y are single instructions.
    const [x, y] = p.less ?? [];
    if (same(a, y) && same(b, x)) return both(`${vector}.pmax`, b, a);
    if (same(a, x) && same(b, y)) return both(`${vector}.pmin`, b, a);
    return both('v128.bitselect', a, b, p);
  };
  return {
    format: isSingle ? singleFormat : doubleFormat,
    constant,
    add: plain('add'),
    sub: plain('sub'),
    mul: plain('mul'),
    div: plain('div'),
    // Engines make neg and abs of three instructions each, two of them for the mask.
    neg: (a) => both('v128.xor', a, constant(-0)),
    abs: (a) => both('v128.andnot', a, constant(-0)),
    floor: plain('floor'),
    less: (a, b) => ({ ...both(`${vector}.lt`, a, b), less: [a, b] }),
    equal: plain('eq'),
    not: bits('v128.not'),
    and: bits('v128.and'),
    or: bits('v128.or'),
    select,
    powerOfTwo: (n) =>
      each(
        (half) => code.op(isSingle ? 'i32x4.shl' : 'i64x2.shl', half, point),
        both(`${vector}.add`, n, biased()),
      ),
    seldom: (p, rare, usual) => {
      const values = usual.map((a) => each((half) => code.copy(half), a));
      code.if(code.op('v128.any_true', code.op('v128.or', p.low, p.high)), () => {
        rare().forEach((value, k) => {
          const [chosen, target] = [select(p, value, values[k]!), values[k]!];
          code.set(target.low, chosen.low);
          if (target.high !== target.low) code.set(target.high, chosen.high);
        });
      });
      return values;
    },
  };
}

const singles = (code: Code, plan: PlanCode): SingleArithmetic<Lanes, Masks> => ({
  ...arithmetic(code, 'f32x4'),
  split: (a) => {
    const root = i32x4(code, SQRT_HALF);
    const bits = each((half) => code.op('i32x4.sub', half, root), a);
    const k = (half: Local) => code.op('f32x4.convert_i32x4_s', code.op('i32x4.shr_s', half, 23));
    const fraction = (half: Local) =>
      code.op('i32x4.add', code.op('v128.and', half, i32x4(code, 0x7fffff)), root);
    return { k: each(k, bits), fraction: each(fraction, bits) };
  },
  scale: (a, k) =>
    each(
      (x, n) => {
        // The bits of 1.5 * 2^23 + n end with those of n. The exponents of two powers add up to k.
        const biased = code.op('f32x4.add', n!, f32x4(code, 12582912 + 254));
        const half = code.op('i32x4.shl', code.op('i32x4.shr_u', biased, 1), 23);
        const rest = code.op('i32x4.sub', code.op('i32x4.shl', biased, 23), half);
        return code.op('f32x4.mul', code.op('f32x4.mul', x!, half), rest);
      },
      a,
      k,
    ),
  quarterTurns: (n, sine, cosine) =>
    each(
      (turns, s, c) => {
        // The bits of 1.5 * 2^23 + n end with those of n.
        const bits = code.op('f32x4.add', turns!, f32x4(code, 12582912));
        const odd = code.op('i32x4.shr_s', code.op('i32x4.shl', bits, 31), 31);
        const y = code.op('v128.bitselect', c!, s!, odd);
        const sign = code.op('v128.and', code.op('i32x4.shl', bits, 30), f32x4(code, -0));
        return code.op('v128.xor', y, sign);
      },
      n,
      sine,
      cosine,
    ),
  withSign: (a, b) => each((x, y) => code.op('v128.or', x!, code.op('v128.and', y!, f32x4(code, -0))), a, b),
  inDouble: (compute, ...args) => {
    const results = (halves: readonly Local[]): Local[] =>
      compute(doubles(code, plan), ...halves.map((half) => promote(code, half))).map((a) => demote(code, a));
    const low = results(args.map((a) => a.low));
    const high = args.every((a) => a.low === a.high) ? low : results(args.map((a) => a.high));
    return low.map((vector, i) => ({ low: vector, high: high[i]! }));
  },
});

const doubles = (code: Code, plan: PlanCode): DoubleArithmetic<Lanes, Masks> => ({
  ...arithmetic(code, 'f64x2'),
  exponent: (a) =>
    each((half) => {
      const bits = code.op('i64x2.shr_u', code.op('f64x2.abs', half), 52);
      const sum = code.op('v128.or', bits, f64x2(code, INTEGERS));
      return code.op('f64x2.sub', sum, f64x2(code, INTEGERS + BIAS));
    }, a),
  lookup: (table, i) => {
    const address = code.op('i32x4.splat', tableAddress(code, plan, table));
    return each((half) => {
      const whole = code.op('i32x4.trunc_sat_f64x2_s_zero', half);
      const index = code.op('i32x4.min_u', whole, i32x4(code, table.length - 1));
      const at = code.op('i32x4.add', address, code.op('i32x4.shl', index, 3));
      const first = code.load('v128.load64_zero', [code.lane('i32x4.extract_lane', 0, at)]);
      return code.loadLane('v128.load64_lane', 1, code.lane('i32x4.extract_lane', 1, at), first);
    }, i);
  },
});

const same = (a: Lanes, b: Lanes | undefined): boolean => a.low === b?.low && a.high === b.high;

const tables = perPlan(() => new Map<readonly number[], number>());

function tableAddress(code: Code, plan: PlanCode, table: readonly number[]): Local {
  const known = tables(plan);
  const word = known.get(table) ?? plan.table(new Int32Array(Float64Array.from(table).buffer));
  known.set(table, word);
  return plan.word(code, word);
}
