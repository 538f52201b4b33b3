/// <reference types="@webgpu/types" />

import { GpuBackend } from '../backends/gpu/backend.ts';
import type { Device } from '../backends/gpu/device/device.ts';
import type { Backend } from '../ir/backend.ts';
import type { Open } from './find.ts';

/** A backend and its device. */
export interface Opened {
  readonly backend: Backend;
  readonly device: Pick<Device<unknown>, 'lost'>;
}

/** The backend of an open adapter. Only the code of its API is loaded. */
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
