import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import { StateError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';
import type { WebGpu } from './types.ts';

// The two packages that ndgrad/gpu needs are loaded when a GPU is requested, so that they are optional.

const GPU_JS = 'gpu.js@2.24.1';
const WEBGPU = 'webgpu@0.6.2';

const isGpuJs = (value: unknown): value is GpuJs =>
  typeof value === 'function' || (typeof value === 'object' && value !== null)
    ? ['GPU', 'WebGPUContext', 'WebGPUKernel', 'WebGL2Kernel'].every(
        (name) => typeof Reflect.get(value, name) === 'function',
      )
    : false;

/** The first line of an error's message, as a part of a sentence. Dawn's messages contain a stack. */
export const reasonOf = (error: unknown): string =>
  errorMessage(error).split('\n', 1)[0]!.trim().replace(/\.$/, '');

/** gpu.js in the result of its import: its exports (Node), its class (bundles), or only a global variable (plain pages). */
function gpuJsIn(module: object): GpuJs | null {
  const { default: inner, GPU } = module as { default?: unknown; GPU?: unknown };
  return [inner, GPU, module, Reflect.get(globalThis, 'GPU')].find(isGpuJs) ?? null;
}

/**
 * Loads gpu.js. Its browser build overwrites the global `GPU` interface, which is restored.
 *
 * @throws StateError that says what to install.
 */
export async function loadGpuJs(load: () => Promise<object> = () => import('gpu.js')): Promise<GpuJs> {
  const native = Object.getOwnPropertyDescriptor(globalThis, 'GPU');
  let found: GpuJs | null;
  try {
    found = gpuJsIn(await load());
  } catch (cause) {
    const message = `[gpu] gpu.js can't be loaded (${reasonOf(cause)}). Install it: npm i ${GPU_JS}, and for Node ${WEBGPU} too.`;
    throw new StateError(message, { cause });
  }
  if (found === null)
    throw new StateError(`[gpu] got a gpu.js that lacks WebGPU, wanted 2.24.1. Install it: npm i ${GPU_JS}.`);
  if (native?.value !== undefined && !isGpuJs(native.value)) Object.defineProperty(globalThis, 'GPU', native);
  return found;
}

/** npm's `webgpu`: Dawn, as a native module. */
interface Dawn {
  create(options: string[]): WebGpu;
  readonly globals: object;
}

/** WebGPU and, for Dawn, how to open an adapter by its full name. */
export interface Source {
  readonly gpu: WebGpu;
  readonly named: ((name: string) => WebGpu) | null;
}

/** Defines a missing property like the platform would: configurable and not enumerable. */
function defineMissing(target: object, name: string, value: unknown) {
  if (name in target) return;
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
}

// A device becomes unusable when the object that it was requested from is collected, so these are kept.
const created = /* @__PURE__ */ new Map<string, WebGpu>();

/** Node's version; null elsewhere. */
export function nodeVersion(): string | null {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node ?? null;
}

/** The name is computed at run time, so that bundlers do not look for a package that only Node needs. */
const importDawn = (): Promise<object> => {
  const name = ['web', 'gpu'].join('');
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
};

/**
 * WebGPU from `navigator.gpu` or, in Node, from npm's `webgpu`, which then also becomes `navigator.gpu`. Null without
 * WebGPU.
 *
 * @throws StateError that says what to install in Node.
 */
export async function webgpuSource(load: () => Promise<object> = importDawn): Promise<Source | null> {
  const host = globalThis as { navigator?: { gpu?: WebGpu } };
  const here = host.navigator?.gpu;
  if (here && here !== created.get('')) return { gpu: here, named: null };
  const node = nodeVersion();
  if (node === null) return null;

  let dawn: Dawn;
  try {
    dawn = (await load()) as Dawn;
    if (typeof dawn.create !== 'function') throw new Error('it has no function create');
  } catch (cause) {
    const message = `[gpu] Node's WebGPU can't be loaded (${reasonOf(cause)}). Install it: npm i ${WEBGPU}.`;
    throw new StateError(message, { cause });
  }
  const named = (name: string): WebGpu => {
    const gpu = created.get(name) ?? dawn.create(name === '' ? [] : [`adapter=${name}`]);
    created.set(name, gpu);
    return gpu;
  };
  const gpu = named('');
  for (const [name, value] of Object.entries(dawn.globals)) defineMissing(globalThis, name, value);
  // gpu.js reads navigator.gpu. Node 20 has no navigator; later versions have one with their name.
  defineMissing(globalThis, 'navigator', { userAgent: `Node.js/${node.split('.', 1)[0]}` });
  defineMissing(host.navigator!, 'gpu', gpu);
  return { gpu, named };
}
