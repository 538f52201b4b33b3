import { GpuBackend } from '../../../src/backends/gpu/backend.ts';
import type { GpuJs } from '../../../src/backends/gpu/device/gpu-js.ts';
import { WebGpuDevice } from '../../../src/backends/gpu/webgpu/index.ts';
import type { BufferRegion } from '../../../src/backends/gpu/webgpu/buffer-allocator.ts';
import { dawn } from './dawn.ts';

/** The GPU backend on Dawn, with what its adapter can do; null where there is none. */
export async function nodeBackend(): Promise<GpuBackend<BufferRegion> | null> {
  const gpu = await dawn();
  const adapter = await gpu?.requestAdapter();
  if (!adapter) return null;
  const { maxStorageBuffersPerShaderStage, maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBuffersPerShaderStage, maxBufferSize, maxStorageBufferBindingSize },
  });
  // gpu.js asks whether there is WebGPU at all.
  const host = globalThis as { navigator?: object };
  host.navigator ??= {};
  if (!('gpu' in host.navigator)) Object.defineProperty(host.navigator, 'gpu', { value: gpu });
  const gpuJs = (await import('gpu.js')) as object as GpuJs;
  return new GpuBackend(new WebGpuDevice({ gpuJs, adapter, device, name: adapter.info.description }));
}
