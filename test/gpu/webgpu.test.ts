import { expect, test } from 'vitest';
import { findGpu } from '../../src/gpu/find.ts';
import type { Adapter, GpuRequest, WebGpu } from '../../src/gpu/types.ts';
import { adapterName, webgpuCandidates } from '../../src/gpu/webgpu.ts';
import { StateError } from '../../src/ir/errors.ts';
import { adapterMissing, dawn } from '../backends/gpu/dawn.ts';

const wanted = (changes: Partial<GpuRequest> = {}): GpuRequest => ({
  api: null,
  adapter: 'high-performance',
  allowSoftware: false,
  ...changes,
});

const adapter = (info: Adapter['info'], changes: Partial<Adapter> = {}): Adapter => ({
  ...(info ? { info } : {}),
  limits: {},
  requestDevice: async () => ({}),
  ...changes,
});

/** WebGPU with a high-performance, a low-power and a software adapter. `asked` records the requests. */
function browser() {
  const asked: object[] = [];
  const gpu: WebGpu = {
    async requestAdapter(options = {}) {
      asked.push(options);
      if (options.forceFallbackAdapter) return adapter({ vendor: 'google', isFallbackAdapter: true });
      return adapter({ vendor: options.powerPreference === 'low-power' ? 'intel' : 'nvidia' });
    },
  };
  return { asked, source: async () => ({ gpu, named: null }) };
}

test('the name of an adapter comes from its info', () => {
  expect(adapterName(adapter({ vendor: 'nvidia', architecture: 'ada', device: '', description: '' }))).toBe(
    'nvidia, ada',
  );
  expect(adapterName(adapter(undefined))).toBe('unnamed adapter');
});

test('requests the preferred adapter, and a software adapter only if it is allowed', async () => {
  const { asked, source } = browser();
  expect((await webgpuCandidates(wanted(), source)).map(({ name }) => name)).toEqual(['nvidia']);
  expect(asked).toEqual([{ powerPreference: 'high-performance' }]);
  expect((await webgpuCandidates(wanted({ adapter: 'low-power' }), source)).map(({ name }) => name)).toEqual([
    'intel',
  ]);
  const allowed = await webgpuCandidates(wanted({ allowSoftware: true }), source);
  expect(allowed.map(({ name, software }) => [name, software])).toEqual([
    ['nvidia', false],
    ['google', true],
  ]);
});

test('a name is searched among all adapters of a browser', async () => {
  const choices = await webgpuCandidates(wanted({ adapter: 'intel' }), browser().source);
  expect(choices.map(({ name }) => name)).toEqual(['nvidia', 'intel', 'google']);
});

/** Dawn on a machine with two GPUs, of which it offers the first. `asked` records the requested names. */
function twoGpus() {
  const asked: string[] = [];
  const named = (name: string): WebGpu => ({
    async requestAdapter() {
      asked.push(name);
      if (name === 'Tesla T4') return adapter({ device: 'tesla-t4' });
      // The message of Dawn.
      throw new Error(
        "no suitable backends found\nAvailable adapters:\n * backend: 'vulkan', name: 'GeForce GT 710'\n" +
          " * backend: 'vulkan', name: 'Tesla T4'",
      );
    },
  });
  const gpu: WebGpu = { requestAdapter: async () => adapter({ device: 'geforce-gt-710' }) };
  return { asked, source: async () => ({ gpu, named }) };
}

test('a name is searched among all adapters of Dawn', async () => {
  const { asked, source } = twoGpus();
  const choices = await webgpuCandidates(wanted({ adapter: 'tesla' }), source);
  expect(choices.map(({ name }) => name)).toEqual(['geforce-gt-710', 'tesla-t4']);
  expect(asked).toEqual(['?', 'Tesla T4']);
});

test('the error for an unknown name lists all adapters of Dawn', async () => {
  await expect(findGpu(wanted({ adapter: 'voodoo' }), twoGpus().source)).rejects.toThrow(
    '[gpu] got "geforce-gt-710" (WebGPU) and "Tesla T4" (WebGPU), wanted an adapter whose name contains \'voodoo\'.',
  );
});

test('no adapter, or an adapter that fails, is no choice', async () => {
  const none: WebGpu = { requestAdapter: async () => null };
  expect(await webgpuCandidates(wanted(), async () => ({ gpu: none, named: null }))).toEqual([]);
  const bad: WebGpu = { requestAdapter: () => Promise.reject(new Error('no')) };
  expect(await webgpuCandidates(wanted(), async () => ({ gpu: bad, named: null }))).toEqual([]);
  expect(await webgpuCandidates(wanted(), async () => null)).toEqual([]);
});

const gpuJs = { GPU: class {} } as never;

test('a device has the limits of its adapter', async () => {
  const descriptors: unknown[] = [];
  const device = {};
  const limits = { maxBufferSize: 7, maxComputeInvocationsPerWorkgroup: 1024, maxBindGroups: 4 };
  const requestDevice = async (descriptor: unknown) => {
    descriptors.push(descriptor);
    return device;
  };
  const given = adapter({ vendor: 'amd' }, { limits, requestDevice });
  const [choice] = await webgpuCandidates(wanted({ adapter: given }));
  expect(await choice!.open(gpuJs)).toMatchObject({ adapter: given, device, name: 'amd' });
  expect(descriptors).toEqual([
    { label: 'ndgrad', requiredLimits: { maxBufferSize: 7, maxComputeInvocationsPerWorkgroup: 1024 } },
  ]);
});

test('the error of an adapter without a device has its name and the reason, but no stack', async () => {
  const consumed = new Error(
    'it is "consumed": used before.\n    at CreateDeviceInternal (Adapter.cpp:305)\n',
  );
  const used = adapter({ vendor: 'amd' }, { requestDevice: () => Promise.reject(consumed) });
  const [choice] = await webgpuCandidates(wanted({ adapter: used }));
  await expect(choice!.open(gpuJs)).rejects.toThrow(StateError);
  await expect(choice!.open(gpuJs)).rejects.toThrow(
    /^\[gpu\] the adapter "amd" gives no device \(it is "consumed": used before\)\. Request a new adapter, or another one\.$/,
  );
});

test.skipIf(adapterMissing)("Dawn's adapter makes a device with all of its limits", async () => {
  const gpu = await dawn();
  const [choice] = await webgpuCandidates(wanted({ allowSoftware: true }), async () => ({
    gpu: gpu!,
    named: null,
  }));
  const { adapter, device } = await choice!.open(gpuJs);
  expect(adapter.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
  expect(Reflect.get(device, 'limits')).toMatchObject({
    maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage,
    maxBufferSize: adapter.limits.maxBufferSize,
    maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
  });
  Reflect.get(device, 'destroy').call(device);
});
