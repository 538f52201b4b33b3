import type { DType, ScalarType } from '../../../ir/dtype.ts';
import { type Expr, load, postorder, rewrite } from '../../../ir/expr.ts';
import type { Access, Kernel, KernelSource } from '../../../ir/kernel.ts';
import type { Plan } from '../../../ir/plan.ts';
import { contiguous } from '../../../ir/view.ts';
import { dtypeOf } from '../device/encoding.ts';

/** A buffer of a draft. `size` is its number of elements. */
export interface DraftBuffer {
  readonly dtype: DType;
  readonly size: number;
}

/** A plan with its buffers and those that the passes add. */
export class PlanDraft {
  readonly plan: Plan;
  readonly buffers: DraftBuffer[];

  constructor(plan: Plan) {
    this.plan = plan;
    this.buffers = plan.buffers.map(({ dtype, size }) => ({ dtype, size }));
  }

  /** Adds a buffer for values of an expression's type. Returns its number. */
  add(type: ScalarType, size: number): number {
    if (type === 'u32') throw new Error('[gpu] got u32, wanted the type of a buffer');
    return this.buffers.push({ dtype: dtypeOf[type], size }) - 1;
  }
}

/** Reads a whole buffer, element by element. */
export const whole = (buffer: number, shape: readonly number[]): Access => ({
  buffer,
  view: contiguous(shape),
  gather: [],
  fill: null,
});

/** Reads no buffer: its value at each point is the position in the view, so an index of an axis if only that axis has stride 1. */
export const counter = (shape: readonly number[], stride: readonly number[]): Access => ({
  buffer: null,
  view: { shape, stride, offset: { base: 0, terms: [] } },
  gather: [],
  fill: null,
});

/**
 * Splits a kernel into two: one that writes the result of its source to a new buffer, and a map that computes the stores
 * from it.
 */
export function splitSource(kernel: Kernel, draft: PlanDraft, type: ScalarType): [Kernel, Kernel] {
  const { name, shape, source, inputs, stores } = kernel;
  const [{ buffer: first }] = stores as [Kernel['stores'][number]];
  const made = draft.add(type, draft.buffers[first]!.size);
  const result: Expr = { op: 'acc', type, args: [], value: 0 };
  const exprs = rewrite(
    stores.map((store) => store.expr),
    (e) => (e.op === 'acc' ? load(inputs.length, type) : e),
  );
  return [
    { kind: 'kernel', name, shape, source, inputs: [], stores: [{ buffer: made, expr: result }] },
    {
      kind: 'kernel',
      name,
      shape,
      source: { kind: 'map' },
      inputs: [...inputs, whole(made, shape)],
      stores: stores.map((store, i) => ({ ...store, expr: exprs[i]! })),
    },
  ];
}

/** The type of a source's result; null for a map. */
export function accType(source: KernelSource): ScalarType | null {
  if (source.kind === 'map') return null;
  if (source.kind !== 'reduce') return source.type;
  return source.reducer === 'argmax' || source.reducer === 'argmin' ? 'i32' : source.expr.type;
}

/** Drops the inputs that the expressions do not read, and renumbers the others. */
export function prune(
  inputs: readonly Access[],
  exprs: readonly Expr[],
): { inputs: Access[]; exprs: Expr[] } {
  const used = [...new Set(postorder(exprs).flatMap((e) => (e.op === 'load' ? [e.value] : [])))];
  if (used.length === inputs.length) return { inputs: [...inputs], exprs: [...exprs] };
  const numbers = new Map(used.map((input, i) => [input, i]));
  return {
    inputs: used.map((input) => inputs[input]!),
    exprs: rewrite(exprs, (e) => (e.op === 'load' ? load(numbers.get(e.value)!, e.type, e.args) : e)),
  };
}
