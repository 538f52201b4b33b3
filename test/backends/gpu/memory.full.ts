import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Adam,
  Dense,
  Dropout,
  Generator,
  type Layer,
  realize,
  Sequential,
  setBackend,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
} from '../../../src/index.ts';
import { growth, leaks, type Usage } from '../../memory-growth.ts';
import { adapterMissing } from './dawn.ts';
import { nodeBackend } from './node.ts';

// Users free nothing on a device: its memory is released when tensors are garbage collected.

const kB = 1024;
const backend = await nodeBackend();

/** The memory in use by the process and on the device after garbage collection. Waits until finalizers have run. */
async function usage(): Promise<Usage> {
  if (globalThis.gc === undefined) throw new Error('Memory tests need node --expose-gc.');
  await backend!.settle();
  for (let quiet = 0; quiet < 6; quiet++) {
    const { used } = backend!.memory;
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (backend!.memory.used !== used) quiet = 0;
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { used, bytes } = backend!.memory;
  return { heapUsed, external, arrayBuffers, used, bytes };
}

/** Memory in use on the device may not grow at all. `bytes` includes memory that is kept for reuse. */
const within =
  (allowed: number, bytes = allowed) =>
  (kind: string): number =>
    kind === 'used' ? 0 : kind === 'bytes' ? bytes : allowed;

const [batch, features, classes] = [32, 64, 10];
// A software adapter takes about 1 ms per dispatch, so the model is small.
const rng = new Generator(1);

interface Trainer {
  /** Runs steps, each with its own samples. */
  run(steps: number, onStep?: (loss: Tensor, logits: Tensor) => void | Promise<void>): Promise<void>;
}

function trainer(): Trainer {
  const model = new Sequential([new Dropout(0.2), new Dense(features, classes)]) as Layer;
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const context = training({ rng });
  return {
    async run(steps, onStep) {
      for (let i = 0; i < steps; i++) {
        const samples = Float32Array.from({ length: batch * features }, (_, k) => Math.sin(i + k));
        const x = tensor(samples, { shape: [batch, features], copy: false });
        const y = tensor(Int32Array.from({ length: batch }, (_, k) => (i + k) % classes));
        const logits = model.call(x, context);
        const loss = softmaxCrossEntropy(logits, y);
        await optimizer.minimize(loss, { also: [logits], context });
        await onStep?.(loss, logits);
      }
    },
  };
}

describe.skipIf(backend === null)(`memory${adapterMissing ? ` (${adapterMissing})` : ''}`, () => {
  beforeAll(async () => {
    await setBackend(backend!);
    // The engine allocates memory for code that runs often.
    await trainer().run(800, (loss) => void loss.item());
  });
  afterAll(async () => {
    await setBackend('wasm');
    await backend?.device.destroy();
  });

  test('500 steps with new samples leave it flat', async () => {
    const { run } = trainer();
    let last = 0;
    const read = (loss: Tensor): void => {
      last = loss.item();
    };
    await run(10, read);
    expect(await leaks(usage, within(500 * kB), () => run(500, read))).toEqual([]);
    expect(last).not.toBeNaN();
  });

  test('results that are not read leave it flat', async () => {
    const { run } = trainer();
    await run(10);
    expect(await leaks(usage, within(500 * kB), () => run(200))).toEqual([]);
  });

  test('results that are read later, many at a time, leave it flat', async () => {
    const { run } = trainer();
    const read = async (steps: number): Promise<void> => {
      const kept: Tensor[] = [];
      await run(steps, (_, logits) => void kept.push(logits));
      for (const logits of kept) expect((await logits.argmax(1).data()).length).toBe(batch);
    };
    await read(10);
    expect(await leaks(usage, within(500 * kB), () => read(100))).toEqual([]);
  });

  test('3,000 small results hold one number each, and are released with their tensors', async () => {
    const x = rng.normal([32]);
    const run = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const t = x.mul(i).sum();
        await t.data();
        kept.push(t);
      }
    };
    let kept: Tensor[] = [];
    // Grows the table of finalizers once.
    await run(1000);
    kept = [];
    const grown = await leaks(usage, within(1000 * kB, Infinity), async () => {
      const before = await usage();
      await run(3000);
      // A handle, a node and one number, in the process and on the device.
      const each = (kind: string): number => (kind === 'used' ? 512 : kind === 'bytes' ? Infinity : 3 * kB);
      expect(growth(before, await usage(), (kind) => 3000 * each(kind))).toEqual([]);
      expect(kept.at(-1)!.item() / kept[1]!.item()).toBeCloseTo(2999, 1);
      kept = [];
    });
    expect(grown).toEqual([]);
  });

  test('discarded models release their memory', async () => {
    const models = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await trainer().run(2);
    };
    await models(3);
    expect(await leaks(usage, within(500 * kB, Infinity), () => models(40))).toEqual([]);
  });

  test('large discarded values are evicted even if the garbage collector does not run', async () => {
    const size = 1 << 20;
    let most = 0;
    for (let i = 0; i < 60; i++) {
      const big = tensor(new Float32Array(size).fill(i), { shape: [size], copy: false });
      const sum = big.mul(2).add(1);
      expect((await sum.data())[5]).toBe(2 * i + 1);
      most = Math.max(most, backend!.memory.used);
    }
    // Up to 128 MiB that one run has used, and the values of the last two runs. 60 values are 480 MiB.
    expect(most).toBeLessThan(160 * kB * kB);
  });

  describe('the check finds leaks:', () => {
    test('tensors on the device', async () => {
      const kept: Tensor[] = [];
      // Too large to be read back together with the run that computes them.
      const x = rng.normal([20_000]);
      await realize(x);
      const grown = await leaks(usage, within(500 * kB), async () => {
        for (let i = 0; i < 20; i++) {
          const t = x.mul(i);
          await realize(t);
          kept.push(t);
        }
      });
      expect(grown).toEqual([
        expect.stringMatching(/^external grew by/),
        expect.stringMatching(/^arrayBuffers grew by/),
        expect.stringMatching(/^used grew by/),
        expect.stringMatching(/^bytes grew by/),
      ]);
      expect(kept).toHaveLength(100);
    });

    test('arrays of the process', async () => {
      const { run } = trainer();
      const kept: Float32Array[] = [];
      await run(10);
      const grown = await leaks(usage, within(500 * kB), () =>
        run(60, () => void kept.push(new Float32Array(2560))),
      );
      expect(grown).toEqual([
        expect.stringMatching(/^external grew by/),
        expect.stringMatching(/^arrayBuffers grew by/),
      ]);
      expect(kept).toHaveLength(300);
    });
  });
});
