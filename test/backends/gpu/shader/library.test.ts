import { describe, expect, it } from 'vitest';
import { toGlsl } from '../../../../src/backends/gpu/shader/glsl.ts';
import { withLibrary } from '../../../../src/backends/gpu/shader/library.ts';
import { literal, operation } from '../../../../src/backends/gpu/shader/operations.ts';
import { type Case, cases } from './cases.ts';
import { compareResults, errorOf } from './compare-results.ts';

describe('withLibrary', () => {
  it('prepends the called functions, each once and before its callers', () => {
    const text = withLibrary('fn f(x: f32) -> f32 { return nd_exp(nd_tanh(x)) + nd_tanh(x); }');
    const names = [...text.matchAll(/^fn (\w+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('nd_isnan');
    expect(names).not.toContain('nd_log');
    expect(names.at(-1)).toBe('f');
    for (const [i, name] of names.entries()) {
      const body = text.split(/^(?=fn )/m)[i]!;
      for (const [called] of body.matchAll(/\bnd_\w+/g))
        expect(names.indexOf(called)).toBeLessThanOrEqual(names.indexOf(name));
    }
  });

  it('leaves a body without calls unchanged, and refuses unknown functions', () => {
    expect(withLibrary('fn f() { }')).toBe('fn f() { }');
    expect(() => withLibrary('fn f() { nd_sinh(1.0); }')).toThrow('nd_sinh');
  });
});

describe('operation', () => {
  it('is a call or an operator', () => {
    expect(operation('exp', 'f32', ['x'])).toBe('nd_exp(x)');
    expect(operation('add', 'i32', ['x', 'y'])).toBe('(x + y)');
    expect(operation('select', 'f32', ['c', 'x', 'y'])).toBe('select(y, x, c)');
    expect(operation('u32', 'u32', ['x'])).toBe('(x)');
  });

  it('refuses an operation that its type does not have', () => {
    expect(() => operation('exp', 'i32', ['x'])).toThrow('exp on i32');
    expect(() => operation('load', 'f32', [])).toThrow('load on f32');
  });
});

describe('literal', () => {
  it.each([
    [1, 'f32', '1.0'],
    [-1.5, 'f32', '(-1.5)'],
    [1e30, 'f32', '1.0000000150474662e+30'],
    [0.1, 'f32', '0.10000000149011612'],
    [-0, 'f32', 'nd_bits(2147483648u)'],
    [Infinity, 'f32', 'nd_bits(2139095040u)'],
    [1e39, 'f32', 'nd_bits(2139095040u)'],
    [1.401298464324817e-45, 'f32', 'nd_bits(1u)'],
    [Number.NaN, 'f32', 'nd_bits(2143289344u)'],
    [7, 'i32', '7'],
    [-2147483648, 'i32', 'bitcast<i32>(2147483648u)'],
    [-1, 'u32', '4294967295u'],
    [1, 'bool', 'true'],
    [0, 'bool', 'false'],
  ] as const)('%d of %s is %s', (value, type, text) => {
    expect(literal(value, type)).toBe(text);
    expect(toGlsl(withLibrary(`fn f() -> ${type} { return ${text}; }`))).toContain('return');
  });
});

describe('the comparison in the tests on devices', () => {
  it.each([
    [1, 1.0000011, false],
    [1, 1.0000009, true],
    [Number.NaN, Number.NaN, true],
    [Number.NaN, 0, false],
    [0, Number.NaN, false],
    [0, -0, false],
    [0, 1e-44, false],
    [1e-40, 0, true],
    [1e-40, 2e-40, false],
    [1e-40, -0, false],
    [-1e-30, 1e-30, false],
    [1e-30, 0, false],
    [1e39, Infinity, true],
    [1e39, 3.4028234663852886e38, false],
    [3.4028235e38, Infinity, true],
    [3.4e38, Infinity, false],
    [-Infinity, Infinity, false],
  ])('expected %d, got %d: %s', (expected, got, right) => {
    expect(errorOf(Math.fround(got), expected) <= 1e-6).toBe(right);
  });

  it('describes wrong results', () => {
    const which: Case = cases.find(({ name }) => name === 'mod i32')!;
    const columns = [
      [-7, 7],
      [3, 0],
    ].map((column) => new Uint32Array(new Int32Array(column).buffer));
    expect(compareResults(which, columns, Uint32Array.of(2, 0))).toEqual({ worst: 0, problems: [] });
    expect(compareResults(which, columns, Uint32Array.of(-1, 0)).problems).toEqual([
      'mod i32(-7, 3) = 4294967295, not 2',
    ]);
  });
});
