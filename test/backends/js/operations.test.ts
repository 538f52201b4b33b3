import { describe, expect, it } from 'vitest';
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  philox,
  select,
  unary,
  uniform,
} from '../../../src/ir/expr.ts';
import { floats, intrinsics } from '../../../src/ir/math/index.ts';
import { philox4x32 } from '../../../src/ir/philox.ts';
import { compute, expectSame, loads, noise } from './plans.ts';

const f = Math.fround;
const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -7,
  1e30,
  -1e30,
  1e-40,
  Infinity,
  -Infinity,
  NaN,
];
const INTS = [0, 1, -1, 2, -3, 7, 100, 65536, -65536, 2147483647, -2147483648];

/** All pairs of the values, repeated to fill more than one block. */
function pairs(values: readonly number[]): [number[], number[]] {
  const a: number[] = [];
  const b: number[] = [];
  while (a.length < 1300) {
    for (const x of values) {
      for (const y of values) {
        a.push(x);
        b.push(y);
      }
    }
  }
  return [a, b];
}

const [floatsA, floatsB] = pairs(SPECIAL).map((v) => Float32Array.from(v)) as [Float32Array, Float32Array];
const [intsA, intsB] = pairs(INTS).map((v) => Int32Array.from(v)) as [Int32Array, Int32Array];
const [boolsA, boolsB] = pairs([0, 1]).map((v) => Uint8Array.from(v)) as [Uint8Array, Uint8Array];

function zip(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  operation: (x: number, y: number) => number,
): number[] {
  return Array.from(a, (x, i) => operation(x, b[i]!));
}

function least(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (x === y) return Object.is(x, -0) ? x : y;
  return x < y ? x : y;
}

describe('f32', () => {
  const [x, y] = loads('f32', 'f32') as [Expr, Expr];

  const unaries = {
    neg: (a: number) => (a === 0 ? (Object.is(a, 0) ? -0 : 0) : 0 - a),
    abs: (a: number) => (Number.isNaN(a) ? a : a <= 0 ? 0 - a : a),
    sign: (a: number) => (a > 0 ? 1 : a < 0 ? -1 : a),
    sqrt: (a: number) => f(Math.sqrt(a)),
    floor: Math.floor,
    ceil: Math.ceil,
  };
  it.each(Object.entries(unaries))('%s', (op, operation) => {
    const e = unary(op as keyof typeof unaries, x);
    expectSame(compute(e, [floatsA]), Array.from(floatsA, operation));
    const values = noise(1000);
    expectSame(compute(e, [values]), Array.from(values, operation));
  });

  it('rounds half to even', () => {
    const table = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-0.5, -0],
      [-1.5, -2],
      [-2.5, -2],
      [0.49999997, 0],
      [-0.2, -0],
      [0.75, 1],
      [8388607.5, 8388608],
      [8388609, 8388609],
      [16777215, 16777215],
      [-1e30, f(-1e30)],
      [0, 0],
      [-0, -0],
      [Infinity, Infinity],
      [-Infinity, -Infinity],
      [NaN, NaN],
    ];
    const got = compute(unary('round', x), [Float32Array.from(table, (row) => row[0]!)]);
    expectSame(
      got,
      table.map((row) => row[1]!),
    );
  });

  const binaries = {
    add: (a: number, b: number) => f(a + b),
    sub: (a: number, b: number) => f(a - b),
    mul: (a: number, b: number) => f(a * b),
    div: (a: number, b: number) => f(a / b),
    min: least,
    max: (a: number, b: number) => -least(-a, -b),
  };
  it.each(Object.entries(binaries))('%s', (op, operation) => {
    const e = binary(op as keyof typeof binaries, x, y);
    expectSame(compute(e, [floatsA, floatsB]), zip(floatsA, floatsB, operation));
    const [a, b] = [noise(1000, 2), noise(1000, 3)];
    expectSame(compute(e, [a, b]), zip(a, b, operation));
  });

  it('mod has the sign of the divisor', () => {
    const table = [
      [5.5, 2, 1.5],
      [-5.5, 2, 0.5],
      [5.5, -2, -0.5],
      [-5.5, -2, -1.5],
      [4, -2, -0],
      [-4, 2, 0],
      [-0, 3, 0],
      [0, -3, -0],
      [7, 0, NaN],
      [7, Infinity, 7],
      [-7, Infinity, Infinity],
      [Infinity, 3, NaN],
      [NaN, 3, NaN],
      [f(1e30), 7, Number(BigInt(f(1e30)) % 7n)],
      [f(-1e30), 7, 7 - Number(BigInt(f(1e30)) % 7n)],
      [-f(1e-30), 1, 1],
    ];
    const column = (k: number) => Float32Array.from(table, (row) => row[k]!);
    expectSame(compute(binary('mod', x, y), [column(0), column(1)]), column(2));
  });

  const comparisons = {
    lt: (a: number, b: number) => a < b,
    le: (a: number, b: number) => a <= b,
    eq: (a: number, b: number) => a === b,
    ne: (a: number, b: number) => a !== b,
  };
  it.each(Object.entries(comparisons))('%s', (op, operation) => {
    const got = compute(compare(op as keyof typeof comparisons, x, y), [floatsA, floatsB]);
    expectSame(
      got,
      zip(floatsA, floatsB, (a, b) => Number(operation(a, b))),
    );
  });

  const { pow, ...functions } = intrinsics;
  it.each(Object.entries(functions))('%s', (op, operation) => {
    const e = unary(op as keyof typeof functions, x);
    expectSame(
      compute(e, [floatsA]),
      Array.from(floatsA, (a) => operation(floats, a)),
    );
  });

  it('pow', () => {
    const wanted = zip(floatsA, floatsB, (a, b) => pow(floats, a, b));
    expectSame(compute(binary('pow', x, y), [floatsA, floatsB]), wanted);
  });

  it('rounds each step of a chain', () => {
    const a = noise(600, 4);
    const b = noise(600, 5);
    const product = binary('mul', x, y);
    const e = binary('sub', binary('add', product, x), binary('div', product, constant(0.1, 'f32')));
    const wanted = zip(a, b, (s, t) => f(f(f(s * t) + s) - f(f(s * t) / f(0.1))));
    expectSame(compute(e, [a, b]), wanted);
  });
});

describe('conversions', () => {
  const [x] = loads('f32') as [Expr];
  const FLOATS = Float32Array.of(
    0.9,
    -0.9,
    3.5,
    -3.5,
    2147483648,
    -2147483649,
    4294967296,
    1e30,
    -1e30,
    NaN,
    Infinity,
  );

  it('float to int saturates and takes NaN to 0', () => {
    const wanted = [0, 0, 3, -3, 2147483647, -2147483648, 2147483647, 2147483647, -2147483648, 0, 2147483647];
    expectSame(compute(convert(x, 'i32'), [FLOATS]), wanted);
    const unsigned = [0, 0, 3, 0, 2147483648, 0, 4294967295, 4294967295, 0, 0, 4294967295];
    expectSame(compute(convert(x, 'u32'), [FLOATS]), Int32Array.from(unsigned));
    expectSame(compute(convert(convert(x, 'u32'), 'f32'), [FLOATS]), Float32Array.from(unsigned));
  });

  it('to bool asks for != 0', () => {
    expectSame(compute(convert(x, 'bool'), [Float32Array.of(0, -0, 1e-40, -2, NaN)]), [0, 0, 1, 1, 1]);
    const [i] = loads('i32') as [Expr];
    expectSame(compute(convert(i, 'bool'), [Int32Array.of(0, -1, 256)]), [0, 1, 1]);
    expectSame(compute(convert(convert(i, 'u32'), 'bool'), [Int32Array.of(0, -1, 256)]), [0, 1, 1]);
  });

  it('from ints and bools', () => {
    const [i] = loads('i32') as [Expr];
    const [b] = loads('bool') as [Expr];
    expectSame(compute(convert(i, 'f32'), [Int32Array.of(16777217, -3)]), [16777216, -3]);
    expectSame(compute(convert(convert(i, 'u32'), 'f32'), [Int32Array.of(-1)]), [4294967296]);
    expectSame(compute(convert(convert(i, 'u32'), 'i32'), [Int32Array.of(-5)]), [-5]);
    for (const type of ['f32', 'i32', 'u32'] as const) {
      expectSame(compute(convert(b, type), [Uint8Array.of(0, 1)], [], [0]), [0, 1]);
    }
  });

  it('uint8 is computed as i32 and wraps when it is stored', () => {
    const [byte] = loads('i32') as [Expr];
    expectSame(compute(binary('add', byte, byte), [Uint8Array.of(200, 3)]), [400, 6]);
  });
});

describe('i32 and u32', () => {
  const [i, j] = loads('i32', 'i32') as [Expr, Expr];
  const [u, v] = [convert(i, 'u32'), convert(j, 'u32')];
  const wrapped = (big: bigint) => Number(BigInt.asIntN(32, big));
  const both = {
    add: (a: bigint, b: bigint) => a + b,
    sub: (a: bigint, b: bigint) => a - b,
    mul: (a: bigint, b: bigint) => a * b,
    div: (a: bigint, b: bigint) => (b === 0n ? 0n : a / b),
    mod: (a: bigint, b: bigint) => (b === 0n ? 0n : ((a % b) + b) % b),
    max: (a: bigint, b: bigint) => (a > b ? a : b),
    min: (a: bigint, b: bigint) => (a < b ? a : b),
    and: (a: bigint, b: bigint) => a & b,
    or: (a: bigint, b: bigint) => a | b,
    xor: (a: bigint, b: bigint) => a ^ b,
    shl: (a: bigint, b: bigint) => a << (b & 31n),
    shr: (a: bigint, b: bigint) => a >> (b & 31n),
  };
  it.each(Object.entries(both))('%s', (op, operation) => {
    const name = op as keyof typeof both;
    const signed = zip(intsA, intsB, (a, b) => wrapped(operation(BigInt(a), BigInt(b))));
    expectSame(compute(binary(name, i, j), [intsA, intsB]), signed);
    const unsigned = zip(intsA, intsB, (a, b) => wrapped(operation(BigInt(a >>> 0), BigInt(b >>> 0))));
    expectSame(compute(binary(name, u, v), [intsA, intsB]), unsigned);
  });

  const comparisons = {
    lt: (a: number, b: number) => a < b,
    le: (a: number, b: number) => a <= b,
    eq: (a: number, b: number) => a === b,
    ne: (a: number, b: number) => a !== b,
  };
  it.each(Object.entries(comparisons))('%s', (op, operation) => {
    const name = op as keyof typeof comparisons;
    const signed = zip(intsA, intsB, (a, b) => Number(operation(a, b)));
    expectSame(compute(compare(name, i, j), [intsA, intsB]), signed);
    const unsigned = zip(intsA, intsB, (a, b) => Number(operation(a >>> 0, b >>> 0)));
    expectSame(compute(compare(name, u, v), [intsA, intsB]), unsigned);
  });

  const unaries = {
    neg: (a: bigint) => 0n - a,
    abs: (a: bigint) => (a < 0n ? 0n - a : a),
    sign: (a: bigint) => (a > 0n ? 1n : a < 0n ? -1n : 0n),
    not: (a: bigint) => -1n - a,
  };
  it.each(Object.entries(unaries))('%s', (op, operation) => {
    const name = op as keyof typeof unaries;
    const signed = Array.from(intsA, (a) => wrapped(operation(BigInt(a))));
    expectSame(compute(unary(name, i), [intsA]), signed);
    const unsigned = Array.from(intsA, (a) => wrapped(operation(BigInt(a >>> 0))));
    expectSame(compute(unary(name, u), [intsA]), unsigned);
  });
});

describe('bool', () => {
  const [p, q] = loads('bool', 'bool') as [Expr, Expr];
  const table = {
    and: (a: number, b: number) => a * b,
    or: (a: number, b: number) => Math.max(a, b),
    xor: (a: number, b: number) => (a + b) % 2,
    max: (a: number, b: number) => Math.max(a, b),
    min: (a: number, b: number) => Math.min(a, b),
  };
  it.each(Object.entries(table))('%s', (op, operation) => {
    const got = compute(binary(op as keyof typeof table, p, q), [boolsA, boolsB], [], [0, 1]);
    expectSame(got, zip(boolsA, boolsB, operation));
  });

  it('compares and negates', () => {
    const result = (e: Expr) => compute(e, [boolsA, boolsB], [], [0, 1]);
    expectSame(
      result(compare('lt', p, q)),
      zip(boolsA, boolsB, (a, b) => (1 - a) * b),
    );
    expectSame(
      result(compare('le', p, q)),
      zip(boolsA, boolsB, (a, b) => 1 - a * (1 - b)),
    );
    expectSame(
      result(compare('eq', p, q)),
      zip(boolsA, boolsB, (a, b) => 1 - ((a + b) % 2)),
    );
    expectSame(
      result(compare('ne', p, q)),
      zip(boolsA, boolsB, (a, b) => (a + b) % 2),
    );
    expectSame(
      result(unary('not', p)),
      Array.from(boolsA, (a) => 1 - a),
    );
  });
});

describe('select, uniforms and random words', () => {
  it.each(['f32', 'i32', 'u32', 'bool'] as const)('selects %s', (type) => {
    const [c, a, b] = [...loads('bool', 'i32', 'i32')] as [Expr, Expr, Expr];
    const arrays = [Uint8Array.of(0, 1, 1), Int32Array.of(1, 0, 5), Int32Array.of(0, 1, 9)];
    const got = compute(select(c, convert(a, type), convert(b, type)), arrays, [], [0]);
    expectSame(got, type === 'bool' ? [0, 0, 1] : [0, 0, 5]);
  });

  it('keeps NaN and infinities out of the branch not taken', () => {
    const [a, b] = loads('f32', 'f32') as [Expr, Expr];
    const e = select(compare('lt', a, b), a, b);
    expectSame(compute(e, [Float32Array.of(1, Infinity, NaN), Float32Array.of(NaN, 2, 3)]), [NaN, 2, 3]);
  });

  it('reads uniforms of every type', () => {
    const values = [0.1, -7, 4294967295, 1];
    expectSame(compute(uniform(0, 'f32'), [noise(3)], values), new Float32Array(3).fill(0.1));
    expectSame(compute(uniform(1, 'i32'), [noise(3)], values), [-7, -7, -7]);
    expectSame(compute(convert(uniform(2, 'u32'), 'f32'), [noise(2)], values), [4294967296, 4294967296]);
    expectSame(compute(uniform(3, 'bool'), [noise(2)], values), [1, 1]);
    expectSame(compute(convert(constant(4294967295, 'u32'), 'f32'), [noise(1)]), [4294967296]);
  });

  it('draws Philox words in any order of indices', () => {
    const indices = Int32Array.from({ length: 1100 }, (_, k) => (k < 600 ? k + 3 : Math.imul(k, 2654435761)));
    const [i] = loads('i32') as [Expr];
    const u = (value: number) => constant(value, 'u32');
    const counter = [u(11), uniform(0, 'u32'), u(13)] as const;
    const got = compute(philox(convert(i, 'u32'), counter, [u(14), u(4000000000)]), [indices], [12]);
    const words = new Uint32Array(4);
    const wanted = Int32Array.from(indices, (k) => {
      philox4x32(k >>> 2, 11, 12, 13, 14, 4000000000, words);
      return words[k & 3]!;
    });
    expectSame(got, wanted);
  });

  it('names an operation that a type does not have', () => {
    const [p] = loads('bool') as [Expr];
    expect(() => compute(unary('floor', p), [boolsA], [], [0])).toThrow(
      '[js] floor is not an operation on bool',
    );
  });

  it('keeps shared values and constants apart in a large expression', () => {
    const [x] = loads('f32') as [Expr];
    let e = x;
    const start = noise(1500, 9);
    let wanted = Array.from(start);
    for (let k = 1; k <= 60; k++) {
      e = binary('add', binary('mul', e, constant(0.5, 'f32')), k % 3 === 0 ? x : constant(k, 'f32'));
      wanted = wanted.map((w, i) => f(f(w * 0.5) + (k % 3 === 0 ? start[i]! : k)));
    }
    expectSame(compute(e, [start]), wanted);
  });
});
