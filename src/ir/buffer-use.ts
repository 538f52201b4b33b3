import type { Access, KernelSource } from './kernel.ts';
import type { Plan, PlanStep } from './plan.ts';

/** The buffers that a step reads, for `acc` and for its stores. */
export function buffersRead(step: PlanStep): number[] {
  return [...accessReads(step.inputs), ...sourceReads(step.source)];
}

const accessReads = (inputs: readonly Access[]): number[] =>
  inputs.flatMap((a) => (a.buffer === null ? [] : [a.buffer]));

/** The buffers that a step writes. */
export const buffersWritten = (step: PlanStep): number[] => step.stores.map((store) => store.buffer);

/** The buffers that a kernel reads for `acc`. */
export function sourceReads(source: KernelSource): number[] {
  if (source.kind === 'reduce') return accessReads(source.inputs);
  if (source.kind === 'contract') return [source.a.buffer, source.b.buffer];
  if (source.kind === 'scatter') return [source.indices.buffer, source.updates.buffer];
  return [];
}

/** The indices of the bound storages that a plan overwrites. */
export function overwrites({ buffers, steps, commit }: Plan): number[] {
  return steps
    .slice(commit)
    .flatMap(buffersWritten)
    .flatMap((buffer) => {
      const { location } = buffers[buffer]!;
      return location.kind === 'bound' ? [location.index] : [];
    });
}
