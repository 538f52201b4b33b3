import * as gpuJs from 'gpu.js';
import { backendInfo, Parameter, SGD, setBackend, tensor } from 'ndgrad';
import { gpu } from 'ndgrad/gpu';
import { afterEach, expect, test } from 'vitest';
import { GpuBackend } from '../../src/backends/gpu/backend.ts';
import { isSoftware } from '../../src/gpu/adapters.ts';
import type { Adapter } from '../../src/gpu/types.ts';
import { adapterName } from '../../src/gpu/webgpu.ts';
import { StateError } from '../../src/ir/errors.ts';
import { adapterMissing, dawn } from '../backends/gpu/dawn.ts';

const onGpu = test.skipIf(adapterMissing);
const adapter: Adapter | null = (await (await dawn())?.requestAdapter()) ?? null;
const software = adapter !== null && isSoftware(adapterName(adapter));

afterEach(() => setBackend('wasm'));

onGpu('ten steps on the GPU fit a line as double precision does', async () => {
  const backend = await gpu({ allowSoftware: true });
  await setBackend(backend);
  expect(backendInfo()).toMatchObject({ name: 'webgpu', threads: 1, reason: adapterName(adapter!) });

  const points = [-1, -0.25, 0.5, 2];
  const targets = points.map((x) => 3 * x - 1);
  const slope = new Parameter(tensor([0.5]), { name: 'slope' });
  const offset = new Parameter(tensor([0.25]), { name: 'offset' });
  const optimizer = new SGD([slope, offset], { learningRate: 0.1 });
  const x = tensor(points);
  const y = tensor(targets);
  let [a, b] = [0.5, 0.25];
  for (let step = 0; step < 10; step++) {
    const loss = x.mul(slope).add(offset).sub(y).square().mean();
    const errors = points.map((point, i) => a * point + b - targets[i]!);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
    await optimizer.minimize(loss);
    expect(loss.item()).toBeCloseTo(mean(errors.map((error) => error * error)), 5);
    a -= 0.2 * mean(errors.map((error, i) => error * points[i]!));
    b -= 0.2 * mean(errors);
  }
  expect((await slope.data())[0]).toBeCloseTo(a, 5);
  expect((await offset.data())[0]).toBeCloseTo(b, 5);
  expect(backendInfo().memory.bytes).toBeGreaterThan(0);
});

onGpu('the same options give the same backend, other options another one', async () => {
  const [first, second] = await Promise.all([gpu({ allowSoftware: true }), gpu({ allowSoftware: true })]);
  expect(second).toBe(first);
  expect(await gpu({ allowSoftware: true, api: 'webgpu' })).not.toBe(first);
});

onGpu('accepts a GPUAdapter', async () => {
  const mine: Adapter | null = await (await dawn())!.requestAdapter();
  const backend = await gpu({ adapter: mine! });
  expect(backend.reason).toBe(adapterName(mine!));
  expect(await gpu({ adapter: mine! })).toBe(backend);
  await expect(gpu({ adapter: mine!, api: 'webgpu' })).rejects.toThrow(
    /^\[gpu\] the adapter ".+" gives no device \([^\n]+[^.\n]\)\. Request a new adapter, or another one\.$/,
  );
});

onGpu('after a device loss the next call makes a new backend', async () => {
  const options = { allowSoftware: true, adapter: 'low-power' };
  const first = await gpu(options);
  if (!(first instanceof GpuBackend)) throw new Error('got another backend');
  await first.device.destroy();
  await expect.poll(() => first.device.lost).not.toBeNull();
  const second = await gpu(options);
  expect(second).not.toBe(first);
  await setBackend(second);
  expect(Array.from(await tensor([1, 2]).mul(2).data())).toEqual([2, 4]);
});

test.skipIf(!software)('software is refused, unless it is allowed or asked for by name', async () => {
  const refused = gpu();
  await expect(refused).rejects.toThrow(StateError);
  await expect(refused).rejects.toThrow(
    `[gpu] got only "${adapterName(adapter!)}" (WebGPU), which computes on the CPU`,
  );
  await expect(gpu({ adapter: 'high-performance' })).rejects.toThrow('gpu({ allowSoftware: true })');
  expect((await gpu({ adapter: adapter!.info!.vendor! })).reason).toBe(adapterName(adapter!));
});

onGpu('the error for an unknown name lists the available adapters', async () => {
  await expect(gpu({ adapter: 'Voodoo 5' })).rejects.toThrow(
    `[gpu] got "${adapterName(adapter!)}" (WebGPU), wanted an adapter whose name contains 'Voodoo 5'.`,
  );
});

onGpu('gpu.js stays usable by other code', async () => {
  const context = Reflect.get(gpuJs, 'WebGPUContext');
  const { acquire } = context;
  await setBackend(await gpu({ allowSoftware: true }));
  const [x] = await tensor([2]).add(1).data();
  expect(x).toBe(3);
  expect(context.acquire).toBe(acquire);
  const other = new gpuJs.GPU({ mode: 'webgpu' as 'gpu' });
  const kernel = other.createKernel('function (a) { return a[this.thread.x] * 2; }', { output: [3] });
  expect(Array.from((await kernel([1, 2, 3])) as Float32Array)).toEqual([2, 4, 6]);
  await other.destroy();
});
