import { expect, test } from 'vitest';
import {
  type Context,
  concat,
  Dense,
  Embedding,
  Generator,
  GRU,
  generate,
  Layer,
  LSTM,
  MultiHeadAttention,
  NonFiniteError,
  PositionEmbedding,
  profile,
  Sequential,
  ShapeError,
  setBackend,
  type Tensor,
  TransformerBlock,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';

const rng = new Generator(1);
const spread = {
  kernelInitializer: (shape: readonly number[], r: Generator) => r.normal(shape) as Tensor,
  rng,
};
const block = (rotary: boolean) => new TransformerBlock(8, 2, { causal: true, rotary, ...spread });
const models = {
  learned: new Sequential([
    new Embedding(11, 8, spread),
    new PositionEmbedding(32, 8, spread),
    block(false),
    block(false),
    new Dense(8, 11, spread),
  ]) as Layer,
  rotary: new Sequential([
    new Embedding(11, 8, spread),
    block(true),
    block(true),
    new Dense(8, 11, spread),
  ]) as Layer,
};
const prompt = [
  [1, 2, 3],
  [4, 5, 6],
];

/** The most probable continuation, from whole sequences that get longer. */
async function continued(model: Layer, tokens: number): Promise<number[][]> {
  const rows = prompt.map((row) => [...row]);
  for (let i = 0; i < tokens; i++) {
    const scores = model.call(tensor(rows, { dtype: 'int32' }) as Tensor).argmax(-1);
    for (const [n, row] of rows.entries()) row.push((scores.toArray() as number[][])[n]!.at(-1)!);
  }
  return rows;
}

test.each(Object.entries(models))(
  'takes the most probable tokens, with and without a cache: %s',
  async (_, model) => {
    const wanted = await continued(model, 12);
    const options = { maxTokens: 12, temperature: 0 };
    expect((await generate(model, prompt, options)).toArray()).toEqual(wanted);
    expect((await generate(model, prompt, { ...options, cache: true })).toArray()).toEqual(wanted);
    expect((await generate(model, prompt, { ...options, cache: true, contextLength: 30 })).toArray()).toEqual(
      wanted,
    );
    expect(new Set(wanted.flat()).size).toBeGreaterThan(5);
  },
);

test.each(['wasm', 'js'] as const)(
  'a cached token writes its own keys and values only, on %s',
  async (backend) => {
    await setBackend(backend);
    const options = { maxTokens: 6, temperature: 0, cache: true, contextLength: 500 };
    const wanted = (await generate(models.learned, prompt, { ...options, contextLength: 9 })).toArray();
    const plans = await profile(async () => {
      expect((await generate(models.learned, prompt, options)).toArray()).toEqual(wanted);
    });
    await setBackend('wasm');
    const kernels = plans.at(-1)!.kernels;
    // Keys and values of an attention have 2 * 2 * 500 * 4 elements.
    for (const { shape } of kernels) expect(shape.reduce((a, b) => a * b, 1)).toBeLessThan(8000);
    expect(kernels.filter(({ name }) => name === 'setSlice')).toHaveLength(4);
  },
);

test('the memory of the cache is free at the end, also after a failure', async () => {
  const options = { maxTokens: 3, temperature: 0, cache: true };
  const failing = {
    ...options,
    onTokens: () => {
      throw new Error('stop');
    },
  };
  await generate(models.learned, prompt, { ...options, contextLength: 5000 });
  const { used } = backendInfo().memory;
  // Keys and values have 320 kB for each of two attentions.
  await generate(models.learned, prompt, { ...options, contextLength: 5000 });
  await expect(generate(models.learned, prompt, { ...failing, contextLength: 5000 })).rejects.toThrow('stop');
  expect(backendInfo().memory.used).toBeLessThan(used + 200_000);
});

test('a model of attention and recurrent layers continues with a cache as without', async () => {
  const model = new Sequential([
    new Embedding(11, 8, spread),
    block(true),
    new LSTM(8, 8, { returnSequences: true, rng }),
    block(false),
    new GRU(8, 8, { returnSequences: true, rng }),
    new Dense(8, 11, spread),
  ]) as Layer;
  const wanted = await continued(model, 12);
  const options = { maxTokens: 12, temperature: 0, cache: true };
  expect((await generate(model, prompt, options)).toArray()).toEqual(wanted);
  expect(new Set(wanted.flat()).size).toBeGreaterThan(5);
});

test('the same seed draws the same tokens, with and without a cache, in two plans', async () => {
  const run = (seed: number, cache = false) =>
    generate(models.learned, prompt, {
      maxTokens: 20,
      temperature: 0.8,
      topK: 8,
      cache,
      rng: new Generator(seed),
    });
  const first = (await run(1)).toArray();
  expect((await run(1, true)).toArray()).toEqual(first);
  const { planMisses } = backendInfo();
  expect((await run(1)).toArray()).toEqual(first);
  expect((await run(2, true)).toArray()).not.toEqual(first);
  expect(backendInfo().planMisses).toBe(planMisses);
});

test('draws tokens as often as their probabilities', async () => {
  class Fixed extends Layer {
    override forward(x: Tensor): Tensor {
      const scores = tensor([0.5, 0.25, 0.25].map(Math.log)) as Tensor;
      return scores.broadcastTo([...x.shape, 3]) as Tensor;
    }
  }
  const tokens = await generate(new Fixed(), Array(1000).fill([0]), { maxTokens: 4, rng: new Generator(5) });
  const counts = [0, 0, 0];
  for (const t of tokens.slice(null, [1, 5]).dataSync()) counts[t]!++;
  // Their standard deviations are 32 and 27.
  expect(Math.abs(counts[0]! - 2000)).toBeLessThan(160);
  expect(Math.abs(counts[1]! - 1000)).toBeLessThan(140);
  const cold = await generate(new Fixed(), [[0]], {
    maxTokens: 50,
    temperature: 0.01,
    rng: new Generator(5),
  });
  expect(cold.sum().item()).toBe(0);
});

/** Counts on, modulo 5. */
class Counting extends Layer {
  override forward(x: Tensor): Tensor {
    return x
      .add(1)
      .mod(5)
      .reshape([...x.shape, 1])
      .equal(tensor([0, 1, 2, 3, 4]) as Tensor)
      .cast('float32')
      .mul(100) as Tensor;
  }
}

test('ends sequences at the stop token and reports tokens', async () => {
  const seen: number[][] = [];
  const tokens = await generate(new Counting(), [[1], [3]], {
    maxTokens: 9,
    stopToken: 4,
    onTokens: (t) => seen.push([...t]),
  });
  expect(tokens.toArray()).toEqual([
    [1, 2, 3, 4],
    [3, 4, 4, 4],
  ]);
  expect(seen).toEqual([
    [2, 4],
    [3, 4],
    [4, 4],
  ]);
});

test('a longer text slides through the context', async () => {
  const lengths = new Set<number>();
  class Last extends Counting {
    override forward(x: Tensor): Tensor {
      lengths.add(x.shape[1]!);
      return super.forward(x);
    }
  }
  const tokens = await generate(new Last(), [[0, 1, 2]], { maxTokens: 6, contextLength: 2 });
  expect(tokens.toArray()).toEqual([[0, 1, 2, 3, 4, 0, 1, 2, 3]]);
  expect([...lengths]).toEqual([2]);
});

test('scores of -Infinity exclude tokens, at any temperature', async () => {
  const scores = tensor([Number.NEGATIVE_INFINITY, -1e38, -1e38, Number.NEGATIVE_INFINITY]) as Tensor;
  const model = { call: (x: Tensor) => scores.broadcastTo([...x.shape, 4]) as Tensor };
  for (const temperature of [0, 1e-40, 1, 1e30]) {
    const rng = new Generator(1);
    const tokens = await generate(model, [[0]], { maxTokens: 30, temperature, rng });
    const drawn = new Set(tokens.slice(0, [1, 31]).dataSync());
    expect([...drawn].sort()).toEqual(temperature === 0 ? [1] : [1, 2]);
  }
});

test('a cache needs causal attention without a mask', async () => {
  const options = { maxTokens: 3, cache: true };
  const model = (attention: Layer): Layer =>
    new Sequential([new Embedding(11, 8, spread), attention, new Dense(8, 11)]) as Layer;
  await expect(generate(model(new TransformerBlock(8, 2)), prompt, options)).rejects.toThrow(
    'got causal: false while earlier steps are cached, wanted causal attention without a mask',
  );
  class Masked extends Layer {
    readonly attention = new MultiHeadAttention(8, 2, { causal: true });
    override forward(x: Tensor, ctx: Context): Tensor {
      return this.attention.attend(x, x, ctx, zeros([x.shape[1]!, x.shape[1]!]));
    }
  }
  await expect(generate(model(new Masked()), prompt, options)).rejects.toThrow(
    'got a mask while earlier steps are cached',
  );
  class Longer extends Layer {
    readonly attention = new MultiHeadAttention(8, 2, { causal: true });
    override forward(x: Tensor, ctx: Context): Tensor {
      const twice = concat([x, x], 1);
      return this.attention.call(twice, ctx).slice(null, [x.shape[1]!, null]);
    }
  }
  await expect(generate(model(new Longer()), prompt, options)).rejects.toThrow(
    'got attention over 2 further steps, wanted at most 1. Call generate without a cache.',
  );
  await expect(generate(model(new Longer()), [[1, 2, 3, 4]], options)).rejects.toThrow(
    'got attention over 8 further steps, wanted at most 7.',
  );
});

test.each([
  [{ maxTokens: 0 }, 'got maxTokens 0, wanted a whole number of at least 1'],
  [{}, 'got maxTokens undefined'],
  [{ maxTokens: 1, temperature: -1 }, 'got temperature -1, wanted 0 or a finite number from 1e-45 up'],
  [{ maxTokens: 1, topP: 0 }, 'got topP 0, wanted a probability with 0 < topP <= 1'],
  [{ maxTokens: 1, topK: 0.5 }, 'got topK 0.5, wanted a whole number of at least 1'],
  [{ maxTokens: 9, cache: true, contextLength: 5 }, 'got 1 + 9 tokens for contextLength 5 with a cache'],
  [{ maxTokens: 1, length: 2 }, "got the unknown option 'length'"],
])('refuses %j', async (options, text) => {
  const running = generate(new Counting(), [[1]], options as never);
  await expect(running).rejects.toThrow(ValueError);
  await expect(running).rejects.toThrow(`[generate] ${text}`);
});

test('says what is wrong with prompts and scores', async () => {
  const options = { maxTokens: 2 };
  await expect(generate(new Counting(), [], options)).rejects.toThrow(ShapeError);
  await expect(
    generate(new Counting(), tensor([1, 2], { dtype: 'int32' }) as Tensor, options),
  ).rejects.toThrow('[generate] got a prompt [2], wanted [N, T] with one token at least.');
  const flat = { call: (x: Tensor) => x.cast('float32') as Tensor };
  await expect(generate(flat, [[1, 2]], options)).rejects.toThrow(
    '[generate] the model gives [1, 4] for tokens [1, 4], wanted scores [1, 4, V]',
  );
  const broken = { call: (x: Tensor) => x.reshape([...x.shape, 1]).mul(Number.NaN) as Tensor };
  await expect(generate(broken, [[1, 2]], options)).rejects.toThrow(NonFiniteError);
});
