import { describe, expect, it } from 'vitest';
import { compileJs, single } from '../../../src/backends/js/index.ts';
import type { Failure } from '../../../src/ir/backend.ts';
import { acc, binary, load } from '../../../src/ir/expr.ts';
import { contiguous, permuteView, sizeOf, type View } from '../../../src/ir/view.ts';
import { access, expectSame, noise, PlanBuilder } from './plans.ts';

interface Case {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly indices: Int32Array;
  readonly updates: Float32Array | Int32Array;
  readonly view?: View;
}

function scatter({ shape, axis, indices, updates, view }: Case): {
  failure: Failure | null;
  result: ArrayLike<number>;
} {
  const type = updates instanceof Float32Array ? 'f32' : 'i32';
  const updateShape = shape.map((d, i) => (i === axis ? indices.length : d));
  const builder = new PlanBuilder();
  const source = {
    kind: 'scatter',
    type,
    axis,
    updates: { buffer: builder.bind(updates), view: view ?? contiguous(updateShape) },
    indices: { buffer: builder.bind(indices), view: contiguous([indices.length]) },
    check: 3,
  } as const;
  const dtype = type === 'f32' ? 'float32' : 'int32';
  const buffer = builder.result(dtype, sizeOf(shape));
  builder.kernel({ shape, source, stores: [{ buffer, expr: acc(type) }] });
  const failure = builder.run();
  return { failure, result: builder.results[0]! };
}

/** Sequential additions, each one rounded. */
function oneByOne({ shape, axis, indices, updates }: Case): number[] {
  const size = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const round = updates instanceof Float32Array ? Math.fround : (v: number) => v | 0;
  const result = new Array<number>(sizeOf(shape)).fill(0);
  updates.forEach((u, p) => {
    const [o, c, i] = [
      Math.floor(p / (inner * indices.length)),
      Math.floor(p / inner) % indices.length,
      p % inner,
    ];
    const to = (o * size + ((indices[c]! + size) % size)) * inner + i;
    result[to] = round(result[to]! + u);
  });
  return result;
}

describe('scatter', () => {
  const indices = Int32Array.from({ length: 90 }, (_, i) => ((i * 7) % 10) - (i % 3 === 0 ? 10 : 0));
  it.each([
    [[10], 0],
    [[10, 300], 0],
    [[10, 700], 0],
    [[3, 10], 1],
    [[4, 10, 17], 1],
  ])('adds into %j along axis %i, negative indices from the end', (shape, axis) => {
    const size = sizeOf(shape.map((d, i) => (i === axis ? indices.length : d)));
    const floats = { shape, axis, indices, updates: noise(size) };
    expectSame(scatter(floats).result, oneByOne(floats));
    const ints = {
      ...floats,
      updates: Int32Array.from({ length: size }, (_, i) => Math.imul(i, 2654435761)),
    };
    expectSame(scatter(ints).result, oneByOne(ints));
  });

  it('reads its updates through a view', () => {
    const updates = noise(90 * 20);
    const turned = new Float32Array(updates.length);
    for (let c = 0; c < 90; c++) for (let i = 0; i < 20; i++) turned[i * 90 + c] = updates[c * 20 + i]!;
    const view = permuteView(contiguous([20, 90]), [1, 0]);
    const wanted = oneByOne({ shape: [10, 20], axis: 0, indices, updates });
    expectSame(scatter({ shape: [10, 20], axis: 0, indices, updates: turned, view }).result, wanted);
  });

  it.each([
    [[0, 9, -10], null],
    [[0, 10, 99], { check: 3, value: 10 }],
    [[-11], { check: 3, value: -11 }],
  ])('checks the indices %j', (list, failure) => {
    const updates = noise(list.length);
    const got = scatter({ shape: [10], axis: 0, indices: Int32Array.from(list), updates });
    expect(got.failure).toEqual(failure);
  });

  it('gives zeros without updates', () => {
    const empty = { shape: [3, 2], axis: 0, indices: new Int32Array(0), updates: new Float32Array(0) };
    expectSame(scatter(empty).result, new Array(6).fill(0));
    expectSame(scatter({ ...empty, shape: [0, 2] }).result, []);
  });

  it('starts from 0 again at every run, and has an epilogue', () => {
    const builder = new PlanBuilder();
    const [updates, base] = [noise(6), noise(4, 2)];
    const source = {
      kind: 'scatter',
      type: 'f32',
      axis: 0,
      updates: { buffer: builder.bind(updates), view: contiguous([6]) },
      indices: { buffer: builder.bind(Int32Array.of(0, 1, 2, 3, 0, 1)), view: contiguous([6]) },
      check: 0,
    } as const;
    builder.kernel({
      shape: [4],
      source,
      inputs: [access(builder.bind(base), contiguous([4]))],
      stores: [{ buffer: builder.result('float32', 4), expr: binary('add', acc('f32'), load(0, 'f32')) }],
    });
    const sums = oneByOne({ shape: [4], axis: 0, indices: Int32Array.of(0, 1, 2, 3, 0, 1), updates });
    const executable = compileJs(builder.plan(), single);
    for (let run = 0; run < 2; run++) {
      expect(executable.run([], builder.bound, builder.results)).toBeNull();
      expectSame(
        builder.results[0]!,
        sums.map((s, i) => Math.fround(s + base[i]!)),
      );
    }
  });
});
