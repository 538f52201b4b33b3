import { describe, expect, it } from 'vitest';
import type { ScalarType } from '../../../src/ir/dtype.ts';
import {
  acc,
  binary,
  check,
  compare,
  constant,
  convert,
  type Expr,
  philox,
  select,
  unary,
  uniform,
} from '../../../src/ir/expr.ts';
import { expectSame, loads } from '../js/plans.ts';
import {
  emitVector,
  expectAgreement,
  floats,
  INTEGERS,
  integers,
  pairs,
  SPECIAL,
  vectorLoop,
} from './vectors.ts';

const [specialA, specialB] = pairs(SPECIAL).map((v) => Float32Array.from(v)) as [Float32Array, Float32Array];
const [intsA, intsB] = pairs(INTEGERS).map((v) => Int32Array.from(v)) as [Int32Array, Int32Array];
const [x, y] = loads('f32', 'f32') as [Expr, Expr];
const [i, j] = loads('i32', 'i32') as [Expr, Expr];

/** Over all pairs of special values, and over many others. */
function expectFloats(e: Expr): void {
  expectAgreement(e, [specialA, specialB]);
  expectAgreement(e, [floats(20_000, 1), floats(20_000, 2)]);
}

function expectInts(make: (a: Expr, b: Expr) => Expr): void {
  for (const type of ['i32', 'u32'] as const) {
    const e = make(convert(i, type), convert(j, type));
    expectAgreement(e, [intsA, intsB]);
    expectAgreement(e, [integers(20_000, 3), integers(20_000, 4)]);
  }
}

describe('f32', () => {
  it.each(['neg', 'abs', 'sign', 'sqrt', 'floor', 'ceil', 'round'] as const)('%s', (op) => {
    expectFloats(unary(op, x));
  });

  it.each(['add', 'sub', 'mul', 'div', 'mod', 'max', 'min'] as const)('%s', (op) => {
    expectFloats(binary(op, x, y));
  });

  it.each(['max', 'min'] as const)('%s with a literal', (op) => {
    for (const value of [0, -0, 1e-60, -1e-60, 1, -2.5, Infinity, -Infinity, NaN]) {
      expectAgreement(binary(op, x, constant(value, 'f32')), [specialA]);
      expectAgreement(binary(op, constant(value, 'f32'), x), [specialA]);
    }
  });

  it('mod of numbers whose sizes are far apart', () => {
    const a = Float32Array.from(floats(20_000, 5), (v, k) => (k % 2 === 0 ? v : 3e38 - Math.abs(v)));
    const b = Float32Array.from(floats(20_000, 6), (v, k) => (k % 3 === 0 ? v : v * 1e-37));
    expectAgreement(binary('mod', x, y), [a, b]);
  });

  it.each(['lt', 'le', 'eq', 'ne'] as const)('%s', (op) => {
    expectFloats(compare(op, x, y));
  });

  it.each(['i32', 'u32', 'bool'] as const)('to %s', (type) => {
    expectFloats(convert(x, type));
  });

  it.each(['exp', 'expm1', 'log', 'log1p', 'sin', 'cos', 'tanh', 'erf', 'sigmoid', 'softplus'] as const)(
    '%s',
    (op) => {
      expectFloats(unary(op, x));
    },
  );

  it('pow', () => {
    expectFloats(binary('pow', x, y));
  });
});

describe('i32 and u32', () => {
  it.each(['neg', 'abs', 'sign', 'not'] as const)('%s', (op) => {
    expectInts((a) => unary(op, a));
  });

  it.each(['add', 'sub', 'mul', 'div', 'mod', 'max', 'min', 'and', 'or', 'xor', 'shl', 'shr'] as const)(
    '%s',
    (op) => {
      expectInts((a, b) => binary(op, a, b));
    },
  );

  it.each(['shl', 'shr'] as const)('%s by one amount', (op) => {
    for (const amount of [0, 1, 31, 32, 37, -1]) {
      expectInts((a) => binary(op, a, constant(amount, a.type)));
      for (const type of ['i32', 'u32'] as const) {
        expectAgreement(binary(op, convert(i, type), uniform(0, type)), [intsA], [amount]);
      }
    }
  });

  it.each(['div', 'mod'] as const)('%s by a literal', (op) => {
    for (const value of [0, 1, -1, 2, 3, -7, 2147483647, -2147483648]) {
      expectInts((a) => binary(op, a, constant(value, a.type)));
    }
  });

  it.each(['lt', 'le', 'eq', 'ne'] as const)('%s', (op) => {
    expectInts((a, b) => compare(op, a, b));
  });

  it.each(['f32', 'i32', 'u32', 'bool'] as const)('to %s', (type) => {
    expectInts((a) => convert(a, type));
  });
});

describe('bool', () => {
  const [p, q] = loads('bool', 'bool') as [Expr, Expr];
  const [boolsA, boolsB] = pairs([0, 1]).map((v) => Uint8Array.from(v)) as [Uint8Array, Uint8Array];
  const expectBools = (e: Expr) => expectAgreement(e, [boolsA, boolsB], [], [0, 1]);

  it.each(['and', 'or', 'xor', 'max', 'min'] as const)('%s', (op) => expectBools(binary(op, p, q)));

  it.each(['lt', 'le', 'eq', 'ne'] as const)('%s', (op) => expectBools(compare(op, p, q)));

  it('not', () => expectBools(unary('not', p)));

  it.each(['f32', 'i32', 'u32'] as const)('to %s', (type) => expectBools(convert(p, type)));
});

describe('select, literals and uniforms', () => {
  it.each(['f32', 'i32', 'u32', 'bool'] as const)('selects %s', (type) => {
    const [c, a, b] = loads('bool', 'i32', 'i32') as [Expr, Expr, Expr];
    const arrays = [Uint8Array.from(intsA, (v) => v & 1), intsA, intsB];
    const [s, t] = [convert(a, type), convert(b, type)];
    expectAgreement(select(c, s, t), arrays, [], [0]);
    for (const value of [0, 1]) {
      expectAgreement(select(c, s, constant(value, type)), arrays, [], [0]);
      expectAgreement(select(c, constant(value, type), t), arrays, [], [0]);
    }
    expectAgreement(select(c, constant(1, type), constant(0, type)), arrays, [], [0]);
  });

  it('keeps -0 of a selected literal', () => {
    expectAgreement(select(compare('lt', x, y), x, constant(-0, 'f32')), [specialA, specialB]);
    expectAgreement(select(compare('lt', x, y), constant(-0, 'f32'), x), [specialA, specialB]);
  });

  it('reads uniforms of every type', () => {
    const values = [0.1, -7, 4294967295, 1, 0];
    expectAgreement(uniform(0, 'f32'), [specialA], values);
    expectAgreement(binary('add', i, uniform(1, 'i32')), [intsA], values);
    expectAgreement(convert(uniform(2, 'u32'), 'f32'), [intsA], values);
    expectAgreement(uniform(3, 'bool'), [intsA], values);
    expectAgreement(unary('not', uniform(3, 'bool')), [intsA], values);
    expectAgreement(select(uniform(4, 'bool'), i, uniform(1, 'i32')), [intsA], values);
  });

  it('reads literals of every type', () => {
    for (const value of [0, -0, 0.1, NaN, -Infinity]) expectAgreement(constant(value, 'f32'), [specialA]);
    for (const value of [0, -1, 2147483647, 4294967295]) {
      expectAgreement(constant(value, 'i32'), [intsA]);
      expectAgreement(convert(constant(value, 'u32'), 'f32'), [intsA]);
      expectAgreement(constant(value, 'bool'), [intsA]);
    }
  });
});

describe('whole expressions', () => {
  const noRun = {
    load: () => expect.fail('no load here'),
    acc: () => expect.fail('no acc here'),
    philox: () => null,
    check: () => expect.fail('no check here'),
  };

  it('computes invariant values before the loop', () => {
    const scale = (slot: number) => binary('mul', uniform(slot, 'f32'), constant(3, 'f32'));
    // A range reduction of large numbers; its `if` contains literals.
    const wave = unary('sin', binary('mul', scale(0), constant(1e20, 'f32')));
    const words = philox(constant(7, 'u32'), [uniform(1, 'u32'), ...two(2)], [...two(4)]);
    const e = binary('add', binary('add', binary('mul', x, wave), scale(0)), convert(words, 'f32'));
    expectAgreement(e, [floats(1000, 7)], [1.25, 5]);

    let bodies = 0;
    const loop = vectorLoop(1, 1, (code, plan, [a]) => {
      bodies++;
      const before = code.encode().length;
      const roots = [binary('add', x, wave)];
      const results = emitVector(code, plan, { ...noRun, load: () => a! }, roots);
      // The second time only the addition is new.
      const once = code.encode().length;
      emitVector(code, plan, { ...noRun, load: () => a! }, [binary('add', x, wave)]);
      expect(once - before).toBeGreaterThan(1000);
      expect(code.encode().length - once).toBeLessThan(16);
      return results;
    });
    expect(loop([Float32Array.of(1, 2, 3, 4)], [1.25])[0]).toHaveLength(4);
    expect(bodies).toBe(1);
  });

  it('keeps literals of the same number apart: 0 and -0, and those of two types', () => {
    const over = (zero: number) => binary('div', x, constant(zero, 'f32'));
    expectAgreement(select(compare('lt', x, y), over(-0), over(0)), [specialA, specialB]);
    const next = convert(binary('add', i, constant(1, 'i32')), 'f32');
    expectAgreement(binary('add', next, constant(1, 'f32')), [intsA]);
  });

  it('gives the values of several roots, each shared node once', () => {
    let loadsSeen = 0;
    const shared = unary('exp', x);
    const total = acc('f32');
    const roots = [shared, binary('mul', shared, shared), binary('add', total, total), x];
    const loop = vectorLoop(2, 4, (code, plan, inputs) =>
      emitVector(
        code,
        plan,
        {
          ...noRun,
          load: () => {
            loadsSeen++;
            return inputs[0]!;
          },
          acc: (type) => {
            expect(type).toBe('f32');
            return inputs[1]!;
          },
        },
        roots,
      ),
    );
    const [a, b] = [floats(1000, 8), floats(1000, 9)];
    const got = loop([a, b]).map((words) => new Float32Array(words.buffer));
    expectSame(
      got[2]!,
      Array.from(b, (v) => Math.fround(v + v)),
    );
    expectSame(got[3]!, a);
    expectSame(
      got[1]!,
      Array.from(got[0]!, (v) => Math.fround(v * v)),
    );
    expect(loadsSeen).toBe(1);
  });

  it('hands computed indices to a load, and a check its value and condition', () => {
    const index = check(i, compare('lt', i, constant(10, 'i32')), 3);
    const gathered: Expr = { op: 'load', type: 'f32', args: [index], value: 1 };
    let checked = 0;
    const loop = vectorLoop(2, 3, (code, plan, inputs) => {
      const failures: (typeof inputs)[number][] = [];
      const results = emitVector(
        code,
        plan,
        {
          ...noRun,
          load: (e, indices) => (e.value === 0 ? inputs[0]! : code.op('f32x4.convert_i32x4_s', indices[0]!)),
          check: (number, value, condition) => {
            expect(number).toBe(3);
            checked++;
            failures.push(value, condition);
          },
        },
        [gathered],
      );
      return [...results, ...failures];
    });
    const [got, value, condition] = loop([Int32Array.of(3, 12, -4, 10), new Int32Array(4)]);
    expectSame(new Float32Array(got!.buffer), [3, 0, -4, 0]);
    expectSame(value!, [3, 12, -4, 10]);
    expectSame(condition!, [-1, 0, -1, 0]);
    expect(checked).toBe(1);
  });

  it('asks the context for random words that vary', () => {
    const words = philox(convert(i, 'u32'), [uniform(0, 'u32'), ...two(1)], [...two(3)]);
    const alike = philox(constant(9, 'u32'), [uniform(0, 'u32'), ...two(1)], [...two(3)]);
    const seen: Expr[] = [];
    const loop = vectorLoop(1, 1, (code, plan, inputs) =>
      emitVector(
        code,
        plan,
        {
          ...noRun,
          load: () => inputs[0]!,
          philox: (e) => {
            seen.push(e);
            return inputs[0]!;
          },
        },
        [binary('xor', words, binary('and', alike, constant(0, 'u32')))],
      ),
    );
    expectSame(loop([Int32Array.of(5, 6, 7, 8)], [1])[0]!, [5, 6, 7, 8]);
    expect(seen).toEqual([words]);
  });

  it('keeps shared values and constants apart in a large expression', () => {
    let e = x;
    for (let k = 1; k <= 60; k++) {
      e = binary('add', binary('mul', e, constant(0.5, 'f32')), k % 3 === 0 ? x : constant(k, 'f32'));
      if (k % 20 === 0) e = unary('tanh', e);
    }
    expectAgreement(e, [floats(5000, 10)]);
  });

  it.each<[ScalarType, string]>([
    ['bool', 'bool'],
    ['i32', 'i32'],
  ])('names an operation that %s does not have', (type, name) => {
    const [p] = loads(type) as [Expr];
    expect(() =>
      vectorLoop(1, 1, (code, plan, inputs) =>
        emitVector(code, plan, { ...noRun, load: () => inputs[0]! }, [unary('floor', p)]),
      ),
    ).toThrow(`[wasm] floor is not an operation on ${name}`);
  });
});

function two(value: number): [Expr, Expr] {
  return [constant(value, 'u32'), constant(value + 4000000000, 'u32')];
}
