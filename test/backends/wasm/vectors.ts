import { expect } from 'vitest';
import type { JsArray } from '../../../src/backends/js/index.ts';
import type { Code, Local } from '../../../src/backends/wasm/assembler/code.ts';
import { PlanCode } from '../../../src/backends/wasm/module/plan-code.ts';
import { emitExpressions, type PointContext } from '../../../src/backends/wasm/scalar/expression.ts';
import type { Expr } from '../../../src/ir/expr.ts';
import { compute, expectSame } from '../js/plans.ts';

/** Byte address of the frame; data may begin at `DATA`. */
const FRAME = 64;
const DATA = 65536;

/** The functions of a module over a memory of `bytes` bytes, given the values of a plan. */
export function instantiate(plan: PlanCode, bytes: number, values: readonly number[] = []) {
  const pages = Math.ceil((DATA + bytes) / 65536) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  let end = 2048;
  plan.words.forEach((word, i) => {
    const at = new DataView(memory.buffer, FRAME + 64 + 4 * i);
    if (word.kind === 'value') {
      const value = values[word.slot]!;
      if (word.type === 'f32') at.setFloat32(0, value, true);
      else at.setInt32(0, word.type === 'bool' ? -Number(value !== 0) : value, true);
    } else if (word.kind === 'table') {
      at.setInt32(0, end, true);
      new Int32Array(memory.buffer, end).set(word.values);
      end += word.values.byteLength;
    }
  });
  const module = new WebAssembly.Module(plan.module.encode());
  const frame = new WebAssembly.Global({ value: 'i32' }, FRAME);
  const { exports } = new WebAssembly.Instance(module, { env: { memory, frame } });
  return { memory, functions: exports as Record<string, (...args: number[]) => number> };
}

export const emptyPlan = (): PlanCode =>
  new PlanCode({ buffers: [], steps: [], checks: [], finiteCheck: null, arenaBytes: 0 }, false);

/** A loop over vectors of four: the body returns the values of all outputs for those of the inputs. */
export function vectorLoop(
  inputs: number,
  outputs: number,
  body: (code: Code, plan: PlanCode, inputs: Local[]) => Local[],
) {
  const plan = emptyPlan();
  const run = plan.module.function(['i32', 'i32'], [], (code, count, pitch) => {
    const at = code.copy(DATA);
    const addresses = (n: number, first: number): Local[] =>
      Array.from({ length: n }, (_, k) => code.op('i32.add', at, code.op('i32.mul', pitch!, k + first)));
    const end = code.op('i32.add', at, code.op('i32.shl', count!, 2));
    code.if(code.op('i32.lt_u', at, end), () =>
      code.loop(() => {
        const values = addresses(inputs, 0).map((a) => code.load('v128.load', [a]));
        const results = body(code, plan, values);
        addresses(outputs, inputs).forEach((a, k) => {
          code.store('v128.store', a, results[k]!);
        });
        code.update(at, 'i32.add', at, 16);
        return code.op('i32.lt_u', at, end);
      }),
    );
  });
  plan.module.export('run', run);
  return (arrays: readonly (Float32Array | Int32Array)[], values: readonly number[] = []): Int32Array[] => {
    const count = arrays[0]?.length ?? 4;
    const pitch = Math.ceil(count / 4) * 16;
    const { memory, functions } = instantiate(plan, pitch * (inputs + outputs), values);
    arrays.forEach((array, k) => {
      const words = new Int32Array(array.buffer, array.byteOffset, count);
      new Int32Array(memory.buffer, DATA + k * pitch, count).set(words);
    });
    functions.run!(count, pitch);
    return Array.from({ length: outputs }, (_, k) =>
      new Int32Array(memory.buffer, DATA + (inputs + k) * pitch, count).slice(),
    );
  };
}

/** The values of expressions at one vector of points. */
export const emitVector = (
  code: Code,
  plan: PlanCode,
  context: PointContext,
  roots: readonly Expr[],
): Local[] => emitExpressions(code, plan, [{ context, done: new Map() }], roots)[0]!;

/**
 * The values of an expression over vectors, computed by vector code: bools are 0 and 1, u32 values are returned as i32. They
 * are also computed together with a second vector, of the same points in another order, and must be the same.
 */
export function computeVectors(
  e: Expr,
  arrays: readonly JsArray[],
  values: readonly number[] = [],
  bools: readonly number[] = [],
): Float32Array | Int32Array {
  const loop = vectorLoop(arrays.length, 3, (code, plan, inputs) => {
    const vectorOf = (loads: readonly Local[]) => ({
      context: {
        load: (load: Expr) => loads[load.value]!,
        acc: () => expect.fail('no acc here'),
        philox: () => null,
        check: () => expect.fail('no check here'),
      },
      done: new Map(),
    });
    const reversed = (vector: Local): Local => code.shuffle([3, 2, 1, 0], vector, vector);
    const alone = emitExpressions(code, plan, [vectorOf(inputs)], [e]);
    const both = emitExpressions(code, plan, [vectorOf(inputs), vectorOf(inputs.map(reversed))], [e]);
    return [alone[0]![0]!, both[0]![0]!, reversed(both[1]![0]!)];
  });
  const inRegisters = arrays.map((array, k) => {
    if (bools.includes(k)) return Int32Array.from(array, (value) => -value);
    return array instanceof Float32Array ? array : Int32Array.from(array);
  });
  const [words, ...together] = loop(inRegisters, values) as [Int32Array, Int32Array, Int32Array];
  for (const other of together) expectSame(other, words);
  if (e.type === 'bool') {
    expect(
      words.every((word) => word === 0 || word === -1),
      'bools are masks',
    ).toBe(true);
    return words.map((word) => -word);
  }
  return e.type === 'f32' ? new Float32Array(words.buffer) : words;
}

/** Fails unless vector code and the js backend give the same bits. */
export function expectAgreement(
  e: Expr,
  arrays: readonly JsArray[],
  values: readonly number[] = [],
  bools: readonly number[] = [],
): void {
  expectSame(computeVectors(e, arrays, values, bools), compute(e, arrays, values, bools));
}

/** Floats of all kinds: random bits, small integers and halves, and range limits. */
export function floats(count: number, seed: number): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length: count }, (_, i) => {
    const word = next();
    if (i % 4 === 0) return SPECIAL[(word >>> 8) % SPECIAL.length]!;
    if (i % 4 === 1) return ((word >> 8) % 2000) / 2;
    if (i % 4 === 2) return (word >> 8) / 1024;
    return fromBits(word);
  });
}

/** Integers of every size. */
export function integers(count: number, seed: number): Int32Array {
  const next = random(seed);
  return Int32Array.from({ length: count }, (_, i) => {
    if (i % 3 === 0) return INTEGERS[(next() >>> 8) % INTEGERS.length]!;
    return next() >> (next() >>> 27);
  });
}

export function fromBits(word: number): number {
  bits.setInt32(0, word);
  return bits.getFloat32(0);
}

const bits = new DataView(new ArrayBuffer(4));

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
}

const half = [0.5, 1.5, 2.5, 3.5, 0.49999997, 8388607.5, 8388609, 16777215, 4194303.5];
const limits = [2147483648, 2147483520, 4294967296, 4294967040, 1e30, 3.4028234663852886e38, Infinity];
const small = [0, 1, 2, 3, 7, 1e-30, 1.1754943508222875e-38, 1.1754942106924411e-38, 1.401298464324817e-45];
export const SPECIAL = [...half, ...limits, ...small].flatMap((x) => [x, -x]).concat(NaN);
export const INTEGERS = [0, 1, 2, 3, 7, 31, 32, 33, 100, 65536, 2147483647]
  .flatMap((x) => [x, -x])
  .concat(-2147483648, -2147483647, 1073741824);

/** All pairs of values. */
export function pairs(values: readonly number[]): [number[], number[]] {
  return [values.flatMap((x) => values.map(() => x)), values.flatMap(() => values)];
}
