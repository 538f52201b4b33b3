import { expect } from 'vitest';
import { compileJs, double, type JsArray, single } from '../../../src/backends/js/index.ts';
import type { Failure } from '../../../src/ir/backend.ts';
import { type DType, dtypes, type TypedArray } from '../../../src/ir/dtype.ts';
import { acc, convert, type Expr, load } from '../../../src/ir/expr.ts';
import type { Access, Contract, Kernel, Reduce } from '../../../src/ir/kernel.ts';
import type { Plan, PlanBuffer } from '../../../src/ir/plan.ts';
import { Storage } from '../../../src/ir/storage.ts';
import { contiguous, sizeOf, type View } from '../../../src/ir/view.ts';
import { engines } from '../engines.ts';

/** Builds a plan manually and runs it. */
export class PlanBuilder {
  readonly buffers: PlanBuffer[] = [];
  readonly kernels: Kernel[] = [];
  readonly bound: JsArray[] = [];
  readonly results: JsArray[] = [];
  readonly replacements: JsArray[] = [];
  finiteCheck: number | null = null;
  private arenaBytes = 0;

  bind(array: JsArray, dtype: DType = dtypeOf(array)): number {
    const place = { kind: 'bound', index: this.bound.push(array) - 1 } as const;
    return this.buffers.push({ dtype, size: array.length, location: place }) - 1;
  }

  result(dtype: DType, size: number, array: JsArray = dtypes[dtype].allocate(size)): number {
    const place = { kind: 'result', index: this.results.push(array) - 1 } as const;
    return this.buffers.push({ dtype, size, location: place }) - 1;
  }

  /** New values for the bound storage of a buffer. */
  replace(buffer: number, array?: JsArray): number {
    const { dtype, size, location } = this.buffers[buffer]!;
    if (location.kind !== 'bound') throw new Error(`buffer ${buffer} is not bound`);
    this.replacements[location.index] = array ?? dtypes[dtype].allocate(size);
    return this.buffers.push({ dtype, size, location: { ...location, kind: 'replacement' } }) - 1;
  }

  arena(dtype: DType, size: number): number {
    const place = { kind: 'arena', byteOffset: this.arenaBytes } as const;
    this.arenaBytes += Math.ceil((size * dtypes[dtype].bytes) / 64) * 64;
    return this.buffers.push({ dtype, size, location: place }) - 1;
  }

  kernel(kernel: Partial<Kernel> & Pick<Kernel, 'shape' | 'stores'>): this {
    this.kernels.push({ kind: 'kernel', name: 'test', source: { kind: 'map' }, inputs: [], ...kernel });
    return this;
  }

  plan(): Plan {
    const { buffers, kernels, finiteCheck, arenaBytes } = this;
    const checks = Array.from({ length: 8 }, (_, i) => ({
      error: (value: number) => new Error(`check ${i}: ${value}`),
    }));
    return { buffers, steps: kernels, checks, finiteCheck, arenaBytes };
  }

  /** Runs the plan on the reference backend; in single precision all CPU backends must give the same bits. */
  run(values: readonly number[] = [], precision: 'single' | 'double' = 'single'): Failure | null {
    const plan = this.plan();
    const { bound, results, replacements } = this;
    if (precision === 'double') return compileJs(plan, double).run(values, bound, results, replacements);
    const copies = engines.map(() => ({
      values,
      bound: this.bound.map((array, i) => this.#storage('bound', i, array)),
      results: this.results.map((array, i) => this.#storage('result', i, array)),
    }));
    const failure = compileJs(plan, single).run(values, bound, results, replacements);
    engines.forEach((engine, e) => {
      const { bound, results } = copies[e]!;
      const executable = engine.compile(plan);
      expect(executable.run(copies[e]!)).toEqual(failure);
      executable.release();
      if (failure !== null) return;
      for (const [i, { array }] of bound.entries()) expectSame(array, replacements[i] ?? this.bound[i]!);
      for (const [i, { array }] of results.entries()) expectSame(array, this.results[i]!);
    });
    return failure;
  }

  /** A storage with a copy of an array. */
  #storage(kind: 'bound' | 'result', index: number, array: JsArray): Storage {
    const buffer = this.buffers.find(({ location }) => location.kind === kind && location.index === index)!;
    return new Storage(buffer.dtype, array.slice() as TypedArray);
  }
}

export function dtypeOf(array: JsArray): DType {
  if (array instanceof Int32Array) return 'int32';
  return array instanceof Uint8Array ? 'uint8' : 'float32';
}

export const access = (
  buffer: number | null,
  view: View,
  gather: Access['gather'] = [],
  fill: number | null = null,
) => ({
  buffer,
  view,
  gather,
  fill,
});

/** The dtype that stores an expression's values unchanged. */
export const dtypeFor = (e: Expr): DType =>
  e.type === 'f32' ? 'float32' : e.type === 'bool' ? 'bool' : 'int32';

/**
 * The values of an expression over input vectors of one length. u32 values are returned as bits in an Int32Array; `bool`
 * names the inputs that are bools.
 */
export function compute(
  e: Expr,
  arrays: readonly JsArray[],
  values: readonly number[] = [],
  bools: readonly number[] = [],
) {
  const builder = new PlanBuilder();
  const shape = [arrays[0]?.length ?? 1];
  const inputs = arrays.map((array, k) =>
    access(builder.bind(array, bools.includes(k) ? 'bool' : dtypeOf(array)), contiguous(shape)),
  );
  const stored = e.type === 'u32' ? convert(e, 'i32') : e;
  builder.kernel({
    shape,
    inputs,
    stores: [{ buffer: builder.result(dtypeFor(stored), shape[0]!), expr: stored }],
  });
  expect(builder.run(values)).toBeNull();
  return builder.results[0]!;
}

/** The result of a reduction whose inputs are whole buffers; `shape` is the result's. */
export function computeReduce(
  reduce: Omit<Reduce, 'kind' | 'inputs'>,
  shape: readonly number[],
  inputs: readonly { readonly array: JsArray; readonly view: View; readonly dtype?: DType }[],
): JsArray {
  const builder = new PlanBuilder();
  const type = reduce.reducer.startsWith('arg') ? 'i32' : reduce.expr.type;
  const source: Reduce = {
    kind: 'reduce',
    ...reduce,
    inputs: inputs.map(({ array, view, dtype }) => access(builder.bind(array, dtype), view)),
  };
  const expr = acc(type);
  builder.kernel({
    shape,
    source,
    stores: [{ buffer: builder.result(dtypeFor(expr), sizeOf(shape)), expr }],
  });
  expect(builder.run()).toBeNull();
  return builder.results[0]!;
}

interface Product {
  readonly a: { readonly array: JsArray; readonly view: View };
  readonly b: { readonly array: JsArray; readonly view: View };
  readonly axes: Contract['axes'];
  readonly shape: readonly number[];
  readonly type?: 'f32' | 'i32';
}

/** The result of a contraction of whole buffers. */
export function computeContract(
  { a, b, axes, shape, type = 'f32' }: Product,
  values: readonly number[] = [],
): JsArray {
  const builder = new PlanBuilder();
  const source: Contract = {
    kind: 'contract',
    type,
    a: { buffer: builder.bind(a.array), view: a.view },
    b: { buffer: builder.bind(b.array), view: b.view },
    axes,
  };
  const expr = acc(type);
  builder.kernel({
    shape,
    source,
    stores: [{ buffer: builder.result(dtypeFor(expr), sizeOf(shape)), expr }],
  });
  expect(builder.run(values)).toBeNull();
  return builder.results[0]!;
}

/** Fails unless both hold the same bits; all NaNs count as equal. */
export function expectSame(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(got[i], wanted[i]))
      expect.fail(`element ${i}: ${show(got[i]!)}, wanted ${show(wanted[i]!)}`);
  }
}

const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** Reproducible numbers of very different magnitudes, so that another order of additions changes the sum. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 16777216;
  };
  return Float32Array.from({ length: count }, () => (next() - 0.5) * (next() < 0.5 ? 1 : 1024));
}

/** Loads of inputs 0, 1, ... of the given types. */
export const loads = (...types: Expr['type'][]): Expr[] => types.map((type, k) => load(k, type));
