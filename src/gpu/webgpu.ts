import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import { StateError } from '../ir/errors.ts';
import { type Candidate, isNamed, isSoftware, matches } from './adapters.ts';
import { reasonOf, type Source, webgpuSource } from './load.ts';
import type { Adapter, GpuRequest, PowerPreference, WebGpu } from './types.ts';

/** The limits that a device gets from the adapter, instead of the minimum that WebGPU guarantees. */
const RAISED = [
  'maxStorageBuffersPerShaderStage',
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** An adapter and a device that ndgrad has created on it. */
export interface OpenWebGpu {
  readonly api: 'webgpu';
  readonly gpuJs: GpuJs;
  readonly name: string;
  readonly adapter: Adapter;
  readonly device: object;
}

/** An adapter's name, from the parts of its description that are not empty. */
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
    const message = `[gpu] the adapter "${name}" gives no device (${reasonOf(cause)}). Request a new adapter, or another one.`;
    throw new StateError(message, { cause });
  }
}

function candidateOf(adapter: Adapter): Candidate<OpenWebGpu> {
  const name = adapterName(adapter);
  const software = adapter.info?.isFallbackAdapter === true || isSoftware(name);
  return { api: 'webgpu', name, software, open: (gpuJs) => open(gpuJs, name, adapter), release() {} };
}

type Request = Parameters<WebGpu['requestAdapter']>[0];

const requestAdapter = (gpu: WebGpu, request: Request) => gpu.requestAdapter(request).catch(() => null);

/** The full names of all adapters of Dawn, which lists them in the error for an unknown adapter. Empty elsewhere. */
export async function dawnNames(source: () => Promise<Source | null> = webgpuSource): Promise<string[]> {
  const list = await (await source())
    ?.named?.('?')
    .requestAdapter()
    .then(() => '', String);
  const names = [...(list ?? '').matchAll(/name: '([^'\n]*)'/g)].map(([, name]) => name!);
  return [...new Set(names)];
}

/** The WebGPU adapters that may match the request, preferred ones first; none without WebGPU. */
export async function webgpuCandidates(
  { adapter, allowSoftware }: GpuRequest,
  source: () => Promise<Source | null> = webgpuSource,
): Promise<Candidate<OpenWebGpu>[]> {
  if (typeof adapter !== 'string') return [candidateOf(adapter)];
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
  const adapters = await Promise.all(requests.map((request) => requestAdapter(gpu, request)));
  if (isNamed(adapter) && named !== null) {
    const names = (await dawnNames(async () => found)).filter((name) => matches(name, adapter));
    adapters.push(...(await Promise.all(names.map((name) => requestAdapter(named(name), {})))));
  }
  const candidates = adapters.filter((one) => one !== null).map(candidateOf);
  return candidates.filter(({ name }, i) => candidates.findIndex((other) => other.name === name) === i);
}
