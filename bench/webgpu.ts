/// <reference types="@webgpu/types" />

import { webgpuSource } from '../src/gpu/load.ts';
import { adapterName as nameOf } from '../src/gpu/webgpu.ts';
import { StateError } from '../src/ir/errors.ts';
import { Unavailable } from './library-program.ts';

/**
 * The adapter that all libraries use, the faster one of two GPUs. Also sets `navigator.gpu`, in Node from the package
 * `webgpu`.
 *
 * @throws Unavailable if there is none.
 */
export async function openAdapter(): Promise<GPUAdapter> {
  try {
    await webgpuSource();
  } catch (error) {
    if (error instanceof StateError) throw new Unavailable(error.message);
    throw error;
  }
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Unavailable('WebGPU has no adapter');
  return adapter;
}

/** The name of an adapter, the same as in errors of ndgrad and in `backendInfo()`. */
export const adapterName = (adapter: GPUAdapter): string => nameOf(adapter);
