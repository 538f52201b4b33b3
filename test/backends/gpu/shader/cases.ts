import { withLibrary } from '../../../../src/backends/gpu/shader/library.ts';
import { operation } from '../../../../src/backends/gpu/shader/operations.ts';
import { boolLoops } from '../../../../src/backends/js/loops/bool.ts';
import { floatLoops } from '../../../../src/backends/js/loops/float.ts';
import { intLoops, uintLoops } from '../../../../src/backends/js/loops/int.ts';
import type { ElementwiseLoop, Register } from '../../../../src/backends/js/registers.ts';
import type { ScalarType } from '../../../../src/ir/dtype.ts';
import type { ExprOp, Intrinsic } from '../../../../src/ir/expr.ts';
import * as math from '../../../../src/ir/math/index.ts';
import { fillBits } from '../../../../src/ir/philox.ts';
import { samples } from './samples.ts';

/** An operation on arguments of one type, with the results of the JavaScript backend. */
export interface Case {
  readonly name: string;
  readonly op: ExprOp;
  readonly parameters: readonly ScalarType[];
  readonly result: ScalarType;
  /** In double precision if the result is a float. */
  readonly expected: (columns: readonly Uint32Array<ArrayBuffer>[]) => Float64Array | Uint32Array;
  /** 'exact', 'arithmetic' (the device's own), or 'intrinsic' (a function of the shader library). */
  readonly kind: 'exact' | 'arithmetic' | 'intrinsic';
}

const COMPARISONS: readonly string[] = ['lt', 'le', 'eq', 'ne'];
const TYPES: readonly string[] = ['f32', 'i32', 'u32', 'bool'];
const UNARY: readonly string[] = ['neg', 'abs', 'sign', 'sqrt', 'floor', 'ceil', 'round', 'not', ...TYPES];
const ARITHMETIC: readonly string[] = ['neg', 'add', 'sub', 'mul', 'div', 'sqrt'];

const loops: Record<ScalarType, Record<string, ElementwiseLoop>> = {
  f32: floatLoops,
  i32: intLoops,
  u32: uintLoops,
  bool: boolLoops,
};

/** All operations in the loops of the JavaScript backend. */
const loopCases = Object.entries(loops).flatMap(([type, table]) =>
  Object.entries(table).map(([op, loop]) => loopCase(op as ExprOp, type as ScalarType, loop)),
);

const { cos, erf, exp, log, log1p, pow, sin } = math;
/** All intrinsics in double precision. */
const intrinsics: Record<Intrinsic, (x: number, y: number) => number> = {
  cos,
  erf,
  exp,
  expm1: Math.expm1,
  log,
  log1p,
  pow,
  sigmoid: (x) => 1 / (1 + exp(-x)),
  sin,
  softplus: (x) => Math.max(x, 0) + log1p(exp(-Math.abs(x))),
  tanh: Math.tanh,
};

const intrinsicCases = Object.entries(intrinsics).map(([op, f]): Case => {
  const parameters: ScalarType[] = op === 'pow' ? ['f32', 'f32'] : ['f32'];
  const expected: Case['expected'] = (columns) => {
    const floats = columns.map((column) => new Float32Array(column.buffer));
    return Float64Array.from(floats[0]!, (x, i) => f(x, floats[1]?.[i] ?? NaN));
  };
  return { name: op, op: op as ExprOp, parameters, result: 'f32', expected, kind: 'intrinsic' };
});

const philoxCase: Case = {
  name: 'philox',
  op: 'philox',
  parameters: ['u32', 'u32', 'u32', 'u32', 'u32', 'u32'],
  result: 'u32',
  expected: ([index, c1, c2, c3, key0, key1]) => {
    const word = new Uint32Array(1);
    return index!.map((_, i) => {
      fillBits(word, index![i]!, 1, key0![i]!, key1![i]!, c1![i]!, c2![i]!, c3![i]!);
      return word[0]!;
    });
  },
  kind: 'exact',
};

export const cases: readonly Case[] = [...intrinsicCases, ...loopCases, philoxCase];

function loopCase(op: ExprOp, type: ScalarType, loop: ElementwiseLoop): Case {
  const result: ScalarType = COMPARISONS.includes(op)
    ? 'bool'
    : TYPES.includes(op)
      ? (op as ScalarType)
      : type;
  const count = UNARY.includes(op) ? 1 : 2;
  const parameters: ScalarType[] = op === 'select' ? ['bool', type, type] : Array(count).fill(type);
  const expected: Case['expected'] = (columns) => {
    const n = columns[0]!.length;
    const [a, b, c] = columns.map((column, k) => register(parameters[k]!, column));
    // float32 results are kept as doubles, since they are compared within a tolerance.
    const out: Register = result === 'f32' ? new Float64Array(n) : register(result, new Uint32Array(n));
    loop(n, out, a!, b ?? a!, c ?? a!);
    return out instanceof Float64Array ? out : Uint32Array.from(out);
  };
  const isRounded = result === 'f32' && (ARITHMETIC.includes(op) || (op === 'f32' && type !== 'bool'));
  return {
    name: `${op} ${type}`,
    op,
    parameters,
    result,
    expected,
    kind: isRounded ? 'arithmetic' : 'exact',
  };
}

function register(type: ScalarType, bits: Uint32Array<ArrayBuffer>): Register {
  if (type === 'f32') return new Float32Array(bits.buffer);
  return type === 'bool' ? Uint8Array.from(bits) : new Int32Array(bits.buffer);
}

/** The function `apply`, in the subset of WGSL, which computes a case from the bits of its arguments. */
export function bodyOf({ op, parameters, result }: Case): string {
  const args = parameters.map((type, k) => {
    const value = type === 'bool' ? `u${k} != 0u` : type === 'u32' ? `u${k}` : `bitcast<${type}>(u${k})`;
    return `let x${k}: ${type} = ${value};`;
  });
  const type = parameters[parameters.length - 1]!;
  const call = operation(
    op,
    type,
    parameters.map((_, k) => `x${k}`),
  );
  return withLibrary(`fn apply(${parameters.map((_, k) => `u${k}: u32`).join(', ')}) -> u32 {
${args.join('\n')}
let y: ${result} = ${call};
return ${result === 'bool' ? 'u32(y)' : `bitcast<u32>(y)`};
}`);
}

/** The arguments of a case. */
export function argumentsOf({ parameters }: Case, count: number): Uint32Array<ArrayBuffer>[] {
  return samples(parameters, count);
}
