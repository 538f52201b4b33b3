import type { Limits } from '../ir/backend.ts';
import { buffersRead, buffersWritten } from '../ir/buffer-use.ts';
import { type Expr, load, postorder, rewrite } from '../ir/expr.ts';
import type { Kernel, KernelStore } from '../ir/kernel.ts';
import type { PlanStep } from '../ir/plan.ts';
import { isContiguous, reshapeView, sameShape, sizeOf } from '../ir/view.ts';
import { eliminateCommonSubexpressions, sameAccess } from './expressions.ts';

/**
 * Pass 4. Merges elementwise kernels with the kernels whose results they read element by element. The merged kernel writes
 * several buffers in one loop (Adam's moments and the parameter; an activation and its dropout). Stores to buffers that no
 * kernel reads are dropped, and kernels without others, unless they are in `wanted`, the plan's results.
 */
export function merge(kernels: readonly PlanStep[], wanted: ReadonlySet<number>, limits: Limits): PlanStep[] {
  const merged = new Merger(kernels, limits).run();
  const read = new Set(wanted);
  for (const kernel of merged) for (const b of buffersRead(kernel)) read.add(b);
  return merged.flatMap((step) => (step.kind === 'loop' ? step : trim(step, read)));
}

function trim(kernel: Kernel, read: ReadonlySet<number>): Kernel | [] {
  const stores = kernel.stores.filter((s) => read.has(s.buffer));
  if (stores.length === kernel.stores.length) return kernel;
  if (stores.length === 0) return [];
  return prune({ ...kernel, stores });
}

/** Drops the inputs that no store uses. */
function prune(kernel: Kernel): Kernel {
  const used = new Set<number>();
  for (const e of postorder(kernel.stores.map((s) => s.expr))) if (e.op === 'load') used.add(e.value);
  if (used.size === kernel.inputs.length) return kernel;
  const kept = [...used].sort((a, b) => a - b);
  const exprs = rewrite(
    kernel.stores.map((s) => s.expr),
    (e) => (e.op === 'load' ? load(kept.indexOf(e.value), e.type, e.args) : e),
  );
  return {
    ...kernel,
    inputs: kept.map((i) => kernel.inputs[i]!),
    stores: kernel.stores.map((s, i) => ({ ...s, expr: exprs[i]! })),
  };
}

class Merger {
  /** Steps by position; null at the positions of kernels that were merged into others. */
  readonly #at: (PlanStep | null)[];
  readonly #limits: Limits;
  readonly #producer = new Map<number, number>();
  /** The positions of the kernels that read a buffer. */
  readonly #readers = new Map<number, Set<number>>();

  constructor(kernels: readonly PlanStep[], limits: Limits) {
    this.#at = [...kernels];
    this.#limits = limits;
    kernels.forEach((kernel, position) => {
      this.#addUses(kernel, position);
    });
  }

  run(): PlanStep[] {
    for (let position = 0; position < this.#at.length; position++) {
      let here = position;
      for (let found = this.#mergeWithProducer(here); found !== null; found = this.#mergeWithProducer(here))
        here = found;
    }
    return this.#at.filter((kernel) => kernel !== null);
  }

  #addUses(kernel: PlanStep, position: number): void {
    for (const b of wholeBuffers(kernel)) this.#producer.set(b, position);
    for (const b of buffersRead(kernel)) {
      const set = this.#readers.get(b);
      if (set) set.add(position);
      else this.#readers.set(b, new Set([position]));
    }
  }

  #removeReads(kernel: Kernel, position: number): void {
    for (const b of buffersRead(kernel)) this.#readers.get(b)!.delete(position);
  }

  /**
   * Merges the map at a position with an earlier kernel whose result it reads. Returns the position of the merged kernel,
   * or null if there is none.
   */
  #mergeWithProducer(position: number): number | null {
    const user = this.#at[position]!;
    if (user?.kind !== 'kernel' || user.source.kind !== 'map') return null;
    const candidates = new Set<number>();
    for (const b of buffersRead(user)) {
      const p = this.#producer.get(b);
      if (p !== undefined && p !== position) candidates.add(p);
    }
    // Maps first: the merged kernel is a map again, and can be merged with a reduction or contraction afterwards.
    const rank = (p: number): number => {
      const step = this.#at[p]!;
      return step.kind === 'kernel' && step.source.kind === 'map' ? 0 : 1;
    };
    for (const p of [...candidates].sort((a, b) => rank(a) - rank(b) || b - a)) {
      const first = this.#at[p]!;
      if (first.kind === 'loop') continue;
      const target = this.#mergedPosition(first, p, user, position);
      if (target === null) continue;
      const merged = join(first, user);
      if (merged === null || !this.#fits(merged)) continue;
      this.#removeReads(first, p);
      this.#removeReads(user, position);
      this.#at[p] = null;
      this.#at[position] = null;
      this.#at[target] = merged;
      this.#addUses(merged, target);
      return target;
    }
    return null;
  }

  /**
   * The position at which the merged kernel can run: the later one if no kernel in between reads the first one's results,
   * else the earlier one if the second one's inputs are available there.
   */
  #mergedPosition(first: Kernel, p: number, user: Kernel, position: number): number | null {
    const readBetween = first.stores.some((s) => {
      for (const r of this.#readers.get(s.buffer) ?? []) if (r < position) return true;
      return false;
    });
    if (!readBetween) return position;
    const ready = buffersRead(user).every((b) => {
      const made = this.#producer.get(b);
      return made === undefined || made <= p;
    });
    return ready ? p : null;
  }

  #fits(kernel: Kernel): boolean {
    const { maxInputs, maxNodes, maxStores } = this.#limits;
    return (
      kernel.inputs.length <= maxInputs &&
      kernel.stores.length <= maxStores &&
      postorder(kernel.stores.map((s) => s.expr)).length <= maxNodes
    );
  }
}

/** The buffers of which a step is the last writer: the first values of a loop's carries are only a part of one. */
const wholeBuffers = (step: PlanStep): number[] =>
  step.kind === 'loop'
    ? buffersWritten(step)
    : step.stores.flatMap((s) => (s.offset === undefined ? [s.buffer] : []));

/** One kernel for both, or null if the second one reads results of the first one other than element by element. */
function join(first: Kernel, user: Kernel): Kernel | null {
  if (sizeOf(first.shape) !== sizeOf(user.shape)) return null;
  const made = new Map(first.stores.flatMap((s) => (s.offset === undefined ? [[s.buffer, s.expr]] : [])));
  const inputs = [...first.inputs];
  const replacements: (Expr | number)[] = [];
  for (const a of user.inputs) {
    const expr = a.buffer === null ? undefined : made.get(a.buffer);
    if (expr !== undefined) {
      if (a.gather.length > 0 || !isContiguous(a.view)) return null;
      replacements.push(expr);
      continue;
    }
    const view = sameShape(a.view.shape, first.shape) ? a.view : reshapeView(a.view, first.shape);
    if (view === null) return null;
    const access = { ...a, view };
    const known = inputs.findIndex((other) => sameAccess(other, access));
    replacements.push(known >= 0 ? known : inputs.push(access) - 1);
  }
  const added = rewrite(
    user.stores.map((s) => s.expr),
    (e) => {
      if (e.op !== 'load') return e;
      const r = replacements[e.value]!;
      return typeof r === 'number' ? load(r, e.type, e.args) : r;
    },
  );
  const stores: KernelStore[] = [...first.stores, ...user.stores];
  const exprs = eliminateCommonSubexpressions([...first.stores.map((s) => s.expr), ...added]);
  return {
    kind: 'kernel',
    name: mergeNames(first.name, user.name),
    shape: first.shape,
    source: first.source,
    inputs,
    stores: stores.map((s, i) => ({ ...s, expr: exprs[i]! })),
  };
}

function mergeNames(a: string, b: string): string {
  const names = a.split(' ');
  return [...names, ...b.split(' ').filter((name) => !names.includes(name))].join(' ');
}
