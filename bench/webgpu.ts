/// <reference types="@webgpu/types" />

import { webgpuSource } from '../src/gpu/load.ts';
import { adapterName as nameOf } from '../src/gpu/webgpu.ts';
import { StateError } from '../src/ir/errors.ts';
import { Unavailable } from './library.ts';

/**
 * The adapter that all contestants compute on, the faster GPU of two. `navigator.gpu` is there afterwards: in
 * Node it comes from npm's `webgpu`.
 *
 * @throws Unavailable where there is none.
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

/** An adapter's name, as ndgrad's errors and `backendInfo()` have it. */
export const adapterName = (adapter: GPUAdapter): string => nameOf(adapter);
