import ndarray, { type NdArray } from 'ndarray';
import { describe, expect, test } from 'vitest';
import {
  arange,
  DTypeError,
  diff,
  elu,
  full,
  gradients,
  leakyRelu,
  linspace,
  nanToNum,
  Parameter,
  pad,
  runStep,
  ShapeError,
  StateError,
  scalar,
  slidingWindows,
  type Tensor,
  take,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';

const values = (t: Tensor): number[] => Array.from(t.dataSync());
const gradient = (y: Tensor, x: Tensor): number[] => values(gradients(y, [x])[0]!);

/** The least that ndarray takes as its memory. */
class Store {
  private readonly list: number[];
  readonly length: number;

  constructor(list: number[]) {
    this.list = list;
    this.length = list.length;
  }

  get(i: number): number {
    return this.list[i]!;
  }

  set(i: number, value: number): void {
    this.list[i] = value;
  }
}

describe('Parameters', () => {
  test('a graph over an older version neither runs nor is differentiated', async () => {
    const p = new Parameter(tensor([1, 2, 3]), { name: 'p' });
    const y = p.square().sum();
    const unread = p.add(1);
    await y.data();
    await p.assign([5, 5, 5]);
    expect(y.item()).toBe(14); // known before
    expect(() => unread.dataSync()).toThrow(StateError);
    expect(() => gradients(y, [p])).toThrow(/older version of Parameter 'p'/);
    expect(() => gradients(y.add(p.sum()), [p])).toThrow(StateError);
  });

  test('what arranges nothing still gives the values of the moment', async () => {
    const p = new Parameter(tensor([1, 2]), { name: 'p' });
    const n = new Parameter(tensor([1, 2], { dtype: 'int32' }), { name: 'n', trainable: false });
    const taken: Tensor[] = [tensor(p), p.reshape([2]), p.flatten(), p.slice(), p.cast('float32'), p.sum([])];
    taken.push(diff(p, 0), pad(p, [[0, 0]], 'edge'), nanToNum(n));
    await p.assign([8, 9]);
    await n.assign(tensor([8, 9], { dtype: 'int32' }));
    for (const t of taken) expect(() => t.dataSync()).toThrow(StateError);
    expect(values(p)).toEqual([8, 9]);
  });

  test('an assignment reads the values before the step', async () => {
    const a = new Parameter(tensor([1, 2]), { name: 'a' });
    const b = new Parameter(tensor([3, 4]), { name: 'b' });
    await runStep({
      assignments: [
        [a, b],
        [b, a],
      ],
    });
    expect([values(a), values(b), a.version, b.version]).toEqual([[3, 4], [1, 2], 1, 1]);
  });

  test('a failed check overwrites nothing', async () => {
    const p = new Parameter(tensor([1, 2]), { name: 'p' });
    const bad = take(p, tensor([0, 7], { dtype: 'int32' })).add(1);
    await expect(runStep({ assignments: [[p, bad]] })).rejects.toThrow(
      '[take] index 7 is out of range for axis 0 of size 2: wanted -2 to 1.',
    );
    expect([values(p), p.version]).toEqual([[1, 2], 0]);
  });

  test('assigned twice in one step, or with another shape, is an error', async () => {
    const p = new Parameter(tensor([1, 2]), { name: 'p' });
    const twice = runStep({
      assignments: [
        [p, p.add(1)],
        [p, p.add(2)],
      ],
    });
    await expect(twice).rejects.toThrow(/'p' is assigned twice/);
    await expect(p.assign([1, 2, 3])).rejects.toThrow(/\[assign\] 'p' has shape \[2\], got .* \[3\]/);
  });
});

describe('reading', () => {
  test('data() keeps the graph, detach() cuts it', async () => {
    const x = tensor([1, 2, 3]);
    const y = x.square();
    await y.data();
    expect(gradient(y.sum(), x)).toEqual([2, 4, 6]);
    expect(gradient(y.detach().mul(x).sum(), x)).toEqual([1, 4, 9]);
  });

  test('results of a step come back detached; other graphs that share their nodes do not notice', async () => {
    const x = tensor([1, 2, 3]);
    const h = x.square();
    const loss = h.sum();
    await runStep({ results: [h], assignments: [] });
    expect(gradient(h.sum(), x)).toEqual([0, 0, 0]);
    expect(gradient(loss, x)).toEqual([2, 4, 6]);
  });

  test('data() gives a copy', async () => {
    const x = tensor([1, 2]);
    (await x.data())[0] = 7;
    expect(values(x)).toEqual([1, 2]);
  });

  test('item() wants one element and keeps what it computed', () => {
    expect(() => tensor([1, 2]).item()).toThrow(
      '[item] got shape [2], wanted one element. Use data() or toArray().',
    );
    const y = tensor([[1, 2]]).sum(1, { keepDims: true });
    expect(y.item()).toBe(3);
    const { planHits, planMisses } = backendInfo();
    y.item();
    expect(backendInfo()).toMatchObject({ planHits, planMisses });
  });
});

describe('numbers', () => {
  test('that a data type cannot hold are refused or widen it', () => {
    expect(() => full([2], 300, 'uint8')).toThrow(/300 does not fit uint8/);
    expect(() => scalar(Number.NaN, 'int32')).toThrow(ValueError);
    expect(() => tensor([1], { dtype: 'int32' }).add(2 ** 31)).toThrow(/does not fit int32/);
    const bytes = tensor(Uint8Array.of(1, 2));
    const padded = pad(bytes, [[1, 1]], -1);
    expect([padded.dtype, values(padded), values(padded.cast('int32'))]).toEqual([
      'int32',
      [-1, 1, 2, -1],
      [-1, 1, 2, -1],
    ]);
    expect(pad(bytes, [[1, 1]], 255).dtype).toBe('uint8');
    expect(bytes.less(256).dtype).toBe('bool');
  });

  test('are inputs of a plan: other numbers find the same plan', () => {
    const x = tensor([-1, 2]);
    const run = (s: number): number[] => values(leakyRelu(elu(x, s).mul(s), s));
    run(0.5);
    const { planMisses } = backendInfo();
    expect(run(0.25)).toEqual([-0.009876883588731289, 0.5]);
    expect(backendInfo().planMisses).toBe(planMisses);
  });

  test('linspace holds both ends, arange whole numbers exactly', () => {
    expect(values(linspace(0.1, 0.7, 2))).toEqual([Math.fround(0.1), Math.fround(0.7)]);
    expect(values(linspace(3, 4, 1))).toEqual([3]);
    expect([arange(2, 8, 3).dtype, values(arange(2, 8, 3)), values(arange(5, 0, -2))]).toEqual([
      'int32',
      [2, 5],
      [5, 3, 1],
    ]);
    expect(values(arange(0, 1, 0.25))).toEqual([0, 0.25, 0.5, 0.75]);
    expect(() => arange(2 ** 31, 2 ** 31 + 2)).toThrow(ValueError);
  });
});

describe('plans', () => {
  test("do not depend on the caller's arrays", () => {
    const strides = [3];
    const x = tensor([1, 2, 3, 4, 5]);
    expect(values(slidingWindows(x, [2], { strides }))).toEqual([1, 2, 4, 5]);
    strides[0] = 2;
    expect(values(slidingWindows(x, [2], { strides: [3] }))).toEqual([1, 2, 4, 5]);
    expect(values(slidingWindows(x, [2], { strides: [2] }))).toEqual([1, 2, 3, 4]);
  });

  test('a shape cannot be changed from outside', () => {
    expect(() => {
      (tensor([1, 2]).shape as number[])[0] = 5;
    }).toThrow(TypeError);
  });
});

describe('tensor()', () => {
  test('takes typed arrays in arrays, and bools as they come', () => {
    expect(tensor([Float32Array.of(1, 2), Float32Array.of(3, 4)]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const b = tensor(Uint8Array.of(7, 0), { dtype: 'bool', copy: false });
    expect([b.sum().item(), b.logicalNot().toArray()]).toEqual([1, [false, true]]);
  });

  test('copies unless told not to', () => {
    const own = Float32Array.of(1, 2);
    const copied = tensor(own);
    const shared = tensor(own, { copy: false });
    own[0] = 5;
    expect([values(copied), values(shared)]).toEqual([
      [1, 2],
      [5, 2],
    ]);
  });

  test.each([
    ['ragged arrays', () => tensor([[1, 2], [3]]), ShapeError, /ragged/],
    [
      'a wrong size',
      () => tensor([1, 2, 3], { shape: [2, 2] }),
      ShapeError,
      /got 3 values for shape \[2, 2\]/,
    ],
    ['a fraction for int32', () => tensor([1.5], { dtype: 'int32' }), ValueError, /1.5 does not fit int32/],
    ['an unknown dtype', () => zeros([2], 'float64' as 'float32'), DTypeError, /float64/],
    ['a shape that is a number', () => zeros(3 as never), ShapeError, /wanted an array/],
    ['Tensors in arrays', () => tensor([tensor([1])] as never), ValueError, /stack or concat/],
    ['an object', () => tensor({} as never), DTypeError, /wanted a number, nested arrays/],
    ['an array as operand', () => tensor([1]).add([1] as never), DTypeError, /\[add\] got an array/],
    [
      'nothing as operand',
      () => tensor([1]).matmul(undefined as never),
      DTypeError,
      /\[matmul\] got undefined/,
    ],
    ['an index to differentiate by', () => gradients(tensor(1), [arange(2)]), DTypeError, /int32/],
  ] as const)('refuses %s', (_, make, type, message) => {
    expect(make).toThrow(type);
    expect(make).toThrow(message);
  });
});

describe('ndarrays', () => {
  const a = ndarray(
    Float32Array.from({ length: 24 }, (_, i) => i),
    [2, 3, 4],
  );
  const nested = (x: NdArray): number[][] =>
    Array.from({ length: x.shape[0]! }, (_, i) => Array.from({ length: x.shape[1]! }, (_, j) => x.get(i, j)));

  test.each([
    ['in order', a.pick(1)],
    ['transposed', a.pick(0).transpose(1, 0)],
    ['stepping backwards', a.pick(null, 1).step(-1, 2)],
    ['a window', a.pick(1).lo(1, 1).hi(2, 2)],
    ['over a store with get and set', ndarray(new Store([5, 6, 7, 8]), [2, 2]).transpose(1, 0)],
  ])('%s come in by their values', (_, x) => {
    expect(tensor(x).toArray()).toEqual(nested(x));
  });

  test('keep their type, and go out in row-major order', async () => {
    const bytes = ndarray(Uint8Array.of(1, 2, 3, 4), [2, 2]).transpose(1, 0);
    const t = tensor(bytes);
    expect(t.dtype).toBe('uint8');
    const out = await t.add(1).toNdarray();
    expect([out.shape, out.stride, out.dtype, Array.from(out.data)]).toEqual([
      [2, 2],
      [2, 1],
      'uint8',
      [2, 4, 3, 5],
    ]);
    out.set(0, 0, 9);
    expect(await t.data()).toEqual(Uint8Array.of(1, 3, 2, 4));
  });
});
