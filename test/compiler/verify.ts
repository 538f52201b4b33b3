import type { Limits } from '../../src/ir/backend.ts';
import { buffersRead } from '../../src/ir/buffer-use.ts';
import { dtypes } from '../../src/ir/dtype.ts';
import { type Expr, postorder } from '../../src/ir/expr.ts';
import type { Access, BufferView, Kernel } from '../../src/ir/kernel.ts';
import type { Plan, PlanBuffer } from '../../src/ir/plan.ts';
import { evaluateOffset, sizeOf, type View } from '../../src/ir/view.ts';
import { kernelsOf } from './plans.ts';

export interface Expectations {
  readonly limits: Limits;
  /** How many results the plan has. */
  readonly results: number;
  /** The plan's values in an example run, for offsets. */
  readonly values: readonly number[];
}

/** The violations of a plan's invariants; empty for a correct plan. */
export function problemsOf(plan: Plan, expected: Expectations): string[] {
  const problems: string[] = [];
  const report = (kernel: number, text: string) =>
    problems.push(`k${kernel} ${plan.steps[kernel]!.name}: ${text}`);
  const filled = plan.buffers.map((b) => b.location.kind === 'bound');
  const replaced = new Set<number>();

  plan.buffers.forEach((b, i) => {
    if (b.location.kind !== 'arena') return;
    if (b.location.byteOffset % 64 !== 0) problems.push(`b${i} is not aligned`);
    if (b.location.byteOffset + bytesOf(b) > plan.arenaBytes) problems.push(`b${i} leaves the arena`);
  });

  kernelsOf(plan).forEach((kernel, k) => {
    const reads = buffersRead(kernel);
    const writes = kernel.stores.map((s) => s.buffer);
    for (const b of reads) {
      if (!filled[b]) report(k, `reads b${b} before it is written, or after something else took its place`);
    }
    if (new Set(writes).size !== writes.length) report(k, 'writes a buffer twice');
    for (const w of writes) {
      const target = plan.buffers[w]!;
      if (target.size !== sizeOf(kernel.shape)) report(k, `writes ${sizeOf(kernel.shape)} elements to b${w}`);
      for (const b of [...reads, ...writes]) {
        if (b !== w && overlap(target, plan.buffers[b]!)) report(k, `b${w} lies over b${b}, which it uses`);
      }
      if (reads.includes(w)) report(k, `reads and writes b${w}`);
      if (target.location.kind === 'bound') report(k, `writes bound b${w}`);
      if (target.location.kind === 'replacement') {
        const { index } = target.location;
        if (replaced.has(index)) report(k, `replaces bound storage ${index} a second time`);
        replaced.add(index);
      }
    }
    for (const text of outOfLimits(kernel, expected.limits)) report(k, text);
    for (const text of wrongViews(kernel, plan, expected.values)) report(k, text);
    for (const text of wrongTypes(kernel, plan)) report(k, text);

    for (const w of writes) {
      plan.buffers.forEach((b, i) => {
        if (i !== w && overlap(plan.buffers[w]!, b)) filled[i] = false;
      });
      filled[w] = true;
    }
  });

  const written = plan.buffers.filter((b, i) => b.location.kind === 'result' && filled[i]);
  const found = new Set(written.map((b) => (b.location.kind === 'result' ? b.location.index : -1)));
  for (let i = 0; i < expected.results; i++) if (!found.has(i)) problems.push(`result ${i} is not written`);
  return problems;
}

const bytesOf = (b: PlanBuffer): number => b.size * dtypes[b.dtype].bytes;

function overlap(a: PlanBuffer, b: PlanBuffer): boolean {
  if (a.location.kind !== 'arena' || b.location.kind !== 'arena' || a.size === 0 || b.size === 0)
    return false;
  return (
    a.location.byteOffset < b.location.byteOffset + bytesOf(b) &&
    b.location.byteOffset < a.location.byteOffset + bytesOf(a)
  );
}

/** Limits apply separately to a reduction and to its epilogue; a single operation may have as many inputs as it needs. */
function outOfLimits(kernel: Kernel, { maxInputs, maxNodes, maxStores }: Limits): string[] {
  const { source, stores, inputs } = kernel;
  const problems: string[] = [];
  const count = (what: string, n: number, most: number) => {
    if (n > most) problems.push(`has ${n} ${what}, ${most} are allowed`);
  };
  count('stores', stores.length, maxStores);
  if (kernel.name.includes(' ')) {
    count('inputs', inputs.length, maxInputs);
    count('nodes', postorder(stores.map((s) => s.expr)).length, maxNodes);
    if (source.kind === 'reduce') {
      count('inputs', source.inputs.length, maxInputs);
      count('nodes', postorder([source.expr]).length, maxNodes);
    }
  }
  return problems;
}

/** The smallest and the largest position that a view reads; null if it reads none. */
function extent(view: View, values: readonly number[]): [number, number] | null {
  let low = evaluateOffset(view.offset, values);
  let high = low;
  for (let axis = 0; axis < view.shape.length; axis++) {
    if (view.shape[axis] === 0) return null;
    const span = (view.shape[axis]! - 1) * view.stride[axis]!;
    if (span < 0) low += span;
    else high += span;
  }
  return [low, high];
}

function wrongViews(kernel: Kernel, plan: Plan, values: readonly number[]): string[] {
  const problems: string[] = [];
  const check = ({ buffer, view }: BufferView) => {
    const reach = extent(view, values);
    if (reach !== null && (reach[0] < 0 || reach[1] >= plan.buffers[buffer]!.size)) {
      problems.push(`reads ${reach.join(' to ')} of b${buffer}, which holds ${plan.buffers[buffer]!.size}`);
    }
  };
  const over = (inputs: readonly Access[], shape: readonly number[]) => {
    for (const { buffer, view, gather } of inputs) {
      if (String(view.shape) !== String(shape))
        problems.push(`loops over [${shape}] but reads over [${view.shape}]`);
      if (buffer !== null && gather.length === 0) check({ buffer, view });
    }
  };
  over(kernel.inputs, kernel.shape);
  const { source } = kernel;
  if (source.kind === 'reduce') over(source.inputs, [...kernel.shape, ...source.over]);
  if (source.kind === 'contract') [source.a, source.b].forEach(check);
  if (source.kind === 'scatter') [source.indices, source.updates].forEach(check);
  if (source.kind === 'algorithm') {
    source.operands.forEach(check);
    const shapes = source.operands.map(({ view }) => view.shape);
    if (!source.algorithm.fits(kernel.shape, shapes))
      problems.push(`reads operands over ${JSON.stringify(shapes)}`);
  }
  return problems;
}

function wrongTypes({ source, inputs, stores }: Kernel, plan: Plan): string[] {
  const problems: string[] = [];
  const loads = (roots: readonly Expr[], from: readonly Access[]) => {
    for (const e of postorder(roots)) {
      if (e.op !== 'load') continue;
      const { buffer, gather } = from[e.value]!;
      const type = buffer === null ? 'i32' : dtypes[plan.buffers[buffer]!.dtype].scalar;
      if (e.type !== type) problems.push(`loads ${e.type} from ${type}`);
      if (e.args.length !== gather.length)
        problems.push(`has ${e.args.length} indices for ${gather.length} axes`);
    }
  };
  loads(
    stores.map((s) => s.expr),
    inputs,
  );
  if (source.kind === 'reduce') loads([source.expr], source.inputs);
  for (const { buffer, expr } of stores) {
    const type = dtypes[plan.buffers[buffer]!.dtype].scalar;
    if (expr.type !== type) problems.push(`stores ${expr.type} as ${type}`);
  }
  return problems;
}
