import type { Access, KernelSource } from './kernel.ts';
import type { Plan, PlanStep } from './plan.ts';
import { addOffsets, type Offset, shiftView, type View } from './view.ts';

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
  if (source.kind === 'contract') return [source.a.buffer, source.b.buffer];
  if (source.kind === 'scatter') return [source.indices.buffer, source.updates.buffer];
  return [];
}

/** A step with other buffers: each number becomes another one, and `shift` gives the offset of the old buffer in it. */
export function renameBuffers(
  step: PlanStep,
  rename: (buffer: number) => number,
  shift: (buffer: number) => Offset | undefined = () => undefined,
): PlanStep {
  if (step.kind === 'loop')
    return { ...step, steps: step.steps.map((inner) => renameBuffers(inner, rename, shift)) };
  const { source } = step;
  const moved = <T extends { readonly buffer: number; readonly view: View }>(o: T): T => {
    const by = shift(o.buffer);
    return { ...o, buffer: rename(o.buffer), view: by === undefined ? o.view : shiftView(o.view, by) };
  };
  const access = (a: Access): Access => (a.buffer === null ? a : moved({ ...a, buffer: a.buffer }));
  return {
    ...step,
    source:
      source.kind === 'reduce'
        ? { ...source, inputs: source.inputs.map(access) }
        : source.kind === 'contract'
          ? { ...source, a: moved(source.a), b: moved(source.b) }
          : source.kind === 'scatter'
            ? { ...source, indices: moved(source.indices), updates: moved(source.updates) }
            : source,
    inputs: step.inputs.map(access),
    stores: step.stores.map((s) => {
      const by = shift(s.buffer);
      const offset = by === undefined || s.offset === undefined ? (by ?? s.offset) : addOffsets(by, s.offset);
      return { ...s, buffer: rename(s.buffer), offset };
    }),
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
