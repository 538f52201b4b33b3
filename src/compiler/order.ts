import { buffersRead, buffersWritten, sourceReads } from '../ir/buffer-use.ts';
import { type Expr, postorder } from '../ir/expr.ts';
import type { Access, Kernel } from '../ir/kernel.ts';
import type { PlanStep } from '../ir/plan.ts';
import { contiguous, isContiguous } from '../ir/view.ts';

/** A new value of a Parameter, written at the end of the run; `target` and `value` are buffers of `shape`. */
export interface Assignment {
  readonly target: number;
  readonly value: number;
  readonly shape: readonly number[];
  readonly load: (input: number) => Expr;
}

export interface Ordered {
  readonly steps: PlanStep[];
  /** The number of the first step that overwrites a target. */
  readonly commit: number;
}

/**
 * Pass 5. Moves the kernels that overwrite Parameters to the end, after all checks on values. A kernel writes its result in
 * place if no later kernel reads the target; otherwise the result gets its own buffer and is copied at the end.
 */
export function order(
  steps: readonly PlanStep[],
  assignments: readonly Assignment[],
  results: ReadonlySet<number>,
): Ordered {
  const targets = new Map<number, Assignment[]>();
  for (const a of assignments) targets.set(a.value, [...(targets.get(a.value) ?? []), a]);
  const isUpdate = findUpdates(steps, targets, results);
  const ordered = [...steps.filter((_, i) => !isUpdate[i]), ...steps.filter((_, i) => isUpdate[i])];
  const commit = ordered.length - isUpdate.filter(Boolean).length;

  const lastRead = new Map<number, number>();
  const producer = new Map<number, number>();
  ordered.forEach((step, i) => {
    for (const b of buffersRead(step)) lastRead.set(b, i);
    for (const b of buffersWritten(step)) producer.set(b, i);
  });
  const inPlace = new Map<number, number>();
  const copies: PlanStep[] = [];
  for (const list of targets.values()) {
    for (const a of list) {
      const made = producer.get(a.value) ?? -1;
      const free = made >= commit && list.length === 1 && !results.has(a.value);
      if (free && (lastRead.get(a.target) ?? -1) <= made && readsInPlace(ordered[made]!, a.target)) {
        inPlace.set(a.value, a.target);
      } else {
        copies.push(copy(a));
      }
    }
  }
  const rename = (b: number): number => inPlace.get(b) ?? b;
  const final = [
    ...ordered.map((step) => (inPlace.size > 0 ? renameBuffers(step, rename) : step)),
    ...copies,
  ];
  return { steps: final, commit };
}

/**
 * Finds the kernels that may move to the end: they write only new values of Parameters, which no remaining kernel reads,
 * and contain no check.
 */
function findUpdates(
  steps: readonly PlanStep[],
  targets: ReadonlyMap<number, unknown>,
  results: ReadonlySet<number>,
): boolean[] {
  const isUpdate = steps.map(() => false);
  const readEarly = new Set<number>();
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!;
    isUpdate[i] =
      buffersWritten(step).every((b) => targets.has(b) && !results.has(b) && !readEarly.has(b)) &&
      !hasCheck(step);
    if (!isUpdate[i]) for (const b of buffersRead(step)) readEarly.add(b);
  }
  return isUpdate;
}

function hasCheck({ source, stores }: Kernel): boolean {
  const exprs = stores.map((s) => s.expr);
  if (source.kind === 'scatter') return true;
  if (source.kind === 'reduce') exprs.push(source.expr);
  return postorder(exprs).some((e) => e.op === 'check');
}

/** Does the kernel read a buffer only at the point that it writes? */
function readsInPlace(kernel: Kernel, buffer: number): boolean {
  return (
    !sourceReads(kernel.source).includes(buffer) &&
    kernel.inputs.every((a) => a.buffer !== buffer || (a.gather.length === 0 && isContiguous(a.view)))
  );
}

function copy(a: Assignment): Kernel {
  const access: Access = { buffer: a.value, view: contiguous(a.shape), gather: [], fill: null };
  return {
    kind: 'kernel',
    name: 'assign',
    shape: a.shape,
    source: { kind: 'map' },
    inputs: [access],
    stores: [{ buffer: a.target, expr: a.load(0) }],
  };
}

/** The kernel with other buffer numbers. */
export function renameBuffers(kernel: Kernel, rename: (buffer: number) => number): Kernel {
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
            : source,
    inputs: kernel.inputs.map(access),
    stores: kernel.stores.map(operand),
  };
}
