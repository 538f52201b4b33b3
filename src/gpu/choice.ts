import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import type { Wanted } from './types.ts';

/** A way to compute that is there: an adapter, not yet in use. */
export interface Choice<O> {
  readonly api: 'webgpu' | 'webgl2';
  /** The adapter as it describes itself. */
  readonly name: string;
  /** Does it compute on the CPU? */
  readonly software: boolean;
  open(gpuJs: GpuJs): Promise<O>;
  /** Gives it back unused. */
  drop(): void;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software|\bwarp\b/i;

/** Is this the name of an adapter that computes on the CPU? */
export const isSoftware = (name: string): boolean => SOFTWARE.test(name);

/** What of a name is compared: drivers write "GeForce RTX 4090", browsers "geforce-rtx-4090". */
export const plain = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();

/** Does an adapter's name have the part that was asked for? */
export const matches = (name: string, part: string): boolean => plain(name).includes(plain(part));

/** Is `adapter` a part of a name, and neither a preference nor an object? */
export const isNamed = (adapter: Wanted['adapter']): adapter is string =>
  typeof adapter === 'string' && adapter !== 'high-performance' && adapter !== 'low-power';

/** Whoever names an adapter, or hands one over, has chosen it, software or not. */
export const allows = ({ adapter, allowSoftware }: Wanted): boolean =>
  allowSoftware || isNamed(adapter) || typeof adapter !== 'string';

/** The adapter to take: the first one that is no software, or the first one at all where software will do. */
export function choose<C extends Choice<unknown>>(choices: readonly C[], wanted: Wanted): C | null {
  const { adapter } = wanted;
  const fitting = isNamed(adapter) ? choices.filter(({ name }) => matches(name, adapter)) : choices;
  return fitting.find(({ software }) => !software) ?? (allows(wanted) ? fitting[0] : undefined) ?? null;
}
