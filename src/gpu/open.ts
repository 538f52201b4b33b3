/// <reference types="@webgpu/types" />

import { GpuBackend } from '../backends/gpu/backend.ts';
import type { Device } from '../backends/gpu/device/device.ts';
import type { Backend } from '../ir/backend.ts';
import type { Open } from './find.ts';

/** A backend and the device that it computes on. */
export interface Opened {
  readonly backend: Backend;
  readonly device: Pick<Device<unknown>, 'lost'>;
}

/** The backend on a GPU that has been opened; loads what the other API needs only where that is used. */
export async function openBackend(open: Open): Promise<Opened> {
  if (open.api === 'webgl2') {
    const { webgl2Device } = await import('../backends/gpu/webgl2/index.ts');
    const device = webgl2Device(open);
    return { backend: new GpuBackend(device), device };
  }
  const { WebGpuDevice } = await import('../backends/gpu/webgpu/index.ts');
  const { gpuJs, name, adapter, device: own } = open;
  const parts = { gpuJs, name, adapter: adapter as GPUAdapter, device: own as GPUDevice };
  const device = new WebGpuDevice(parts);
  return { backend: new GpuBackend(device), device };
}
