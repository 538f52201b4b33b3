import type { Access, BufferView, KernelSource } from './kernel.ts';
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
  return operandsOf(source).map((operand) => operand.buffer);
}

/** What a source reads without an expression. */
export function operandsOf(source: KernelSource): readonly BufferView[] {
  if (source.kind === 'contract') return [source.a, source.b];
  if (source.kind === 'scatter') return [source.indices, source.updates];
  return source.kind === 'algorithm' ? source.operands : [];
}

/** A step with other buffer numbers. */
export function renameBuffers(kernel: PlanStep, rename: (buffer: number) => number): PlanStep {
  const { source } = kernel;
  const access = (a: Access): Access => (a.buffer === null ? a : { ...a, buffer: rename(a.buffer) });
  const operand = <T extends { readonly buffer: number }>(o: T): T => ({ ...o, buffer: rename(o.buffer) });
  return {
    ...kernel,
    source:
      source.kind === 'reduce'
        ? { ...source, inputs: source.inputs.map(access) }
        : source.kind === 'contract'
          ? { ...source, a: operand(source.a), b: operand(source.b) }
          : source.kind === 'scatter'
            ? { ...source, indices: operand(source.indices), updates: operand(source.updates) }
            : source.kind === 'algorithm'
              ? { ...source, operands: source.operands.map(operand) }
              : source,
    inputs: kernel.inputs.map(access),
    stores: kernel.stores.map(operand),
  };
}

/** The check for a buffer's values to be finite, and the bound storage that they replace; null if they are not checked. */
export function finiteCheckOf(
  { buffers, finiteCheck }: Plan,
  buffer: number,
): { readonly check: number; readonly target: number } | null {
  const { dtype, location } = buffers[buffer]!;
  if (finiteCheck === null || location.kind !== 'replacement' || dtype !== 'float32') return null;
  return { check: finiteCheck, target: location.index };
}
