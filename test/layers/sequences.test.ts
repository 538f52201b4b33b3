import { describe, expect, test } from 'vitest';
import { DTypeError, ShapeError, ValueError } from '../../src/ir/errors.ts';
import {
  Dense,
  Embedding,
  MultiHeadAttention,
  PositionEmbedding,
  RMSNorm,
  SinusoidalPositions,
  TransformerBlock,
  training,
} from '../../src/layers/index.ts';
import { arange, tensor, zeros } from '../../src/tensor/creation.ts';
import { realize } from '../../src/tensor/evaluate.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { type AttentionOptions, scaledDotProductAttention } from '../../src/tensor/ops/attention.ts';
import { concat, matmul, softmax, where } from '../../src/tensor/ops/index.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { assertClose, gradcheck } from '../../src/testing.ts';
import { compilePlan } from '../compiler/plans.ts';

// Values and gradients against PyTorch stand in reference.test.ts.

const normal = (...shape: number[]): Tensor => new Generator(shape.length).normal(shape);
const ints = (values: unknown): Tensor => tensor(values as number[], { dtype: 'int32' });

describe('Embedding', () => {
  test('gives each number its vector, and that the gradient of all its places', async () => {
    const layer = new Embedding(3, 2);
    await layer.kernel.assign([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const y = layer.call(ints([[2, 0, 2]]));
    expect(y.toArray()).toEqual([
      [
        [5, 6],
        [1, 2],
        [5, 6],
      ],
    ]);
    const weights = tensor([
      [
        [1, 10],
        [2, 20],
        [3, 30],
      ],
    ]);
    const [g] = gradients(y.mul(weights as Tensor).sum(), [layer.kernel]);
    expect(g!.toArray()).toEqual([
      [2, 20],
      [0, 0],
      [4, 40],
    ]);
  });

  test('a padding number has zeros and no gradient', () => {
    const layer = new Embedding(3, 2, { paddingIndex: 1, kernelInitializer: 'ones' });
    const y = layer.call(ints([[1, 2]]));
    expect(y.toArray()).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
    ]);
    const [g] = gradients(y.sum(), [layer.kernel]);
    expect(g!.toArray()).toEqual([
      [0, 0],
      [0, 0],
      [1, 1],
    ]);
  });

  test('scores vectors with the kernel that it shares', async () => {
    const layer = new Embedding(3, 2);
    await layer.kernel.assign([
      [1, 0],
      [0, 1],
      [2, 3],
    ]);
    expect(layer.attend(tensor([[[10, 100]]]) as Tensor).toArray()).toEqual([[[10, 100, 320]]]);
  });

  test('says what does not fit', () => {
    const layer = new Embedding(3, 2);
    expect(() => layer.call(zeros([2, 2]))).toThrow(DTypeError);
    expect(() => layer.call(zeros([2, 2]))).toThrow(
      '[Embedding] got float32 [2, 2], wanted numbers from 0 to 2 in int32 or uint8.',
    );
    expect(() => layer.call(ints([[3]])).dataSync()).toThrow(ValueError);
    expect(() => new Embedding(3, 2, { paddingIndex: 3 })).toThrow(
      '[Embedding] got paddingIndex 3, wanted a whole number from 0 to 2.',
    );
  });
});

describe('scaledDotProductAttention', () => {
  const [q, k, v] = [normal(2, 3, 4), normal(2, 5, 4).mul(2), normal(2, 5, 6)] as [Tensor, Tensor, Tensor];

  /** The definition, in single rows. */
  function defined(sees: (i: number, j: number) => boolean, scale = 0.5): number[][][] {
    const [a, b, c] = [q, k, v].map((t) => t.toArray() as number[][][]) as [
      number[][][],
      number[][][],
      number[][][],
    ];
    return a.map((rows, n) =>
      rows.map((row, i) => {
        const weights = b[n]!.map((key, j) =>
          sees(i, j) ? Math.exp(scale * row.reduce((sum, x, d) => sum + x * key[d]!, 0)) : 0,
        );
        const total = weights.reduce((x, y) => x + y) || 1;
        return c[n]![0]!.map((_, d) => weights.reduce((sum, w, j) => sum + (w / total) * c[n]![j]![d]!, 0));
      }),
    );
  }

  const close = (got: Tensor, wanted: number[][][]): void =>
    assertClose(got, wanted, { relative: 1e-5, absolute: 1e-6 });

  test('of all keys', () => {
    close(
      scaledDotProductAttention(q, k, v),
      defined(() => true),
    );
    close(
      scaledDotProductAttention(q, k, v, { scale: 0.1 }),
      defined(() => true, 0.1),
    );
  });

  test('of keys up to the query, counted from the last', () => {
    close(
      scaledDotProductAttention(q, k, v, { causal: true }),
      defined((i, j) => j <= i + 2),
    );
    const more = scaledDotProductAttention(k, q, normal(2, 3, 6), { causal: true });
    // The first two of five queries see none of three keys.
    expect(more.slice(null, [0, 2]).toArray()).toEqual(zeros([2, 2, 6]).toArray());
  });

  test('of keys in a mask; a query without keys gives zeros, and gradients without NaN', () => {
    const mask = tensor([
      [true, false, true, true, false],
      [false, false, false, false, false],
      [false, true, true, false, true],
    ]) as Tensor;
    const rows = mask.toArray() as unknown as boolean[][];
    const y = scaledDotProductAttention(q, k, v, { mask });
    close(
      y,
      defined((i, j) => rows[i]![j]!),
    );
    for (const g of gradients(y.square().sum(), [q, k, v]))
      expect(g.dataSync().every(Number.isFinite)).toBe(true);
    close(
      scaledDotProductAttention(q, k, v, { mask, causal: true }),
      defined((i, j) => rows[i]![j]! && j <= i + 2),
    );
    const added = tensor(rows.map((row, i) => row.map((sees) => (sees || i === 1 ? 0 : -1e9)))) as Tensor;
    close(
      scaledDotProductAttention(q, k, v, { mask: added }),
      defined((i, j) => i === 1 || rows[i]![j]!),
    );
  });

  test('heads of queries share keys in groups', () => {
    const [heads, keys, values] = [normal(2, 4, 3, 5), normal(2, 2, 3, 5), normal(2, 2, 3, 5)];
    const each = (t: Tensor): Tensor =>
      t.reshape([2, 2, 1, 3, 5]).broadcastTo([2, 2, 2, 3, 5]).reshape([2, 4, 3, 5]) as Tensor;
    assertClose(
      scaledDotProductAttention(heads, keys, values, { causal: true }),
      scaledDotProductAttention(heads, each(keys), each(values), { causal: true }),
      { relative: 1e-5, absolute: 1e-6 },
    );
  });

  test('dropout sets weights to zero and keeps their expected sum', () => {
    const [a, b] = [zeros([1, 1000, 2]), zeros([1, 100, 2])] as [Tensor, Tensor];
    const y = scaledDotProductAttention(a, b, b.add(1) as Tensor, { dropout: 0.25, rng: new Generator(1) });
    const sums = y.slice(null, null, 0).dataSync();
    expect(new Set(sums).size).toBeGreaterThan(10);
    const mean = sums.reduce((x, s) => x + s, 0) / 1000;
    // Its standard deviation is 0.0018.
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
  });

  describe('in blocks of queries', () => {
    const [queries, keys] = [1100, 960];
    const g = new Generator(7);
    const [query, key, value] = [
      g.normal([1, 2, queries, 3]),
      g.normal([1, 1, keys, 3]),
      g.normal([1, 1, keys, 2]),
    ].map((t) => t.detach()) as [Tensor, Tensor, Tensor];
    const columns = g.bernoulli([keys], 0.8).detach() as Tensor;
    const bias = g.normal([1, 1, queries, keys]).detach() as Tensor;
    const past = arange(queries)
      .add(keys - queries)
      .reshape([queries, 1]) as Tensor;
    const early = past.greaterEqual(arange(keys) as Tensor) as Tensor;
    /** The whole matrix of weights. */
    const plain = (seen: Tensor | null, added?: Tensor): Tensor => {
      const scores = matmul(query, key.transpose([0, 1, 3, 2]) as Tensor).mul(1 / Math.sqrt(3)) as Tensor;
      const biased = (added === undefined ? scores : scores.add(added)) as Tensor;
      if (seen === null) return matmul(softmax(biased), value);
      const weights = softmax(where(seen, biased, -1e30) as Tensor);
      return matmul(where(seen, weights, 0) as Tensor, value);
    };
    test.each<[string, AttentionOptions, () => Tensor, Tensor[]]>([
      ['all keys', {}, () => plain(null), []],
      ['causal', { causal: true }, () => plain(early), []],
      ['a mask of keys', { mask: columns, causal: true }, () => plain(early.logicalAnd(columns)), []],
      ['numbers that are added', { mask: bias }, () => plain(null, bias), [bias]],
    ])('%s: values and gradients are those of all queries at once', async (_, options, make, more) => {
      const leaves = [query, key, value, ...more];
      const all = async (y: Tensor): Promise<Tensor[]> => {
        const tensors = [y, ...gradients(y.square().sum(), leaves)];
        await realize(...tensors);
        return tensors;
      };
      const got = await all(scaledDotProductAttention(query, key, value, options));
      const wanted = await all(make());
      got.forEach((t, i) => {
        assertClose(t, wanted[i]!.toArray(), { relative: 1e-4, absolute: 2e-5 });
      });
    });

    test('the gradient has the same dropout', () => {
      const y = scaledDotProductAttention(query, key, value, { dropout: 0.5, rng: new Generator(2) });
      const [dv] = gradients(y.square().sum(), [value]);
      // y is linear in the values.
      const [sum, wanted] = [value.mul(dv as Tensor).sum(), y.square().sum().mul(2)];
      assertClose(sum, wanted.item(), { relative: 1e-4 });
    });

    test('the memory does not grow with the square of the length', () => {
      const bytes = [2048, 4096].map((length) => {
        const [q, k, v] = [0, 1, 2].map(() => zeros([1, 2, length, 4])) as [Tensor, Tensor, Tensor];
        const y = scaledDotProductAttention(q, k, v.add(q) as Tensor);
        const all = [y, ...gradients(y.square().sum(), [q, k, v])];
        return compilePlan(all.map((t) => t.node)).plan.arenaBytes;
      });
      expect(bytes[0]).toBeLessThan(4 * 2 * 2048 ** 2);
      expect(bytes[1]).toBeLessThan(2.5 * bytes[0]!);
    });
  });

  test('gradients', async () => {
    const inputs = [normal(1, 2, 3, 2), normal(1, 1, 3, 2), normal(1, 1, 3, 2)];
    await gradcheck((a, b, c) => scaledDotProductAttention(a!, b!, c!, { causal: true }), inputs, {
      order: 2,
    });
  });

  test.each([
    [() => scaledDotProductAttention(q, normal(2, 5, 3), v), ShapeError, 'queries and keys of the same size'],
    [() => scaledDotProductAttention(q, k, normal(2, 4, 6)), ShapeError, 'a value for each key'],
    [() => scaledDotProductAttention(q, normal(5, 4), v), ShapeError, 'equal numbers of axes'],
    [
      () => scaledDotProductAttention(q, k, v, { dropout: 1 }),
      ValueError,
      'got dropout 1, wanted a probability',
    ],
    [
      () => scaledDotProductAttention(q, k, v, { mask: zeros([3, 4]) }),
      ShapeError,
      '[scaledDotProductAttention]',
    ],
    [
      () => scaledDotProductAttention(q, k, v, { mask: zeros([7, 2, 3, 5]) }),
      ShapeError,
      'got a mask [7, 2, 3, 5], wanted a shape that broadcasts to [2, 3, 5]',
    ],
    [
      () => scaledDotProductAttention(q, k, v, { mask: zeros([3, 5], 'int32') }),
      DTypeError,
      'got a mask in int32, wanted bool',
    ],
  ])('refuses: %#', (run, kind, text) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(text);
  });
});

describe('MultiHeadAttention', () => {
  test('attends to another sequence under a mask of its padding', () => {
    const layer = new MultiHeadAttention(4, 2, { memoryFeatures: 3, rng: new Generator(1) });
    const [x, memory] = [normal(2, 3, 4), normal(2, 5, 3)];
    const mask = tensor([true, true, true, false, false]).reshape([1, 1, 1, 5]) as Tensor;
    const masked = layer.attend(x, memory, undefined, mask);
    expect(masked.shape).toEqual([2, 3, 4]);
    assertClose(masked, layer.attend(x, memory.slice(null, [0, 3])), { relative: 1e-5, absolute: 1e-6 });
  });

  test('drops weights in training only', () => {
    const layer = new MultiHeadAttention(4, 2, { dropout: 0.5, rng: new Generator(1) });
    const x = normal(2, 6, 4);
    expect(layer.call(x).dataSync()).toEqual(layer.call(x).dataSync());
    const context = training({ rng: new Generator(3) });
    expect(layer.call(x, context).dataSync()).not.toEqual(layer.call(x).dataSync());
  });

  test('a step sees no later one if it is causal', () => {
    const layer = new TransformerBlock(8, 2, { causal: true, rotary: true, rng: new Generator(1) });
    const x = normal(1, 6, 8);
    assertClose(layer.call(x.slice(null, [0, 4])), layer.call(x).slice(null, [0, 4]), {
      relative: 1e-5,
      absolute: 1e-6,
    });
  });

  test('rotated queries and keys know their distance only', () => {
    const layer = new MultiHeadAttention(4, 1, { rotary: true, rng: new Generator(1) });
    const x = normal(1, 5, 4);
    // Zeros have scores 0 and values 0, those of the biases: they only take a share of the weights.
    const later: Tensor = layer.call(concat([zeros([1, 3, 4]), x], 1));
    const ratios = later.slice(0, [3, 8]).div(layer.call(x).slice(0)).toArray() as number[][];
    for (const row of ratios) for (const ratio of row) expect(ratio).toBeCloseTo(row[0]!, 4);
  });

  test.each([
    [() => new MultiHeadAttention(6, 4), 'got features 6 for 4 heads, wanted a multiple.'],
    [
      () => new MultiHeadAttention(8, 4, { keyValueHeads: 3 }),
      'got keyValueHeads 3 for 4 heads, wanted a divisor',
    ],
    [
      () => new MultiHeadAttention(6, 2, { rotary: true }),
      'got headFeatures 3 with rotary, wanted an even number',
    ],
    [
      () => new MultiHeadAttention(6, 2, { dropout: 1 }),
      'got dropout 1, wanted a probability with 0 <= dropout < 1',
    ],
    [
      () => new TransformerBlock(6, 2, { order: 'after' as 'pre' }),
      "got order 'after', wanted 'pre' or 'post'",
    ],
    [() => new SinusoidalPositions(3), 'got features 3, wanted an even number.'],
    [() => new RMSNorm(3, { center: true } as object), "got the unknown option 'center'"],
  ])('refuses: %#', (make, text) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(text);
  });

  test.each([
    [() => new MultiHeadAttention(4, 2).call(zeros([2, 4]) as Tensor), 'Give sequences [N, T, 4].'],
    [
      () => new TransformerBlock(4, 2).call(zeros([2, 3, 5]) as Tensor),
      'input [2, 3, 5] does not fit features 4.',
    ],
    [
      () => new PositionEmbedding(4, 2).call(zeros([1, 5, 2])),
      'input [1, 5, 2] is longer than maxLength 4. Create the layer with maxLength 5.',
    ],
  ])('says what does not fit: %#', (run, text) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(text);
  });
});

test('Dense is applied to each step of a sequence', () => {
  const layer = new Dense(3, 2, { rng: new Generator(1), activation: 'tanh' });
  const x = normal(2, 4, 3);
  expect(layer.call(x).dataSync()).toEqual(layer.call(x.reshape([8, 3])).dataSync());
});
