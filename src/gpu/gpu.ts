// ndgrad/gpu: the GPU backend, and nothing of it in ndgrad itself.

import { checkCount, checkOptions, type Known } from '../ir/arguments.ts';
import type { Backend } from '../ir/backend.ts';
import { ValueError } from '../ir/errors.ts';
import { normalizedName } from './adapters.ts';
import { findGpu } from './find.ts';
import { type Opened, openBackend } from './open.ts';
import type { Adapter, GpuRequest } from './types.ts';

/** Which GPU to use. */
export interface GpuOptions {
  /** WebGPU or WebGL2; by default WebGPU if it has an adapter, else, in browsers, WebGL2. */
  readonly api?: 'webgpu' | 'webgl2';
  /**
   * 'high-performance' (the default) or 'low-power', for machines with two GPUs; or part of an adapter's name, such as
   * 'nvidia' (case does not matter); or a `GPUAdapter` (WebGPU only) without a device.
   */
  readonly adapter?: string | Adapter;
  /**
   * Whether to use an adapter that computes on the CPU (SwiftShader, llvmpipe, Microsoft's Basic Render Driver) if there
   * is no GPU: for tests. false by default, unless such an adapter is requested by name.
   */
  readonly allowSoftware?: boolean;
}

function check(options: GpuOptions): GpuRequest {
  checkOptions('gpu', options, { api: 0, adapter: 0, allowSoftware: true } satisfies Known<GpuOptions>);
  const { api = null, adapter = 'high-performance', allowSoftware = false } = options;
  if (api !== null && api !== 'webgpu' && api !== 'webgl2')
    throw new ValueError(`[gpu] got api '${String(api)}', wanted 'webgpu' or 'webgl2'.`);
  const isObject = typeof adapter === 'object' && typeof adapter?.requestDevice === 'function';
  if (!isObject && (typeof adapter !== 'string' || normalizedName(adapter) === '')) {
    const wanted =
      "'high-performance', 'low-power', part of an adapter's name (letters or digits), or a GPUAdapter";
    const got = typeof adapter === 'string' ? `'${adapter}'` : String(adapter);
    throw new ValueError(`[gpu] got adapter ${got}, wanted ${wanted}.`);
  }
  if (isObject && api === 'webgl2')
    throw new ValueError(
      "[gpu] got a GPUAdapter and api 'webgl2', which has no adapters. Leave one of them out.",
    );
  return { api, adapter, allowSoftware };
}

/** A backend that exists or is being opened. */
interface CachedBackend {
  readonly request: GpuRequest;
  readonly opened: Promise<Opened>;
  /** Null until it is open. */
  device: Opened['device'] | null;
}

let cache: readonly CachedBackend[] = [];

/**
 * The GPU, ready for `await setBackend(await gpu())`. Needs the package gpu.js and, in Node, `webgpu`.
 *
 * Calls with the same options return the same backend until its device is lost; the next call then opens a new one.
 *
 * @throws ValueError for wrong options.
 * @throws StateError if a package is missing (the message says what to install) or there is no such GPU (the message
 *   lists the available ones).
 */
export async function gpu(options: GpuOptions = {}): Promise<Backend> {
  checkCount('gpu', arguments.length, 1);
  const request = check(options);
  const { api, adapter, allowSoftware } = request;
  cache = cache.filter(({ device }) => (device?.lost ?? null) === null);
  const known = cache.find(
    ({ request: other }) =>
      other.api === api && other.adapter === adapter && other.allowSoftware === allowSoftware,
  );
  if (known) return (await known.opened).backend;

  const entry: CachedBackend = { request, opened: findGpu(request).then(openBackend), device: null };
  cache = [...cache, entry];
  try {
    const { backend, device } = await entry.opened;
    entry.device = device;
    return backend;
  } catch (error) {
    cache = cache.filter((other) => other !== entry);
    throw error;
  }
}
