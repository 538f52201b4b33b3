import * as installed from 'gpu.js';
import { afterEach, expect, test, vi } from 'vitest';
import { loadGpuJs, webgpuSource } from '../../src/gpu/load.ts';
import { StateError } from '../../src/ir/errors.ts';

afterEach(() => vi.unstubAllGlobals());

/** gpu.js in the form of its browser build: the class with all other exports as properties. */
function classWithProperties() {
  class GPU {}
  return Object.assign(GPU, { GPU, WebGPUContext: class {}, WebGPUKernel: class {}, WebGL2Kernel: class {} });
}

test('the installed gpu.js is found', async () => {
  const lib = await loadGpuJs();
  expect(lib.GPU).toBe(installed.GPU);
  expect(Reflect.get(lib, 'WebGPUContext')).toHaveProperty('acquire');
});

test('the browser build is found in bundles and on plain pages', async () => {
  const lib = classWithProperties();
  expect(await loadGpuJs(async () => ({ default: lib }))).toBe(lib);
  expect(await loadGpuJs(async () => ({ default: { default: 1 }, GPU: lib }))).toBe(lib);
  const plain = async () => {
    vi.stubGlobal('GPU', lib);
    return {};
  };
  expect(await loadGpuJs(plain)).toBe(lib);
});

test("the browser's own GPU interface keeps its name", async () => {
  class GPU {}
  vi.stubGlobal('GPU', GPU);
  const lib = classWithProperties();
  await loadGpuJs(async () => {
    Object.defineProperty(globalThis, 'GPU', { configurable: true, get: () => lib, set() {} });
    return { default: lib };
  });
  expect(Reflect.get(globalThis, 'GPU')).toBe(GPU);
});

test('a gpu.js that the page has loaded itself keeps its global name', async () => {
  const lib = classWithProperties();
  vi.stubGlobal('GPU', lib);
  expect(await loadGpuJs(async () => ({}))).toBe(lib);
  expect(Reflect.get(globalThis, 'GPU')).toBe(lib);
});

test('a missing or old gpu.js is named, with what to install', async () => {
  const missing = loadGpuJs(() => Promise.reject(new Error("Cannot find package 'gpu.js'\nmore")));
  await expect(missing).rejects.toThrow(StateError);
  await expect(missing).rejects.toThrow(
    "[gpu] gpu.js can't be loaded (Cannot find package 'gpu.js'). Install it: npm i gpu.js@2.24.1, and for Node webgpu@0.6.2 too.",
  );
  const old = loadGpuJs(async () => ({ default: { GPU: class {} } }));
  await expect(old).rejects.toThrow('wanted 2.24.1. Install it: npm i gpu.js@2.24.1.');
});

test('a missing webgpu is named, with what to install', async () => {
  vi.stubGlobal('navigator', undefined);
  const missing = webgpuSource(() => Promise.reject(new Error("Cannot find package 'webgpu'")));
  await expect(missing).rejects.toThrow(StateError);
  await expect(missing).rejects.toThrow(
    "[gpu] Node's WebGPU can't be loaded (Cannot find package 'webgpu'). Install it: npm i webgpu@0.6.2.",
  );
});

test('where the platform has WebGPU, nothing is loaded', async () => {
  const gpu = { requestAdapter: async () => null };
  vi.stubGlobal('navigator', { gpu });
  const load = vi.fn();
  expect(await webgpuSource(load)).toEqual({ gpu, named: null });
  expect(load).not.toHaveBeenCalled();
});

test('outside of Node nothing is loaded', async () => {
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('process', undefined);
  const load = vi.fn();
  expect(await webgpuSource(load)).toBeNull();
  expect(load).not.toHaveBeenCalled();
});

test('Dawn becomes navigator.gpu once, and replaces no global', async () => {
  const create = vi.fn((options: string[]) => ({ options, requestAdapter: async () => null }));
  class GPUDevice {}
  vi.stubGlobal('GPUDevice', GPUDevice);
  vi.stubGlobal('navigator', { userAgent: 'mine' });
  const load = async () => ({ create, globals: { GPUDevice: class {}, GPUTestOnly: class {} } });
  try {
    const first = await webgpuSource(load);
    const second = await webgpuSource(load);
    expect(second!.gpu).toBe(first!.gpu);
    expect(create.mock.calls).toEqual([[[]]]);
    expect(Reflect.get(globalThis, 'GPUDevice')).toBe(GPUDevice);
    expect(globalThis).toHaveProperty('GPUTestOnly');
    expect(Reflect.get(globalThis, 'navigator')).toEqual({ userAgent: 'mine' });
    expect(Reflect.get(navigator, 'gpu')).toBe(first!.gpu);
    expect(first!.named!('A GPU')).toHaveProperty('options', ['adapter=A GPU']);
    expect(first!.named!('A GPU')).toBe(second!.named!('A GPU'));
  } finally {
    Reflect.deleteProperty(globalThis, 'GPUTestOnly');
  }
});
