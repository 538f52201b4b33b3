import { afterAll, describe, expect, test } from 'vitest';
import { WasmBackend, wasmBackend } from '../../src/backends/wasm/index.ts';
import {
  Adam,
  BatchNorm,
  backendInfo,
  Conv2D,
  Dense,
  Generator,
  GlobalAvgPool2D,
  LayerNorm,
  MaxPool2D,
  Residual,
  Sequential,
  SpatialDropout,
  setBackend,
  softmaxCrossEntropy,
  tensor,
  training,
} from '../../src/index.ts';
import { firstDifference } from '../tensor/bits.ts';

// A convolutional network trains to the same bits on the reference interpreter and on WebAssembly, on any number
// of threads.

/** The bits of all parameters and running statistics after the steps, the losses, and what inference says. */
async function train(steps: number): Promise<Float32Array[]> {
  const rng = new Generator(3);
  const x = rng.normal([24, 10, 9, 3]);
  const labels = tensor(Int32Array.from({ length: 24 }, (_, i) => (i * i) % 5));
  const model = new Sequential(
    [
      new Conv2D(3, 33, 3, { bias: false, rng }),
      new BatchNorm(33),
      new MaxPool2D(3, { stride: 1, padding: 'same' }),
      new SpatialDropout(0.2),
      new Residual(
        new Sequential([
          new Conv2D(33, 36, 3, { stride: 2, padding: 'same', bias: false, rng }),
          new BatchNorm(36, { gammaInitializer: 'normal', rng }),
        ]),
        { shortcut: new Conv2D(33, 36, 1, { stride: 2, rng }), activation: 'relu' },
      ),
      new Conv2D(36, 36, 3, { groups: 36, padding: 1, rng }),
      new GlobalAvgPool2D(),
      new LayerNorm(36),
      new Dense(36, 5, { rng }),
    ],
    { inputShape: [10, 9, 3] },
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-2 });
  const context = training({ rng: new Generator(11) });
  const losses: Float32Array[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = softmaxCrossEntropy(model.call(x, context), labels);
    await optimizer.minimize(loss, { context });
    losses.push(Float32Array.of(loss.item()));
  }
  expect(losses.at(-1)![0]).toBeLessThan(losses[0]![0]!);
  const values = [...model.parameters(), model.call(x)].map((t) => Float32Array.from(t.dataSync()));
  return [...values, ...losses];
}

describe('training steps of a convolutional network', () => {
  const wasm = wasmBackend();
  afterAll(async () => {
    await setBackend('wasm');
    if (wasm instanceof WasmBackend) await wasm.forceThreads(null);
  });

  test('have the same bits on js and on 1, 2 and 3 threads', async () => {
    if (!(wasm instanceof WasmBackend)) throw new Error(wasm);
    await setBackend('js');
    const wanted = await train(3);
    await setBackend('wasm');
    for (const threads of [1, 2, 3]) {
      await wasm.forceThreads(threads);
      const got = await train(3);
      expect(backendInfo()).toMatchObject({ name: 'wasm', threads });
      if (threads > 1) expect(wasm.work).toHaveLength(threads);
      expect(got).toHaveLength(wanted.length);
      got.forEach((array, i) => {
        expect(firstDifference(array, wanted[i]!)).toBeNull();
      });
    }
  });
});
