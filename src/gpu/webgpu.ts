import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import { StateError } from '../ir/errors.ts';
import { type Choice, isNamed, isSoftware, matches } from './choice.ts';
import { because, type Source, webgpuSource } from './load.ts';
import type { Adapter, PowerPreference, Wanted, WebGpu } from './types.ts';

/** The limits of the adapter that a device is made with, instead of the smallest that WebGPU guarantees. */
const RAISED = [
  'maxStorageBuffersPerShaderStage',
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** An adapter and a device of ours on it. */
export interface OpenWebGpu {
  readonly api: 'webgpu';
  readonly gpuJs: GpuJs;
  readonly name: string;
  readonly adapter: Adapter;
  readonly device: object;
}

/** An adapter's name, of the parts that the browser tells. */
export function adapterName({ info = {} }: Adapter): string {
  const { vendor, architecture, device, description } = info;
  const parts = [vendor, architecture, device, description].filter((part) => part);
  return parts.length > 0 ? parts.join(', ') : 'unnamed adapter';
}

async function open(gpuJs: GpuJs, name: string, adapter: Adapter): Promise<OpenWebGpu> {
  const limits = RAISED.map((limit) => [limit, adapter.limits[limit]] as const);
  const requiredLimits = Object.fromEntries(limits.filter(([, value]) => value !== undefined));
  try {
    const device = await adapter.requestDevice({ label: 'ndgrad', requiredLimits });
    return { api: 'webgpu', gpuJs, name, adapter, device };
  } catch (cause) {
    const message = `[gpu] the adapter "${name}" gives no device (${because(cause)}). Ask for a new adapter, or for another one.`;
    throw new StateError(message, { cause });
  }
}

function choiceOf(adapter: Adapter): Choice<OpenWebGpu> {
  const name = adapterName(adapter);
  const software = adapter.info?.isFallbackAdapter === true || isSoftware(name);
  return { api: 'webgpu', name, software, open: (gpuJs) => open(gpuJs, name, adapter), drop() {} };
}

type Request = Parameters<WebGpu['requestAdapter']>[0];

const ask = (gpu: WebGpu, request: Request) => gpu.requestAdapter(request).catch(() => null);

/** Full names of all of Dawn's adapters: it tells them to whoever asks for one that is not there. None elsewhere. */
export async function dawnNames(source: () => Promise<Source | null> = webgpuSource): Promise<string[]> {
  const list = await (await source())
    ?.named?.('?')
    .requestAdapter()
    .then(() => '', String);
  const names = [...(list ?? '').matchAll(/name: '([^'\n]*)'/g)].map(([, name]) => name!);
  return [...new Set(names)];
}

/** The adapters of WebGPU that may be meant, the preferred ones first; none where there is no WebGPU. */
export async function webgpuChoices(
  { adapter, allowSoftware }: Wanted,
  source: () => Promise<Source | null> = webgpuSource,
): Promise<Choice<OpenWebGpu>[]> {
  if (typeof adapter !== 'string') return [choiceOf(adapter)];
  const found = await source();
  if (found === null) return [];
  const { gpu, named } = found;
  const preferences: readonly PowerPreference[] =
    adapter === 'low-power'
      ? ['low-power']
      : isNamed(adapter)
        ? ['high-performance', 'low-power']
        : ['high-performance'];
  const requests: Request[] = preferences.map((powerPreference) => ({ powerPreference }));
  if (allowSoftware || isNamed(adapter)) requests.push({ forceFallbackAdapter: true });
  const adapters = await Promise.all(requests.map((request) => ask(gpu, request)));
  if (isNamed(adapter) && named !== null) {
    const names = (await dawnNames(async () => found)).filter((name) => matches(name, adapter));
    adapters.push(...(await Promise.all(names.map((name) => ask(named(name), {})))));
  }
  const choices = adapters.filter((one) => one !== null).map(choiceOf);
  return choices.filter(({ name }, i) => choices.findIndex((other) => other.name === name) === i);
}
