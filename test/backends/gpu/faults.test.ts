import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GpuBackend } from '../../../src/backends/gpu/backend.ts';
import type { GpuJs } from '../../../src/backends/gpu/device/gpu-js.ts';
import type { BufferRegion } from '../../../src/backends/gpu/webgpu/buffer-allocator.ts';
import { WebGpuDevice } from '../../../src/backends/gpu/webgpu/index.ts';
import {
  Dense,
  full,
  Generator,
  MemoryError,
  NdgradError,
  Parameter,
  realize,
  runStep,
  SGD,
  StateError,
  setBackend,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
} from '../../../src/index.ts';
import { adapterMissing, dawn } from './dawn.ts';
import { nodeBackend } from './node.ts';

// A fault of the device throws an error that describes it. Nothing hangs, and later calls work.

/** The faults that a device simulates. */
interface Faults {
  /** Adds a syntax error to each shader that contains this text. */
  breaks: string | null;
  /** Allocations of buffers fail. */
  outOfMemory: boolean;
}

interface Opened {
  readonly backend: GpuBackend<BufferRegion>;
  readonly device: GPUDevice;
  readonly faults: Faults;
  /** Loses the device, as a crashed driver does. */
  lose(message: string): void;
}

/** A backend on a Dawn device that simulates faults and supports arrays of up to `most` bytes. */
async function open(most = Number.POSITIVE_INFINITY): Promise<Opened> {
  // Sets the globals that gpu.js needs.
  await (await nodeBackend())!.device.destroy();
  const adapter = (await (await dawn())!.requestAdapter())!;
  const device = await adapter.requestDevice();
  const faults: Faults = { breaks: null, outOfMemory: false };
  let tell: (info: { reason: 'unknown'; message: string }) => void = () => {};
  const crashed = new Promise<object>((resolve) => {
    tell = resolve;
  });
  const scopes: string[] = [];
  const createShaderModule = device.createShaderModule.bind(device);
  const changed: Record<string, unknown> = {
    lost: Promise.race([device.lost, crashed]),
    createShaderModule: ({ code, ...rest }: GPUShaderModuleDescriptor) =>
      createShaderModule({
        code: faults.breaks !== null && code.includes(faults.breaks) ? `${code}\nno WGSL` : code,
        ...rest,
      }),
    pushErrorScope: (filter: GPUErrorFilter) => {
      scopes.push(filter);
      device.pushErrorScope(filter);
    },
    popErrorScope: async () => {
      const fails = scopes.pop() === 'out-of-memory' && faults.outOfMemory;
      const error = await device.popErrorScope();
      return fails ? { message: 'no memory' } : error;
    },
  };
  const limits = new Proxy(device.limits, {
    get: (target, key) =>
      key === 'maxStorageBufferBindingSize'
        ? Math.min(most, target.maxStorageBufferBindingSize)
        : Reflect.get(target, key),
  });
  const proxy = new Proxy(device, {
    get(target, key) {
      if (key === 'limits') return limits;
      if (typeof key === 'string' && key in changed) return changed[key];
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(key in changed ? changed : target, key, value),
  });
  const gpuJs = (await import('gpu.js')) as object as GpuJs;
  return {
    backend: new GpuBackend(new WebGpuDevice({ gpuJs, adapter, device: proxy, name: 'faulty' })),
    device,
    faults,
    lose: (message) => {
      tell({ reason: 'unknown', message });
      device.destroy();
    },
  };
}

const rejections: unknown[] = [];
const note = (reason: unknown): void => {
  rejections.push(reason);
};

const rng = new Generator(1);
const x = tensor(rng.normal([32, 6]).dataSync(), { shape: [32, 6] });
const labels = tensor(Int32Array.from({ length: 32 }, (_, i) => i % 3));

/** The messages of rejected promises, and 'fine' for fulfilled ones. */
async function outcomes(promises: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((outcome) => {
    if (outcome.status === 'fulfilled') return 'fine';
    expect(outcome.reason).toBeInstanceOf(NdgradError);
    return outcome.reason.message;
  });
}

const works = async (): Promise<void> => {
  expect([...(await x.slice(0).mul(2).add(1).data())].length).toBe(6);
  expect((await full([7], 3).add(4).sum().data())[0]).toBe(49);
};

describe.skipIf(adapterMissing !== null)(`faults${adapterMissing ? ` (${adapterMissing})` : ''}`, () => {
  let opened: Opened;
  beforeEach(async () => {
    rejections.length = 0;
    process.on('unhandledRejection', note);
    opened = await open();
    await setBackend(opened.backend);
  });
  afterEach(async () => {
    await setBackend('wasm');
    opened.device.destroy();
    // Rejections are reported in a later task of the event loop.
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });
  afterAll(() => setBackend('wasm'));

  describe('a lost device', () => {
    const ways: [string, (o: Opened) => void, RegExp][] = [
      [
        'destroyed',
        ({ device }) => device.destroy(),
        /^\[webgpu\] the device was lost: it was destroyed\. .*gpu\(\)/,
      ],
      [
        'by a crash',
        ({ lose }) => lose('the driver crashed'),
        /^\[webgpu\] the device was lost: the driver crashed\. .*gpu\(\)/,
      ],
    ];

    test.each(ways)('%s, before any call', async (_, lose, says) => {
      lose(opened);
      await opened.device.lost;
      for (const message of await outcomes([x.mul(2).data(), x.add(1).sum().data()]))
        expect(message).toMatch(says);
      await setBackend('wasm');
      await works();
    });

    test.each(ways)('%s, while steps run', async (_, lose, says) => {
      const model = new Dense(6, 3);
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      const step = async (): Promise<Tensor> => {
        const loss = softmaxCrossEntropy(model.call(x), labels);
        await optimizer.minimize(loss);
        return loss;
      };
      const first = await step();
      const known = first.item();
      const running = [step(), step(), step()];
      lose(opened);
      running.push(step());
      const messages = await outcomes(running);
      expect(messages.at(-1)).toMatch(/the device was lost|never computed/);
      const told = messages.filter((message) => message !== 'fine');
      expect(told[0]).toMatch(says);
      // Values that were read before the loss are available; reading others throws.
      expect(first.item()).toBe(known);
      const [parameter] = model.parameters();
      for (const message of await outcomes([parameter!.data(), parameter!.mul(2).data()]))
        expect(message).toMatch(says);
      // Changing the backend does not hang after a loss.
      await setBackend('wasm');
      expect((await outcomes([parameter!.data()]))[0]).toMatch(/lost|never computed/);
      await works();
    });

    test('while a large result is read', async () => {
      const big = full([1_000_000], 2).mul(3);
      await realize(big);
      const reading = big.data();
      opened.device.destroy();
      const [message] = await outcomes([reading]);
      expect(message).toMatch(/^(fine$|\[webgpu\] the device was lost: it was destroyed)/);
    });

    test('a new device takes over', async () => {
      opened.device.destroy();
      await outcomes([x.mul(2).data()]);
      const next = (await nodeBackend())!;
      await setBackend(next);
      await works();
      await setBackend('wasm');
      await next.device.destroy();
    });

    test('destroy() waits for running work', async () => {
      const results = [x.mul(2).sum().data(), x.mul(3).sum().data()];
      await Promise.resolve();
      await opened.backend.settle();
      await opened.backend.device.destroy();
      expect(await outcomes(results)).toEqual(['fine', 'fine']);
    });
  });

  test('an array that is too large names the operation that makes it', async () => {
    const { backend, device } = await open(4096);
    await setBackend(backend);
    const vector = tensor(new Float32Array(1000));
    const message = "takes 4096 at most. Use smaller batches, or another backend: await setBackend('wasm').";
    await expect(full([1200], 2).exp().data()).rejects.toThrow(
      new StateError(
        `[scalar exp] needs an array of 4800 bytes on the device, and webgpu on "faulty" ${message}`,
      ),
    );
    // So does an intermediate.
    await expect(vector.reshape([1000, 1]).mul(vector).transpose().matmul(vector).data()).rejects.toThrow(
      /^\[.*mul.*\] needs an array of 4000000 bytes/,
    );
    // And a leaf.
    await expect(tensor(new Float32Array(1025)).sum().data()).rejects.toThrow(
      /^\[.*\] needs an array of 4100 bytes/,
    );
    expect((await vector.add(1).sum().data())[0]).toBe(1000);
    await works();
    await setBackend('wasm');
    device.destroy();
  });

  test('a kernel that does not compile names its operations', async () => {
    const { faults } = opened;
    faults.breaks = 'nd_exp';
    const [message, other] = await outcomes([x.mul(2).exp().data(), x.mul(5).data()]);
    expect(message).toMatch(/^\[scalar mul exp\] its kernel does not compile on this device: /);
    expect(message).not.toContain('\n--- generated');
    expect(other).toBe('fine');
    faults.breaks = null;
    // The failed compilation left no state behind.
    await works();
    await expect(x.mul(2).exp().sum().data()).resolves.toHaveLength(1);
  });

  test('a tiled kernel that does not compile names its operations', async () => {
    opened.faults.breaks = 'workgroupBarrier';
    const a = rng.normal([64, 64]);
    const [message] = await outcomes([a.matmul(a).data()]);
    expect(message).toMatch(/^\[.*matmul.*\] its kernel does not compile on this device: /);
    opened.faults.breaks = null;
    await works();
  });

  test('out of memory: the error names the operation, and nothing is overwritten', async () => {
    const { faults } = opened;
    const p = new Parameter(rng.normal([300_000]));
    const before = await p.data();
    await p.assign(p.mul(2));
    faults.outOfMemory = true;
    const large = p.expandDims(1).exp().broadcastTo([300_000, 4]).add(1);
    const running = runStep({ results: [large], assignments: [[p, p.mul(3)]] });
    const [message] = await outcomes([running]);
    expect(message).toMatch(/^\[.*add\] there is no memory on the device/);
    await expect(running).rejects.toBeInstanceOf(MemoryError);
    faults.outOfMemory = false;
    expect(Array.from((await p.data()).slice(0, 9))).toEqual(Array.from(before.slice(0, 9), (v) => 2 * v));
    await works();
  });
});
