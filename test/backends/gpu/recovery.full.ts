import { afterEach, describe, expect, test } from 'vitest';
import { GpuBackend } from '../../../src/backends/gpu/backend.ts';
import type { GpuJs } from '../../../src/backends/gpu/device/gpu-js.ts';
import type { BufferRegion } from '../../../src/backends/gpu/webgpu/buffer-allocator.ts';
import { WebGpuDevice } from '../../../src/backends/gpu/webgpu/index.ts';
import {
  Adam,
  Dense,
  Generator,
  MemoryError,
  ones,
  Parameter,
  realize,
  Sequential,
  scatterAdd,
  setBackend,
  softmaxCrossEntropy,
  take,
  tensor,
  zeros,
} from '../../../src/index.ts';
import { adapterMissing, dawn } from './dawn.ts';
import { nodeBackend } from './node.ts';

// After a device fault, and with little device memory, programs continue with the right values.

interface Opened {
  readonly backend: GpuBackend<BufferRegion>;
  readonly device: GPUDevice;
  /** The largest buffer that can be allocated from now on, in bytes. */
  room: number;
}

async function open(limit = 1 << 27): Promise<Opened> {
  const first = (await nodeBackend())!; // sets the globals that gpu.js needs
  await first.device.destroy();
  const adapter = (await (await dawn())!.requestAdapter())!;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize: limit, maxStorageBufferBindingSize: limit },
  });
  const create = device.createBuffer.bind(device);
  const gpuJs = (await import('gpu.js')) as object as GpuJs;
  const opened: Opened = {
    backend: new GpuBackend(new WebGpuDevice({ gpuJs, adapter, device, name: 'test' })),
    device,
    room: Number.POSITIVE_INFINITY,
  };
  // No device has so much memory, so Dawn reports that it is out of memory.
  device.createBuffer = (descriptor) =>
    create(descriptor.size > opened.room ? { ...descriptor, size: 2 ** 45 } : descriptor);
  return opened;
}

const labels = (n: number) => tensor(Int32Array.from({ length: n }, (_, i) => i % 10));

function network() {
  const rng = new Generator(1);
  const model = new Sequential([
    new Dense(20, 100, { activation: 'relu', rng }),
    new Dense(100, 10, { rng }),
  ]);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const step = async (n: number, y = labels(n)): Promise<number> => {
    const x = tensor(
      Float32Array.from({ length: 20 * n }, (_, i) => Math.sin(i)),
      { shape: [n, 20] },
    );
    const loss = softmaxCrossEntropy(model.call(x), y);
    await optimizer.minimize(loss);
    return loss.item();
  };
  const weights = () => Promise.all(model.parameters().map((p) => p.data()));
  return { model, optimizer, step, weights };
}

afterEach(() => setBackend('wasm'));

describe.skipIf(adapterMissing !== null)(`recovery ${adapterMissing ?? ''}`, () => {
  test('a Parameter made on the device and overwritten at once keeps its newest values', async () => {
    const { backend } = await open();
    await setBackend(backend);
    const large = ones([20000]).mul(2);
    await realize(large);
    const p = new Parameter(large.reshape([4, 5000]).sum(1));
    const first = p.assign(p.add(1));
    const second = p.assign(p.add(1));
    await Promise.all([first, second]);
    expect([...(await p.data())]).toEqual([10002, 10002, 10002, 10002]);
    await setBackend('wasm');
    await backend.device.destroy();
  });

  test.each(['a new device', 'wasm'] as const)(
    'after a loss a model continues from saved weights, on %s',
    async (next) => {
      const { backend, device } = await open();
      await setBackend(backend);
      const { model, optimizer, step, weights } = network();
      await step(8);
      const saved = await weights();
      const state = await optimizer.getState();
      const wanted = await step(8);
      device.destroy();
      await expect(step(8)).rejects.toThrow('lost');
      const fresh = next === 'wasm' ? null : (await open()).backend;
      await setBackend(fresh ?? 'wasm');
      for (const [i, p] of model.parameters().entries())
        await p.assign(tensor(saved[i]!, { shape: p.shape }));
      await optimizer.setState(state);
      expect(await step(8)).toBeCloseTo(wanted, 5);
      await setBackend('wasm');
      await fresh?.device.destroy();
    },
  );

  test('a step that runs out of memory changes nothing and names the operation; later steps work', async () => {
    const opened = await open();
    await setBackend(opened.backend);
    const { step, weights } = network();
    await step(8);
    const before = await weights();
    opened.room = 300_000;
    await expect(step(1000)).rejects.toThrow(MemoryError);
    await expect(step(1000)).rejects.toThrow(/^\[matmul.*Use smaller batches/);
    expect(await weights()).toEqual(before);
    await step(8);
    expect(await weights()).not.toEqual(before);
    opened.room = Number.POSITIVE_INFINITY;
    await step(1000);
    await setBackend('wasm');
    await opened.backend.device.destroy();
  });

  test('a full device drops copies of up-to-date arrays before a step fails', async () => {
    const opened = await open();
    await setBackend(opened.backend);
    const { step } = network();
    await step(8);
    // The labels of earlier steps, which still exist, fill the cache.
    const batches = [0, 1, 2, 3].map(() => labels(1000));
    for (const y of batches) await step(y.size, y);
    const { used } = opened.backend.memory;
    opened.room = 200_000;
    await expect(step(1000)).resolves.toBeGreaterThan(0);
    await expect(step(4000)).rejects.toThrow(MemoryError);
    expect(opened.backend.memory.used).toBeLessThan(used);
    for (const y of batches) expect((await y.data())[11]).toBe(1);
    await setBackend('wasm');
    await opened.backend.device.destroy();
  });

  test('the device works after a readback ran out of memory', async () => {
    const opened = await open();
    await setBackend(opened.backend);
    const x = ones([20_000]).mul(2);
    await realize(x);
    opened.room = 1000;
    await expect(x.data()).rejects.toThrow(MemoryError);
    await expect(setBackend('wasm')).rejects.toThrow(MemoryError);
    opened.room = Number.POSITIVE_INFINITY;
    expect((await x.data())[19_999]).toBe(2);
    await setBackend('wasm');
    await opened.backend.device.destroy();
  });

  test('each read gives the values at the time of its call', async () => {
    const { backend } = await open();
    await setBackend(backend);
    const p = new Parameter(ones([20_000]));
    const reads: Promise<ArrayLike<number>>[] = [];
    for (let i = 0; i < 4; i++) {
      await p.assign(p.add(1));
      reads.push(p.data());
      // The backend gets the read some microtasks after the call.
      for (let k = 0; k < 5; k++) await null;
    }
    expect((await Promise.all(reads)).map((values) => values[7])).toEqual([2, 3, 4, 5]);
    await setBackend('wasm');
    await backend.device.destroy();
  });

  test('an assigned value counts even if the run that was to compute the Parameter fails later', async () => {
    const { backend } = await open();
    await setBackend(backend);
    const large = ones([20_000]).mul(2);
    await realize(large);
    const wrong = new Parameter(take(large, tensor([20_001, 1], { dtype: 'int32' }), 0));
    await wrong.assign(tensor([7, 8]));
    expect([...(await wrong.data())]).toEqual([7, 8]);

    // The run that writes p fails before it is issued; q needs the old values of p.
    const p = new Parameter(ones([20_000]));
    const q = new Parameter(zeros([20_000]));
    const failing = take(large, tensor([30_000], { dtype: 'int32' }), 0);
    const first = realize(failing);
    const second = p.assign(failing.sum().add(zeros([20_000])));
    const third = q.assign(ones([20_000]).add(1));
    await expect(first).rejects.toThrow('30000');
    await expect(second).rejects.toThrow();
    await third;
    await q.assign(q.add(p));
    expect((await q.data())[5]).toBe(3);
    expect((await p.data())[5]).toBe(1);
    await setBackend('wasm');
    await backend.device.destroy();
  });

  test('a scatter with thousands of updates has several segments', async () => {
    const { backend } = await open();
    const indices = Int32Array.from({ length: 2500 }, (_, i) => ((i * 7919) % 40) - (i % 3 === 0 ? 40 : 0));
    const updates = new Generator(3).normal([2500, 3]);
    await updates.data();
    const sums = () => scatterAdd(zeros([40, 3]), tensor(indices), updates, 0).data();
    const wanted = await sums();
    await setBackend(backend);
    const got = await sums();
    got.forEach((x, i) => {
      expect(x).toBeCloseTo(wanted[i]!, 4);
    });
    await setBackend('wasm');
    await backend.device.destroy();
  });

  test('values of any total size are read back in pieces', async () => {
    const { backend } = await open(1 << 20);
    await setBackend(backend);
    const parameters = Array.from(
      { length: 4 },
      (_, i) => new Parameter(zeros([200_000]), { name: `p${i}` }),
    );
    await Promise.all(parameters.map((p, i) => p.assign(p.add(i))));
    await setBackend('wasm');
    for (const [i, p] of parameters.entries()) expect(p.dataSync()[199_999]).toBe(i);
    await backend.device.destroy();
  });

  test('Adam updates a Parameter as long as the longest array', async () => {
    const { backend } = await open(1 << 20);
    await setBackend(backend);
    const p = new Parameter(zeros([250_000]));
    await new Adam([p], { learningRate: 0.5 }).minimize(p.sum());
    expect((await p.data())[249_999]).toBeCloseTo(-0.5, 4);
    await setBackend('wasm');
    await backend.device.destroy();
  });
});
