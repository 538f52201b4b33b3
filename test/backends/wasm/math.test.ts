import { describe, expect, it } from 'vitest';
import { emitIntrinsic } from '../../../src/backends/wasm/scalar/elementary-functions.ts';
import { intrinsics, floats as singles } from '../../../src/ir/math/index.ts';
import { floats, fromBits, pairs, SPECIAL, vectorLoop } from './vectors.ts';

type Name = Exclude<keyof typeof intrinsics, 'pow'>;
const call =
  (name: keyof typeof intrinsics) =>
  (x: number, y: number): number =>
    intrinsics[name](singles, x, y);

/** Points where definitions switch between formulas or results leave the range of float32. */
const POINTS: Record<Name, readonly number[]> = {
  exp: [88.72283935546875, -87.33654022216797, -103.97207641601562, 0.34657359, 89, -104],
  expm1: [88.72283935546875, 0.34657359, -17.3286743, -20, 89, 5.9604645e-8],
  log: [1, Math.SQRT2, Math.SQRT1_2, 2, 1.1754943508222875e-38],
  log1p: [-1, -0.5, 0.41421356, -0.29289323, 5.9604645e-8, 16777216, 2 ** 64],
  sin: [Math.PI, Math.PI / 2, Math.PI / 4, 3000, 2.44140625e-4, 1647099, 1647099.25, 1e10, 1e20, 3e38],
  cos: [Math.PI, Math.PI / 2, Math.PI / 4, 3000, 1647099, 1647099.25, 1e10, 1e20, 3e38],
  tanh: [0.625, 9.01, 10, 44.36],
  erf: [0.6, 3.9, 4, 8],
  sigmoid: [-80, 80, -87.33654022216797, -103.97207641601562],
  softplus: [-80, 80, -87.33654022216797, -103.97207641601562],
};
const unary = Object.keys(POINTS) as Name[];

/** The floats around special numbers, powers of two and the given points, with both signs. */
function neighbourhoods(points: readonly number[]): number[] {
  const patterns = new Int32Array(Float32Array.from([...SPECIAL, ...points]).buffer);
  const exponents = Array.from({ length: 256 }, (_, e) => e << 23);
  return [...patterns, ...exponents].flatMap((pattern) =>
    Array.from({ length: 48 }, (_, k) => fromBits((pattern & 0x7fffffff) + k - 24)).flatMap((x) => [x, -x]),
  );
}

function expectBits(
  got: Float32Array,
  args: readonly Float32Array[],
  wanted: (x: number, y: number) => number,
) {
  for (let i = 0; i < got.length; i++) {
    const [x, y] = args.map((a) => a[i]!) as [number, number];
    if (!Object.is(got[i], wanted(x, y))) expect.fail(`(${x}, ${y}): ${got[i]}, wanted ${wanted(x, y)}`);
  }
}

const compile = (name: Name | 'pow', inputs: number) => {
  const loop = vectorLoop(inputs, 1, (code, plan, args) => emitIntrinsic(code, plan, name, [args]));
  return (args: readonly Float32Array[]) => new Float32Array(loop(args)[0]!.buffer);
};

describe.each(unary)('%s', (name) => {
  const run = compile(name, 1);

  it('has the bits of the host function at every 65,521st float', () => {
    const words = Int32Array.from({ length: 65_550 }, (_, k) => k * 65_521);
    const x = new Float32Array(words.buffer);
    expectBits(run([x]), [x], call(name));
  });

  it('and around special points', () => {
    const x = Float32Array.from(neighbourhoods(POINTS[name]));
    expectBits(run([x]), [x], call(name));
  });

  it('and where it is used most', () => {
    const x = Float32Array.from({ length: 40_001 }, (_, k) => (k - 20_000) / 1000);
    expectBits(run([x]), [x], call(name));
  });

  it('lane by lane, whatever the other lanes hold', () => {
    const x = Float32Array.from(
      [3e38, 1, -0, NaN, -1e20, 1e-40, 5, 1647100, Infinity, 0.3, 2e6, -Infinity].flatMap((a, k, all) => [
        a,
        0.5,
        all[(k + 1) % all.length]!,
        -2,
      ]),
    );
    expectBits(run([x]), [x], call(name));
  });
});

describe('pow', () => {
  const run = compile('pow', 2);

  it('has the bits of the host function on special and on many numbers', () => {
    const [a, b] = pairs(SPECIAL).map((v) => Float32Array.from(v)) as [Float32Array, Float32Array];
    expectBits(run([a, b]), [a, b], call('pow'));
    const [x, y] = [floats(40_000, 1), floats(40_000, 2)];
    expectBits(run([x, y]), [x, y], call('pow'));
  });

  it('and on a grid', () => {
    const bases = Array.from({ length: 256 }, (_, k) => fromBits((k << 23) | (k * 32_768)));
    const exponents = Array.from({ length: 161 }, (_, k) => (k - 80) / 4);
    const x = Float32Array.from(bases.flatMap((base) => exponents.map(() => base)));
    const y = Float32Array.from(bases.flatMap(() => exponents));
    expectBits(run([x, y]), [x, y], call('pow'));
    const negative = x.map((v) => -v);
    expectBits(run([negative, y]), [negative, y], call('pow'));
  });
});
