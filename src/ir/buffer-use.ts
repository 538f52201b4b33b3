import type { Access, BufferView, KernelSource, KernelStore } from './kernel.ts';
import type { Plan, PlanStep } from './plan.ts';

/** The buffers that a step reads, for `acc` and for its stores. */
export function buffersRead(step: PlanStep): number[] {
  if (step.kind === 'loop') return step.steps.flatMap(buffersRead);
  return [...accessReads(step.inputs), ...sourceReads(step.source)];
}

const accessReads = (inputs: readonly Access[]): number[] =>
  inputs.flatMap((a) => (a.buffer === null ? [] : [a.buffer]));

/** The buffers that a step writes. */
export const buffersWritten = (step: PlanStep): number[] =>
  step.kind === 'loop' ? step.steps.flatMap(buffersWritten) : step.stores.map((store) => store.buffer);

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

/** What a kernel reads or writes: an access, an operand or a store. */
export type BufferUse = { readonly buffer: number } & (BufferView | KernelStore);

/** A step whose kernels have other uses of buffers. */
export function mapBuffers(step: PlanStep, map: <U extends BufferUse>(use: U) => U): PlanStep {
  if (step.kind === 'loop') return { ...step, steps: step.steps.map((inner) => mapBuffers(inner, map)) };
  const { source } = step;
  const access = (a: Access): Access => (a.buffer === null ? a : map({ ...a, buffer: a.buffer }));
  return {
    ...step,
    source:
      source.kind === 'reduce'
        ? { ...source, inputs: source.inputs.map(access) }
        : source.kind === 'contract'
          ? { ...source, a: map(source.a), b: map(source.b) }
          : source.kind === 'scatter'
            ? { ...source, indices: map(source.indices), updates: map(source.updates) }
            : source.kind === 'algorithm'
              ? { ...source, operands: source.operands.map((operand) => map(operand)) }
              : source,
    inputs: step.inputs.map(access),
    stores: step.stores.map((store) => map(store)),
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
