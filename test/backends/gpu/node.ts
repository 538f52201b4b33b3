import { GpuBackend } from '../../../src/backends/gpu/backend.ts';
import type { GpuJs } from '../../../src/backends/gpu/device/gpu-js.ts';
import type { BufferRegion } from '../../../src/backends/gpu/webgpu/buffer-allocator.ts';
import { WebGpuDevice } from '../../../src/backends/gpu/webgpu/index.ts';
import { dawn } from './dawn.ts';

/** The GPU backend on Dawn, with its adapter's own limits; null if there is no adapter. */
export async function nodeBackend(): Promise<GpuBackend<BufferRegion> | null> {
  const gpu = await dawn();
  const adapter = await gpu?.requestAdapter();
  if (!adapter) return null;
  const { maxStorageBuffersPerShaderStage, maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBuffersPerShaderStage, maxBufferSize, maxStorageBufferBindingSize },
  });
  // gpu.js checks for navigator.gpu.
  const host = globalThis as { navigator?: object };
  host.navigator ??= {};
  if (!('gpu' in host.navigator)) Object.defineProperty(host.navigator, 'gpu', { value: gpu });
  const gpuJs = (await import('gpu.js')) as object as GpuJs;
  return new GpuBackend(new WebGpuDevice({ gpuJs, adapter, device, name: adapter.info.description }));
}
