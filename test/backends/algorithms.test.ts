import { describe, expect, test } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import {
  argsort,
  cummax,
  cummin,
  cumprod,
  cumsum,
  Generator,
  gradients,
  putAlongAxis,
  type ScatterMode,
  sort,
  type Tensor,
  topK,
} from '../../src/index.ts';
import { dtypes } from '../../src/ir/dtype.ts';
import type { Plan, PlanBuffer } from '../../src/ir/plan.ts';
import { fromArray } from '../../src/tensor/creation.ts';
import { assertClose } from '../../src/testing.ts';
import { type Compiled, compilePlan, runPlan } from '../compiler/plans.ts';
import { firstDifference } from '../tensor/bits.ts';
import { engines } from './engines.ts';

// Algorithms have the bits of the reference on any number of threads, at all lengths where the code takes another form.

const usual = new WasmBackend();

function expectSame(outputs: readonly Tensor[]): void {
  const nodes = outputs.map((t) => t.node);
  const compiled = compilePlan(nodes);
  const wanted = runPlan(compiled);
  for (const engine of [usual, ...engines]) {
    const got = runPlan(compiled, engine);
    for (const node of nodes) expect(firstDifference(got.get(node)!, wanted.get(node)!)).toBeNull();
  }
}

/** The plan with each algorithm in its rewritten form. */
function rewritten(plan: Plan): Plan {
  const buffers: PlanBuffer[] = [...plan.buffers];
  let { arenaBytes } = plan;
  const addBuffer = (type: string, size: number): number => {
    const dtype = type === 'f32' ? 'float32' : 'int32';
    const byteOffset = Math.ceil(arenaBytes / 64) * 64;
    arenaBytes = byteOffset + size * dtypes[dtype].bytes;
    return buffers.push({ dtype, size, location: { kind: 'arena', byteOffset } }) - 1;
  };
  const rewrite = (step: Plan['steps'][number]): Plan['steps'][number][] => {
    const { source } = step;
    return source.kind === 'algorithm'
      ? source.algorithm.rewrite(step, source, addBuffer).flatMap(rewrite)
      : [step];
  };
  const steps = plan.steps.flatMap(rewrite);
  return { ...plan, buffers, steps, arenaBytes };
}

/** The rewritten forms give the same, up to the order of accumulation. */
function expectRewritten(outputs: readonly Tensor[], tolerance: number): void {
  const nodes = outputs.map((t) => t.node);
  const compiled: Compiled = compilePlan(nodes);
  const wanted = runPlan(compiled);
  const got = runPlan({ ...compiled, plan: rewritten(compiled.plan) });
  for (const node of nodes)
    assertClose([...got.get(node)!], [...wanted.get(node)!], { absolute: tolerance, relative: tolerance });
}

const generator = new Generator(3);
const random = (...shape: number[]): Tensor => {
  const x = generator.normal(shape);
  x.dataSync();
  return x.detach();
};

describe('sorting', () => {
  const special = fromArray(
    Float32Array.from(
      { length: 5000 },
      (_, i) => [NaN, Infinity, -0, 0, -Infinity, i % 7, -(i % 5)][i % 11] ?? i / 9,
    ),
    [5000],
    'float32',
  );
  const ordered = fromArray(
    Int32Array.from({ length: 9000 }, (_, i) => 9000 - i),
    [9000],
    'int32',
  );

  test.each([[[39]], [[41]], [[3, 300]], [[20_000]], [[6, 5000]], [[5, 0]]] as const)('of %j', (shape) => {
    const x = random(...shape);
    const k = Math.min(10, shape.at(-1)!);
    const coarse = x.mul(3).round();
    expectSame([
      argsort(x),
      argsort(coarse, -1, { descending: true }),
      sort(x.mul(1000).cast('int32')).add(1),
      topK(x, k).indices,
      topK(coarse, k, { largest: false }).indices,
      ...gradients(sort(x).mul(x).sum(), [x]),
    ]);
  });

  test('special values, ties and opposite order', () => {
    expectSame([
      argsort(special),
      argsort(special, -1, { descending: true }),
      topK(special, 700).indices,
      topK(special, 3000, { largest: false }).indices,
      argsort(ordered),
      topK(ordered, 5, { largest: false }).indices,
      topK(ordered.flip(), 5).indices,
      argsort(special.cast('uint8')),
    ]);
  });

  test.each([[[1]], [[2]], [[65]], [[3, 200]]] as const)('of %j, rewritten', (shape) => {
    const x = random(...shape);
    expectRewritten([argsort(x), argsort(x.mul(2).round(), -1, { descending: true }), sort(x)], 0);
  });

  test('special values, rewritten', () => {
    const x = special.slice([0, 300]);
    expectRewritten([argsort(x), argsort(x, -1, { descending: true }), topK(x, 7).indices], 0);
  });
});

test.each([
  [[5000], [3000], 0],
  [[4, 50, 3], [4, 2000, 3], 1],
] as const)('scattering into %j', (shape, given, axis) => {
  const x = random(...shape);
  const updates = random(...given);
  const indices = updates.mul(1e6).cast('int32').mod(shape[axis]!);
  const put = (mode: ScatterMode): Tensor => putAlongAxis(x, indices, updates, axis, { mode });
  const all = [put('set'), put('add'), put('max'), put('min')];
  expectSame([...all, ...gradients(put('add').mul(x).sum(), [x, updates])]);
  expectRewritten(all, 1e-5);
});

describe('cumulative operations', () => {
  test.each([
    [[3], 0],
    [[4097], 0],
    [[12_291], 0],
    [[5, 2, 3], 1],
    [[2, 17, 600], 1],
    [[4101, 3], 0],
    [[3, 4099], 1],
    [[70, 33, 1], 1],
  ] as const)('%j along axis %i', (shape, axis) => {
    const x = random(...shape);
    const y = x.mul(0.01).add(1);
    expectSame([
      cumsum(x, axis),
      cumsum(x, axis, { exclusive: true }),
      cumsum(x.flip(axis).mul(2), axis, { reverse: true }).relu(),
      cumprod(y, axis),
      cumprod(y, axis, { exclusive: true, reverse: true }),
      cummax(x, axis),
      cummin(x, axis),
      cumsum(x.mul(100).cast('int32'), axis),
      cummax(x.greater(1), axis),
      ...gradients(cumprod(y, axis).mul(x).sum(), [y]),
      ...gradients(cummax(x, axis).mul(y).sum(), [x]),
    ]);
  });

  test.each([
    [[64], 0],
    [[65], 0],
    [[9000], 0],
    [[3, 200, 5], 1],
    [[0, 3], 1],
  ] as const)('%j along axis %i, rewritten for one thread per element', (shape, axis) => {
    const x = random(...shape);
    const y = x.mul(0.01).add(1);
    expectRewritten(
      [
        cumsum(x, axis),
        cumsum(x, axis, { exclusive: true }).relu(),
        cumprod(y, axis, { exclusive: true, reverse: true }),
        cummax(x, axis),
        cummin(x, axis),
        cumsum(x.mul(100).cast('int32'), axis),
        ...gradients(cumprod(y, axis).mul(x).sum(), [y]),
      ],
      1e-3,
    );
  });

  test('have the stated order of accumulation', () => {
    const x = random(10_001);
    const f = Math.fround;
    const wanted = new Float32Array(10_001);
    const data = x.dataSync();
    let [base, carry] = [0, 0];
    for (let i = 0; i < 10_001; i++) {
      if (i % 4096 === 0) [base, carry] = [f(base + carry), 0];
      const [a, b, c, d] = [i, i - 1, i - 2, i - 3].map((k) => data[k] ?? 0) as [
        number,
        number,
        number,
        number,
      ];
      const group = [a, f(a + b), f(f(a + b) + c), f(f(a + b) + f(c + d))][i % 4]!;
      const y = f(carry + group);
      wanted[i] = f(base + y);
      if (i % 4 === 3) carry = y;
    }
    expect(firstDifference(cumsum(x).dataSync(), wanted)).toBeNull();
    let sum = 0;
    const exact = Float64Array.from(data, (v) => (sum += v));
    wanted.forEach((y, i) => {
      expect(Math.abs(y - exact[i]!)).toBeLessThan(1e-3);
    });
  });
});
