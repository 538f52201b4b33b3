// ndgrad/gpu: the GPU backend, and nothing of it in ndgrad itself.

import type { Backend } from '../ir/backend.ts';
import { ValueError } from '../ir/errors.ts';
import { plain } from './choice.ts';
import { findGpu } from './find.ts';
import { type Opened, openBackend } from './open.ts';
import type { Adapter, Wanted } from './types.ts';

/** Which GPU to take. */
export interface GpuOptions {
  /** WebGPU or WebGL2; by default WebGPU where it has an adapter, else, in browsers, WebGL2. */
  readonly api?: 'webgpu' | 'webgl2';
  /**
   * 'high-performance' (the default) or 'low-power', on machines with two GPUs; or part of an adapter's name, in
   * any case, such as 'nvidia'; or a `GPUAdapter` (WebGPU only) that no device has been made of.
   */
  readonly adapter?: string | Adapter;
  /**
   * Takes an adapter that computes on the CPU (SwiftShader, llvmpipe, Microsoft's Basic Render Driver) where there
   * is no GPU: for tests. By default such an adapter counts as no GPU unless it is asked for by name.
   */
  readonly allowSoftware?: boolean;
}

function check(options: GpuOptions): Wanted {
  if (typeof options !== 'object' || options === null)
    throw new ValueError(`[gpu] got ${options}, wanted options such as { adapter: 'nvidia' }.`);
  for (const name of Object.keys(options)) {
    if (!['api', 'adapter', 'allowSoftware'].includes(name))
      throw new ValueError(`[gpu] got the option '${name}', wanted api, adapter or allowSoftware.`);
  }
  const { api = null, adapter = 'high-performance', allowSoftware = false } = options;
  if (api !== null && api !== 'webgpu' && api !== 'webgl2')
    throw new ValueError(`[gpu] got api '${String(api)}', wanted 'webgpu' or 'webgl2'.`);
  if (typeof allowSoftware !== 'boolean')
    throw new ValueError(`[gpu] got allowSoftware ${String(allowSoftware)}, wanted true or false.`);
  const isObject = typeof adapter === 'object' && typeof adapter?.requestDevice === 'function';
  if (!isObject && (typeof adapter !== 'string' || plain(adapter) === '')) {
    const wanted =
      "'high-performance', 'low-power', part of an adapter's name (letters or digits), or a GPUAdapter";
    const got = typeof adapter === 'string' ? `'${adapter}'` : String(adapter);
    throw new ValueError(`[gpu] got adapter ${got}, wanted ${wanted}.`);
  }
  if (isObject && api === 'webgl2')
    throw new ValueError(
      "[gpu] got a GPUAdapter and api 'webgl2', which has no adapters. Leave out one of the two.",
    );
  return { api, adapter, allowSoftware };
}

/** A backend that was made, or is being made. */
interface Made {
  readonly wanted: Wanted;
  readonly opened: Promise<Opened>;
  /** Null until it is made. */
  device: Opened['device'] | null;
}

let made: readonly Made[] = [];

/**
 * The GPU, ready for `await setBackend(await gpu())`. Needs the package gpu.js and, in Node, `webgpu`.
 *
 * Calls with the same options give the same backend, until its device is lost; the next call then makes a new one.
 *
 * Throws a ValueError for options that it does not know, and a StateError where a package is missing (it says what to
 * install) or where there is no such GPU (it says what there is).
 */
export async function gpu(options: GpuOptions = {}): Promise<Backend> {
  const wanted = check(options);
  const { api, adapter, allowSoftware } = wanted;
  made = made.filter(({ device }) => (device?.lost ?? null) === null);
  const known = made.find(
    ({ wanted: other }) =>
      other.api === api && other.adapter === adapter && other.allowSoftware === allowSoftware,
  );
  if (known) return (await known.opened).backend;

  const entry: Made = { wanted, opened: findGpu(wanted).then(openBackend), device: null };
  made = [...made, entry];
  try {
    const { backend, device } = await entry.opened;
    entry.device = device;
    return backend;
  } catch (error) {
    made = made.filter((other) => other !== entry);
    throw error;
  }
}
