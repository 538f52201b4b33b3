import type { Access, Kernel, Plan, Source } from './kernel.ts';

/** The buffers that a kernel reads, in all its parts. */
export function buffersRead(kernel: Kernel): number[] {
  return [...epilogueReads(kernel.inputs), ...sourceReads(kernel.source)];
}

const epilogueReads = (inputs: readonly Access[]): number[] =>
  inputs.flatMap((a) => (a.buffer === null ? [] : [a.buffer]));

/** The buffers that a kernel reads for `acc`. */
export function sourceReads(source: Source): number[] {
  if (source.kind === 'reduce') return epilogueReads(source.inputs);
  if (source.kind === 'contract') return [source.a.buffer, source.b.buffer];
  if (source.kind === 'scatter') return [source.indices.buffer, source.updates.buffer];
  return [];
}

/** Numbers of the bound storages that a plan overwrites. */
export function overwrites({ buffers, kernels, commit }: Plan): number[] {
  const stores = kernels.slice(commit).flatMap((kernel) => kernel.stores);
  return stores.flatMap(({ buffer }) => {
    const { place } = buffers[buffer]!;
    return place.kind === 'bound' ? [place.index] : [];
  });
}
