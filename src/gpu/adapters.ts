import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import type { GpuRequest } from './types.ts';

/** An available adapter that is not yet in use. */
export interface Candidate<O> {
  readonly api: 'webgpu' | 'webgl2';
  /** The adapter's description. */
  readonly name: string;
  /** Whether it computes on the CPU. */
  readonly software: boolean;
  open(gpuJs: GpuJs): Promise<O>;
  /** Releases it unused. */
  release(): void;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software|\bwarp\b/i;

/** Whether this is the name of an adapter that computes on the CPU. */
export const isSoftware = (name: string): boolean => SOFTWARE.test(name);

/** A name in a form for comparisons: drivers write "GeForce RTX 4090", browsers "geforce-rtx-4090". */
export const normalizedName = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();

/** Whether an adapter's name contains the requested part. */
export const matches = (name: string, part: string): boolean =>
  normalizedName(name).includes(normalizedName(part));

/** Whether `adapter` is a part of a name, and not a preference or an object. */
export const isNamed = (adapter: GpuRequest['adapter']): adapter is string =>
  typeof adapter === 'string' && adapter !== 'high-performance' && adapter !== 'low-power';

/** Whether software adapters may be used: an adapter that is named or passed was chosen explicitly. */
export const allowsSoftware = ({ adapter, allowSoftware }: GpuRequest): boolean =>
  allowSoftware || isNamed(adapter) || typeof adapter !== 'string';

/** The adapter to use: the first one that is not software, else the first one if software is allowed. */
export function selectCandidate<C extends Candidate<unknown>>(
  candidates: readonly C[],
  request: GpuRequest,
): C | null {
  const { adapter } = request;
  const fitting = isNamed(adapter) ? candidates.filter(({ name }) => matches(name, adapter)) : candidates;
  return (
    fitting.find(({ software }) => !software) ?? (allowsSoftware(request) ? fitting[0] : undefined) ?? null
  );
}
