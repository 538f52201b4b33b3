import { describe, expect, it } from 'vitest';
import { toGlsl } from '../../../../src/backends/gpu/shader/glsl.ts';

/** The translation of a statement inside a function with variables of all types. */
function statement(text: string): string {
  const parameters = 'a: f32, b: f32, i: i32, j: i32, u: u32, p: bool, v: vec4<f32>';
  const lines = toGlsl(`fn f(${parameters}) {\n${text}\n}`).split('\n');
  expect(lines.shift()).toBe('void f(float a, float b, int i, int j, uint u, bool p, vec4 v) {');
  expect(lines.pop()).toBe('}');
  return lines.join(' ');
}

describe('GLSL from the subset of WGSL', () => {
  it.each([
    ['let x: f32 = 1.5e-3;', 'float x = 1.5e-3;'],
    ['let x: i32 = 0x7f;', 'int x = 0x7f;'],
    ['let x: u32 = 0xffffffffu;', 'uint x = 0xffffffffu;'],
    ['let x: bool = true;', 'bool x = true;'],
    ['var x: f32;', 'float x = 0.0;'],
    ['var x: bool;', 'bool x = false;'],
    ['var x: vec4<f32>;', 'vec4 x = vec4(0.0);'],
    ['var x: array<u32, 2>;', 'uint[2] x = uint[2](0u, 0u);'],
    ['var x: array<vec4<f32>, 1>;', 'vec4[1] x = vec4[1](vec4(0.0));'],
    ['var x: array<i32, 2> = array<i32, 2>(i, 7);', 'int[2] x = int[2](i, 7);'],
    ['let x: f32 = -a + b * -b;', 'float x = -a + b * -b;'],
    ['let x: f32 = - -a;', 'float x = - -a;'],
    ['let x: i32 = ~i ^ (i << 3u) % j;', 'int x = ~i ^ (i << 3u) % j;'],
    ['let x: bool = (!p && a < b) || i >= j;', 'bool x = (!p && a < b) || i >= j;'],
    ['let x: f32 = f32(i) + f32(u) + f32(p);', 'float x = float(i) + float(u) + float(p);'],
    ['let x: i32 = i32(u);', 'int x = int(u);'],
    ['let x: u32 = bitcast<u32>(a);', 'uint x = floatBitsToUint(a);'],
    ['let x: i32 = bitcast<i32>(a * b);', 'int x = floatBitsToInt(a * b);'],
    ['let x: f32 = bitcast<f32>(i + j);', 'float x = intBitsToFloat(i + j);'],
    ['let x: f32 = bitcast<f32>(u & 1u);', 'float x = uintBitsToFloat(u & 1u);'],
    ['let x: i32 = bitcast<i32>(u);', 'int x = int(u);'],
    ['let x: u32 = bitcast<u32>(load_0(i));', 'uint x = floatBitsToUint(load_0(i));'],
    ['let x: u32 = bitcast<u32>(v.y);', 'uint x = floatBitsToUint(v.y);'],
    ['let x: f32 = select(a, b, i < j);', 'float x = (i < j ? b : a);'],
    ['let x: f32 = select(a, select(b, 0.0, p), p) * a;', 'float x = (p ? (p ? 0.0 : b) : a) * a;'],
    ['let x: u32 = abs(u);', 'uint x = (u);'],
    ['let x: i32 = max(abs(i), min(j, 3));', 'int x = max(abs(i), min(j, 3));'],
    ['let x: vec4<f32> = v * a + vec4<f32>(b);', 'vec4 x = v * a + vec4(b);'],
    ['let x: f32 = v[i] + v.w;', 'float x = v[i] + v.w;'],
    ['i <<= 2u;', 'i <<= 2u;'],
    ['v.x += a;', 'v.x += a;'],
    ['store_12(i, a);', 'store_12(i, a);'],
    ['if (p) { return; }', 'if (p) { return; }'],
    [
      'if (p) { i = 1; } else if (i == j) { i = 2; } else { i = 3; }',
      'if (p) { i = 1; } else if (i == j) { i = 2; } else { i = 3; }',
    ],
    ['for (var k: i32 = 0; k < 9; k += 1) { continue; }', 'for (int k = 0; k < 9; k += 1) { continue; }'],
    ['while (i > 0) { i -= 1; break; }', 'while (i > 0) { i -= 1; break; }'],
    ['// nothing\n', ''],
  ])('%s', (wgsl, glsl) => {
    expect(statement(wgsl)).toBe(glsl);
  });

  it('declares constants, and functions that are called before their definition', () => {
    const source = `const HALF: f32 = 0.5;
fn a(x: f32) -> f32 { return b(x) + c(x); }
fn b(x: f32) -> f32 { return HALF * x; }
fn c(y: f32) -> f32 { return b(y); }`;
    expect(toGlsl(source).split('\n')).toEqual([
      'float b(float x);',
      'float c(float y);',
      'const float HALF = 0.5;',
      ...['float a(float x) {', 'return b(x) + c(x);', '}'],
      ...['float b(float x) {', 'return HALF * x;', '}'],
      ...['float c(float y) {', 'return b(y);', '}'],
    ]);
  });

  it.each([
    ['let x: f32 = 1;', 'line 2: got 1, a i32, wanted a f32'],
    ['let x: u32 = 7;', 'a i32, wanted a u32'],
    ['let x: i32 = 2147483648;', '2147483648'],
    ['let x: f32 = 1.0f;', 'the number 1.0f'],
    ['let x: f32 = a + i;', 'f32 + i32'],
    ['let x: f32 = a % b;', 'f32 % f32'],
    ['let x: i32 = i << 3;', 'i32 << i32'],
    ['let x: bool = p & p;', 'bool & bool'],
    ['let x: u32 = -u;', '-u32'],
    ['let x: f32 = sin(a);', 'a call of sin'],
    ['let x: f32 = max(a, i);', 'max(f32, i32)'],
    ['let x: f32 = floor(i);', 'floor(i32)'],
    ['let x: f32 = select(a, i, p);', 'select(f32, i32, bool)'],
    ['let x: f32 = bitcast<f32>(p);', 'bitcast<f32> of bool'],
    ['let x: f32 = load_0(a);', 'load_0(f32)'],
    ['let x: f32 = y;', 'the name y'],
    ['let x = a;', 'got =, wanted :'],
    ['let x: vec2 = a;', 'the type vec2'],
    ['let x: f64 = a;', 'the type f64'],
    ['let a: f32 = b;', 'a second a'],
    ['let half: f32 = a;', 'the name half, a keyword of GLSL'],
    ['let x__y: f32 = a;', 'a keyword of GLSL'],
    ['let x: f32 = v.xy;', '.xy of vec4<f32>'],
    ['let x: f32 = a[0];', 'f32[i32]'],
    ['i++;', 'got +, wanted an assignment'],
    ['if (p) i = 1;', 'got i, wanted {'],
    ['if (i) { }', 'i, a i32, wanted a bool'],
    ['return a;', 'a f32, wanted a void'],
    ['loop { }', 'the name loop'],
    ['switch (i) { }', 'a call of switch'],
    ['i = 1', 'got }, wanted ;'],
    ['let x: f32 = a @ b;', '"@"'],
  ])('refuses %s', (wgsl, problem) => {
    expect(() => statement(wgsl)).toThrow(problem);
  });

  it.each([
    ['struct S { a: f32 }', 'got struct'],
    ['fn modi(a: i32) { }', 'which GLSL or gpu.js uses'],
    ['fn floor(a: f32) { }', 'which GLSL or gpu.js uses'],
    ['fn f() { } fn f() { }', 'a second function f'],
    ['fn f() { let x: f32 = f2(); } fn f2() { }', 'a void'],
    ['fn f() -> f32 { return; }', 'return;'],
    ['@compute fn f() { }', '"@"'],
    ['fn f() {', 'the end'],
  ])('refuses %s at the top', (wgsl, problem) => {
    expect(() => toGlsl(wgsl)).toThrow(problem);
  });
});
