import { describe, expect, test } from 'vitest';
import {
  BatchNorm,
  checkpoint,
  Dense,
  Dropout,
  type FitOptions,
  fit,
  Generator,
  meanSquaredError,
  Sequential,
  SGD,
  type World,
} from '../../src/index.ts';
import type { Communicator } from '../../src/mpi/communicator.ts';
import { oneProcess } from '../../src/mpi/one-process.ts';
import { Ranks } from '../../src/mpi/ranks.ts';
import { roundToBfloat16 } from '../../src/mpi/sum-formats.ts';
import { MemoryStore } from '../train/checkpoint/memory-store.ts';
import { communicators, together } from './meeting.ts';

const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer);

describe('rounding to bfloat16', () => {
  // float32 numbers and what PyTorch rounds them to.
  test.each([
    [1.00390625, 1],
    [1.01171875, 1.015625],
    [-1.0117188, -1.015625],
    [3.1415927, 3.140625],
    [0.1, 0.10009765625],
    [65537, 65536],
    [1e-40, 9.183549615799121e-41],
    [-1e-45, -0],
    [-0, -0],
    [3.3895314e38, 3.3895313892515355e38],
    [3.3961775e38, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [Number.NaN, Number.NaN],
  ])('%d', (x, expected) => {
    expect([...roundToBfloat16(Float32Array.of(x))]).toEqual([expected]);
  });

  test('keeps all 2^16 numbers', () => {
    const bits = Uint32Array.from({ length: 1 << 16 }, (_, code) => code * 65536);
    const values = new Float32Array(bits.buffer);
    const rounded = bitsOf(roundToBfloat16(values));
    for (const [i, value] of values.entries())
      if (Number.isNaN(value)) expect(rounded[i]).toBe(0x7fc00000);
      else if (rounded[i] !== bits[i]) expect.fail(`${value} has changed`);
  });

  test('takes the nearest of the two neighbors of each number between, ties to even', () => {
    // The number with a code in double precision: 2^128 follows the largest one.
    const value = (code: number): number => {
      const [exponent, fraction] = [code >> 7, code & 127];
      return exponent === 0 ? fraction * 2 ** -133 : (128 + fraction) * 2 ** (exponent - 134);
    };
    for (const low of [1, 0x7fff, 0x8000, 0x8001, 0xffff]) {
      // All positive finite codes; negative ones have the same bits but for the sign.
      const codes = Uint32Array.from({ length: 0x7f80 }, (_, code) => code * 65536 + low);
      const negative = codes.map((code) => code + 2 ** 31);
      const rounded = bitsOf(roundToBfloat16(new Float32Array(codes.buffer)));
      const mirrored = bitsOf(roundToBfloat16(new Float32Array(negative.buffer)));
      for (const [code, x] of new Float32Array(codes.buffer).entries()) {
        const [down, up] = [x - value(code), value(code + 1) - x];
        const expected = (down < up || (down === up && code % 2 === 0) ? code : code + 1) * 65536;
        if (rounded[code] !== expected || mirrored[code] !== expected + 2 ** 31) expect.fail(`${x}`);
      }
    }
  });
});

const random = new Generator(1);
const x = random.normal([32, 3]);
const y = x.sum(1, { keepDims: true });
const sampleWeights = Float32Array.from({ length: 32 }, (_, i) => 1 + (i % 3));

async function train(world: World | undefined, options: Partial<FitOptions> = {}) {
  const init = new Generator(3);
  const model = new Sequential([
    new Dense(3, 16, { activation: 'relu', rng: init }),
    new BatchNorm(16),
    new Dropout(0.2),
    new Dense(16, 1, { rng: init }),
  ]);
  const optimizer = new SGD(model.parameters(), {
    learningRate: 0.1,
    momentum: 0.9,
    clip: { globalNorm: 1 },
  });
  const history = await fit(
    model,
    { x, y, sampleWeights },
    {
      ...{
        loss: meanSquaredError,
        optimizer,
        epochs: 2,
        batchSize: 16,
        accumulate: 8,
        seed: 5,
        progress: false,
      },
      ...(world && { world, reduceDType: 'bfloat16' }),
      ...options,
    },
  );
  const values = await Promise.all(model.parameters().map((p) => p.data()));
  return { values, history: history.history };
}

test('any number of ranks gives the bits of one process, which differ from those of float32', async () => {
  const alone = await train(oneProcess);
  expect(alone.values).not.toEqual((await train(undefined)).values);
  for (const size of [2, 3, 4, 8])
    for (const end of await together(size, (world) => train(world)))
      expect(end).toEqual({ status: 'fulfilled', value: alone });
  for (const end of await together(3, (world) => train(world, { shardOptimizerState: true })))
    expect(end).toEqual({ status: 'fulfilled', value: alone });
});

test('the error is what the roundings explain', async () => {
  const random = new Generator(7);
  const shards = 8;
  const inputs = random.normal([shards, 4]);
  const rows = await inputs.data();
  /** The gradient of the kernel, from one step with the learning rate 1; the bits of the kernel are 0 before it. */
  const gradient = async (options: Partial<FitOptions>): Promise<Float32Array> => {
    const model = new Dense(4, 1, { bias: false, rng: new Generator(1) });
    await model.kernel.assign([[0], [0], [0], [0]]);
    await fit(
      model,
      { x: inputs, y: new Float32Array(shards).fill(1) },
      {
        loss: (predictions, labels) => predictions.reshape([-1]).sub(labels).mean(),
        ...{ optimizer: new SGD(model.parameters(), { learningRate: 1 }), batchSize: shards },
        ...{ accumulate: shards, shuffle: false, progress: false, ...options },
      },
    );
    return Float32Array.from(await model.kernel.data());
  };
  const exact = await gradient({});
  const rounded = await gradient({ world: oneProcess, reduceDType: 'bfloat16' });
  expect(rounded).not.toEqual(exact);
  for (const column of [0, 1, 2, 3]) {
    // 4 roundings lie between a shard and the root, each of at most 2^-8 of a sum, whose size the sizes of its shards limit.
    let sizes = 0;
    for (let shard = 0; shard < shards; shard++) sizes += Math.abs(rows[4 * shard + column]!);
    const bound = ((1 + 2 ** -8) ** 4 - 1) * (sizes / shards) + 1e-6;
    expect(Math.abs(rounded[column]! - exact[column]!)).toBeLessThanOrEqual(bound);
  }
});

test('gradients are sent in half the bytes', async () => {
  const bytes = { float32: 0, bfloat16: 0 };
  for (const reduceDType of ['float32', 'bfloat16'] as const) {
    const ranks = communicators(2).map((communicator) => {
      const exchange: Communicator['exchange'] = (outgoing, ...rest) => {
        const sent = outgoing[1 - communicator.rank]!;
        // Openings and messages are bytes.
        if (sent.BYTES_PER_ELEMENT > 1) bytes[reduceDType] += sent.byteLength;
        return communicator.exchange(outgoing, ...rest);
      };
      return new Ranks({ ...communicator, exchange }, () => {});
    });
    await Promise.all(ranks.map((world) => train(world, { world, reduceDType })));
  }
  // The 4 steps of 2 ranks: gradients of 3 x 16 + 16 + 16 + 1, scale and offset of BatchNorm; and its statistics, which stay float32.
  const [gradients, statistics] = [48 + 16 + 16 + 1 + 32, 32];
  expect(bytes).toEqual({
    float32: 4 * 2 * 4 * (gradients + statistics),
    bfloat16: 4 * 2 * (2 * gradients + 4 * statistics),
  });
});

test('a checkpoint goes on with the same type only', async () => {
  const store = new MemoryStore();
  const saving = () => ({ checkpoint: checkpoint(store, { every: { epochs: 1 } }), resume: 'auto' as const });
  await together(2, (world) => train(world, { ...saving(), epochs: 1 }));
  await expect(train(undefined, { ...saving(), epochs: 2 })).rejects.toThrow(
    'It differs in reduceDType (bfloat16, now none)',
  );
  expect(await train(oneProcess, { ...saving(), epochs: 2 })).toEqual(await train(oneProcess));
});

test.each([
  [
    { reduceDType: 'float16' as 'float32', world: oneProcess },
    "[fit] got reduceDType 'float16', wanted 'float32' or 'bfloat16'.",
  ],
  [{ reduceDType: 'bfloat16' as const }, '[fit] got world undefined, wanted await mpi() of ndgrad/mpi for'],
  [
    { reduceDType: 'bfloat16' as const, world: oneProcess, accumulate: 1 },
    '[fit] got accumulate 1, wanted shards, from 2 up, whose gradients reduceDType rounds.',
  ],
])('refused: %o', async (options, message) => {
  await expect(train(undefined, options)).rejects.toThrow(message);
});
