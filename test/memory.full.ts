import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  Adam,
  backendInfo,
  Dense,
  Dropout,
  Generator,
  type Layer,
  realize,
  Sequential,
  seed,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
} from '../src/index.ts';
import { growth, leaks, type Usage } from './memory-growth.ts';

// Nothing needs to be freed: what the program lets go, the garbage collector takes.

const manySteps = 20_000;
// Two rounds fill the cache of 256 plans.
const manySizes = 200;

const kB = 1024;

/** The memory in use after garbage collection; buffers go some turns of the event loop later. */
async function usage(): Promise<Usage & { readonly wasm: number }> {
  if (globalThis.gc === undefined) throw new Error('Memory tests need node --expose-gc.');
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers, wasm: backendInfo().memory.used };
}

const batch = 32;
const samples = 1024;
const features = 64;
const classes = 10;

const data = new Generator(1);
const x = data.normal([samples, features]);
const labels = tensor(
  Int32Array.from({ length: samples }, (_, i) => i % classes),
  { shape: [samples] },
);
await x.data();

const mlp = (): Layer =>
  new Sequential([
    new Dense(features, 32, { activation: 'relu' }),
    new Dropout(0.2),
    new Dense(32, classes),
  ]) as Layer;

interface Trainer {
  /** Takes steps; `onStep` sees the logits, which are computed and detached where `also` names them. */
  run(steps: number, onStep?: (loss: Tensor, logits: Tensor) => void): Promise<void>;
}

function trainer(options: { also: boolean }): Trainer {
  const model = mlp();
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const context = training();
  let step = 0;
  return {
    async run(steps, onStep) {
      for (let i = 0; i < steps; i++, step++) {
        const from = (step * batch) % samples;
        const logits = model.call(x.slice([from, from + batch]), context);
        const loss = softmaxCrossEntropy(logits, labels.slice([from, from + batch]));
        await optimizer.minimize(loss, { also: options.also ? [logits] : [], context });
        onStep?.(loss, logits);
      }
    },
  };
}

// In the first thousand steps of a process the heap gains about 500 kB, once: the engine's optimized code and its notes for that.
beforeAll(async () => {
  await trainer({ also: true }).run(1500, (loss) => loss.item());
});

beforeEach(() => seed(1));

describe('training', () => {
  test(`${manySteps} steps leave memory flat`, async () => {
    const { run } = trainer({ also: true });
    let losses: Tensor[] = [];
    const keep = (loss: Tensor): void => {
      losses.push(loss);
    };
    await run(1);
    const { planMisses } = backendInfo();
    await run(999, keep);
    const first = losses[0]!.item();
    losses = [];
    const grown = await leaks(usage, 500 * kB, async () => {
      const before = await usage();
      await run(manySteps, keep);
      // A kept loss is a handle, a node and one number: about 700 bytes each, and no graph.
      expect(losses).toHaveLength(manySteps);
      expect(growth(before, await usage(), manySteps * kB)).toEqual([]);
      expect(losses[manySteps - 1]!.item()).toBeLessThan(first);
      losses = [];
    });
    expect(grown).toEqual([]);
    expect(backendInfo().planMisses).toBe(planMisses);
  });

  test('reading results step by step leaves memory flat', async () => {
    const { run } = trainer({ also: true });
    let sum = 0;
    const read = (loss: Tensor, logits: Tensor): void => {
      sum += loss.item() + logits.dataSync()[0]! + logits.argmax(1).dataSync()[0]!;
    };
    await run(100, read);
    expect(await leaks(usage, 500 * kB, () => run(300, read))).toEqual([]);
    expect(sum).not.toBeNaN();
  });

  test('inference leaves memory flat', async () => {
    const model = mlp();
    const run = async (calls: number): Promise<void> => {
      for (let i = 0; i < calls; i++) await model.call(x.slice([i, i + batch])).data();
    };
    await run(300);
    expect(await leaks(usage, 500 * kB, () => run(600))).toEqual([]);
  });
});

describe('the check finds leaks:', () => {
  test('tensors in the memory of WebAssembly', async () => {
    const kept: Tensor[] = [];
    const before = await usage();
    for (let i = 0; i < 4; i++) {
      const t = tensor(new Float32Array(1 << 18), { shape: [1 << 18] });
      await t.sum().data();
      kept.push(t);
    }
    expect(growth(before, await usage(), 2000 * kB)).toContainEqual(expect.stringMatching(/^wasm grew by/));
    expect(kept).toHaveLength(4);
  });

  test('logits that were not detached keep their graphs', async () => {
    const { run } = trainer({ also: false });
    const kept: Tensor[] = [];
    await run(100);
    const grown = await leaks(usage, 500 * kB, () => run(200, (_loss, logits) => kept.push(logits)));
    expect(grown).toEqual([expect.stringMatching(/^heapUsed grew by/)]);
    expect(kept).toHaveLength(1000);
  });

  test('typed arrays of 10 kB', async () => {
    const { run } = trainer({ also: true });
    const kept: Float32Array[] = [];
    await run(100);
    const grown = await leaks(usage, 500 * kB, () => run(200, () => kept.push(new Float32Array(2560))));
    expect(grown).toEqual([
      expect.stringMatching(/^external grew by/),
      expect.stringMatching(/^arrayBuffers grew by/),
    ]);
    expect(kept).toHaveLength(1000);
  });
});

test('1,000 short-lived models of equal structure stay flat and share plans', async () => {
  const models = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) await trainer({ also: true }).run(3);
  };
  await models(1);
  const { planMisses, plans } = backendInfo();
  await models(199);
  expect(await leaks(usage, 1000 * kB, () => models(800))).toEqual([]);
  expect(backendInfo()).toMatchObject({ planMisses, plans });
});

test(`${manySizes} batch sizes and models of many structures: plans are bounded, and what they held is given back`, async () => {
  const sizes = async (least: number): Promise<void> => {
    const model = mlp();
    const optimizer = new Adam(model.parameters());
    const context = training();
    for (let i = 0; i < manySizes; i++) {
      const rows = [0, least + i] as const;
      const loss = softmaxCrossEntropy(model.call(x.slice([...rows]), context), labels.slice([...rows]));
      await optimizer.minimize(loss, { context });
    }
  };
  await sizes(1);
  await sizes(1 + manySizes);
  let rounds = 2;
  expect(await leaks(usage, 4000 * kB, () => sizes(1 + rounds++ * manySizes))).toEqual([]);
});

test('large values that are let go make room for others', async () => {
  const rounds = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) {
      const big = tensor(new Float32Array(1 << 20).fill(i), { shape: [1 << 20], copy: false });
      const sum = big.mul(2).add(1);
      await sum.data();
      expect(sum.dataSync()[5]).toBe(2 * i + 1);
    }
  };
  await rounds(20);
  expect(await leaks(usage, 16_000 * kB, () => rounds(60))).toEqual([]);
});

describe('large results that nobody reads', () => {
  const budget = 256 * kB * kB;

  test(`stay within their budget over ${manySteps} steps, and go`, async () => {
    const t = tensor(new Float32Array(1 << 16).fill(1), { shape: [1 << 16], copy: false });
    const peak = { wasm: 0, rss: 0 };
    const run = async (steps: number): Promise<void> => {
      let last: Tensor = t;
      for (let i = 0; i < steps; i++) {
        // Each second one is consumed by the next run.
        last = (i % 2 === 0 ? t : last).mul(0.5).add(i).relu().detach();
        await realize(last);
        if (i % 16 !== 0) continue;
        peak.wasm = Math.max(peak.wasm, backendInfo().memory.used);
        peak.rss = Math.max(peak.rss, process.memoryUsage.rss());
      }
      expect((await last.data())[5]).toBe((0.5 + steps - 2) / 2 + steps - 1);
    };
    await run(1000);
    const { wasm } = await usage();
    const rss = process.memoryUsage.rss();
    Object.assign(peak, { wasm: 0, rss: 0 });
    expect(await leaks(usage, 1000 * kB, () => run(manySteps))).toEqual([]);
    expect(peak.wasm - wasm).toBeLessThan(budget + 4 * kB * kB);
    expect(peak.rss - rss).toBeLessThan(budget + 64 * kB * kB);
  });

  test('keep their values beyond the budget if somebody holds them', async () => {
    const t = tensor(new Float32Array(1 << 20), { copy: false });
    const held: Tensor[] = [];
    for (let i = 0; i < 80; i++) {
      const result = t.add(i);
      held.push(result);
      await realize(result);
    }
    expect(backendInfo().memory.used).toBeLessThan(budget + 32 * kB * kB);
    for (const [i, result] of held.entries()) {
      const values = result.dataSync();
      expect([values[0], values[values.length - 1]]).toEqual([i, i]);
    }
  });
});
