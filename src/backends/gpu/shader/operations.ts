import type { ScalarType } from '../../../ir/dtype.ts';
import type { Conversion, ExprOp, Intrinsic } from '../../../ir/expr.ts';
import type { LibraryFunction } from './library.ts';

/** The name of a library function, or text with $0, $1, $2 for the arguments. */
type Template = LibraryFunction | `(${string})` | `select(${string})` | `${'f32' | 'i32' | 'u32'}(${string})`;

type Comparison = 'lt' | 'le' | 'eq' | 'ne';
type Arithmetic = 'neg' | 'abs' | 'sign' | 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'max' | 'min';
type Bitwise = 'not' | 'and' | 'or' | 'xor';

/** Operations by the type of their arguments (for `select`, of its values). */
interface Operations {
  readonly f32: Arithmetic | Comparison | Intrinsic | 'sqrt' | 'floor' | 'ceil' | 'round' | 'select';
  readonly i32: Arithmetic | Comparison | Bitwise | 'shl' | 'shr' | 'select';
  readonly u32: Operations['i32'] | 'philox';
  readonly bool: Comparison | Bitwise | 'max' | 'min' | 'select';
}

type Table = {
  readonly [T in ScalarType]: Readonly<Record<Operations[T] | Exclude<Conversion, T>, Template>>;
};

/** Operators with the same meaning in WGSL and GLSL: arithmetic on all numbers, the others on both kinds of integers. */
const wrapping = { add: '($0 + $1)', sub: '($0 - $1)', mul: '($0 * $1)' } as const;
const bitwise = { and: '($0 & $1)', or: '($0 | $1)', xor: '($0 ^ $1)', not: '(~$0)' } as const;
const comparisons = { lt: '($0 < $1)', le: '($0 <= $1)', eq: '($0 == $1)', ne: '($0 != $1)' } as const;
const choice = { select: 'select($2, $1, $0)' } as const;

const table: Table = {
  f32: {
    ...wrapping,
    ...choice,
    neg: '(-$0)',
    abs: 'nd_abs',
    sign: 'nd_sign',
    sqrt: 'nd_sqrt',
    floor: 'nd_floor',
    ceil: 'nd_ceil',
    round: 'nd_round',
    div: 'nd_div_f32',
    mod: 'nd_mod_f32',
    max: 'nd_max',
    min: 'nd_min',
    lt: 'nd_lt',
    le: 'nd_le',
    eq: 'nd_eq',
    ne: 'nd_ne',
    exp: 'nd_exp',
    expm1: 'nd_expm1',
    log: 'nd_log',
    log1p: 'nd_log1p',
    sin: 'nd_sin',
    cos: 'nd_cos',
    tanh: 'nd_tanh',
    erf: 'nd_erf',
    sigmoid: 'nd_sigmoid',
    softplus: 'nd_softplus',
    pow: 'nd_pow',
    i32: 'nd_f32_to_i32',
    u32: 'nd_f32_to_u32',
    bool: 'nd_f32_to_bool',
  },
  i32: {
    ...wrapping,
    ...bitwise,
    ...comparisons,
    ...choice,
    neg: '(-$0)',
    abs: 'nd_abs_i32',
    sign: 'nd_sign_i32',
    div: 'nd_div_i32',
    mod: 'nd_mod_i32',
    max: '(max($0, $1))',
    min: '(min($0, $1))',
    shl: '($0 << (u32($1) & 31u))',
    shr: '($0 >> (u32($1) & 31u))',
    f32: 'f32($0)',
    u32: 'u32($0)',
    bool: '($0 != 0)',
  },
  u32: {
    ...wrapping,
    ...bitwise,
    ...comparisons,
    ...choice,
    neg: '(0u - $0)',
    abs: '($0)',
    sign: '(min($0, 1u))',
    div: 'nd_div_u32',
    mod: 'nd_mod_u32',
    max: '(max($0, $1))',
    min: '(min($0, $1))',
    shl: '($0 << ($1 & 31u))',
    shr: '($0 >> ($1 & 31u))',
    philox: 'nd_philox',
    f32: 'f32($0)',
    i32: 'i32($0)',
    bool: '($0 != 0u)',
  },
  bool: {
    ...choice,
    not: '(!$0)',
    and: '($0 && $1)',
    or: '($0 || $1)',
    xor: '($0 != $1)',
    max: '($0 || $1)',
    min: '($0 && $1)',
    lt: '(!$0 && $1)',
    le: '(!$0 || $1)',
    eq: '($0 == $1)',
    ne: '($0 != $1)',
    f32: 'f32($0)',
    i32: 'i32($0)',
    u32: 'u32($0)',
  },
};

/** 2^-126 */
const LEAST_NORMAL = 1.1754943508222875e-38;

/**
 * The shader expression for an operation on arguments of a type (for `select`, of its second and third). Each argument
 * must be a name, a literal or in parentheses.
 */
export function operation(op: ExprOp, type: ScalarType, args: readonly string[]): string {
  const template = templateFor(op, type);
  if (template.startsWith('nd_')) return `${template}(${args.join(', ')})`;
  return template.replace(/\$(\d)/g, (_, i) => args[Number(i)]!);
}

/** A number as a literal of a type; bools are 0 and 1. Numbers without a WGSL literal are made from their bits. */
export function literal(value: number, type: ScalarType): string {
  if (type === 'bool') return value !== 0 ? 'true' : 'false';
  if (type === 'u32') return `${value >>> 0}u`;
  if (type === 'i32') return value >= 0 ? `${value}` : `bitcast<i32>(${value >>> 0}u)`;
  const single = Math.fround(value);
  const plain = Math.abs(single) >= LEAST_NORMAL && Math.abs(single) < Infinity;
  if (plain || Object.is(single, 0)) return floatLiteral(single);
  const [bits] = new Uint32Array(Float32Array.of(single).buffer);
  return `nd_bits(${bits}u)`;
}

/** Negative literals are in parentheses. */
function floatLiteral(value: number): string {
  const text = `${value}`;
  const whole = /[.e]/.test(text) ? text : `${text}.0`;
  return value < 0 ? `(${whole})` : whole;
}

function templateFor(op: ExprOp, type: ScalarType): Template {
  const operations: Readonly<Partial<Record<ExprOp, Template>>> = table[type];
  const template = op === type ? '($0)' : operations[op];
  if (template === undefined)
    throw new Error(`[shader] got ${op} on ${type}, wanted an operation of that type`);
  return template;
}
