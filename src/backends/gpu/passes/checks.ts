import { dtypes } from '../../../ir/dtype.ts';
import {
  binary,
  compare,
  constant,
  convert,
  type Expr,
  load,
  postorder,
  rewrite,
  select,
} from '../../../ir/expr.ts';
import type { Access, Kernel, Reducer, Scatter } from '../../../ir/kernel.ts';
import { broadcastView, sizeOf } from '../../../ir/view.ts';
import { accType, type PlanDraft, prune, splitSource, whole } from './plan-draft.ts';

/** The buffers with the result of a check: its flag, 1 if it failed and else 0, and the smallest value that failed it. */
export interface CheckBuffers {
  readonly check: number;
  readonly failed: number;
  readonly value: number;
}

/**
 * Moves checks into kernels of their own, since a kernel cannot stop a run. They reduce each condition to a flag. Where a
 * flag is set, the kernels from the commit on write the old values again.
 */
export function separateChecks(draft: PlanDraft): { kernels: Kernel[]; checks: CheckBuffers[] } {
  const { plan } = draft;
  const checks: CheckBuffers[] = [];
  const kernels = plan.steps.slice(0, plan.commit).flatMap((k) => withoutChecks(k, draft, checks));
  const commit = plan.steps.slice(plan.commit);
  if (checks.length === 0 || commit.length === 0) return { kernels: [...kernels, ...commit], checks };
  const failed = anyOf(checks, draft, kernels);
  return { kernels: [...kernels, ...commit.map((k) => unlessFailed(k, failed, draft))], checks };
}

function withoutChecks(kernel: Kernel, draft: PlanDraft, checks: CheckBuffers[]): Kernel[] {
  const { source, stores } = kernel;
  const exprs = stores.map((store) => store.expr);
  const has = (roots: readonly Expr[]): boolean => postorder(roots).some((e) => e.op === 'check');
  if (source.kind === 'scatter') {
    const checkKernels = indexChecks(kernel, source, draft, checks);
    return [...checkKernels, ...withoutStoreChecks(kernel, draft, checks, has(exprs))];
  }
  if (source.kind === 'reduce' && has([source.expr])) {
    const shape = [...kernel.shape, ...source.over];
    const checkKernels = checksOf(kernel.name, shape, source.inputs, [source.expr], draft, checks);
    const [expr] = withZeros([source.expr]);
    const rest = { ...kernel, source: { ...source, expr: expr! } };
    return [...checkKernels, ...withoutStoreChecks(rest, draft, checks, has(exprs))];
  }
  return withoutStoreChecks(kernel, draft, checks, has(exprs));
}

/** A kernel without the checks in its stores, preceded by the kernels for these checks. */
function withoutStoreChecks(
  kernel: Kernel,
  draft: PlanDraft,
  checks: CheckBuffers[],
  has: boolean,
): Kernel[] {
  if (!has) return [kernel];
  const type = accType(kernel.source);
  if (type !== null) {
    const [core, map] = splitSource(kernel, draft, type);
    return [core, ...withoutStoreChecks(map, draft, checks, true)];
  }
  const { name, shape, inputs, stores } = kernel;
  const exprs = stores.map((store) => store.expr);
  const checkKernels = checksOf(name, shape, inputs, exprs, draft, checks);
  const clean = withZeros(exprs);
  return [...checkKernels, { ...kernel, stores: stores.map((store, i) => ({ ...store, expr: clean[i]! })) }];
}

/** Replaces each check by its value, or by 0 where it fails. */
const withZeros = (exprs: readonly Expr[]): Expr[] =>
  rewrite(exprs, (e) => (e.op === 'check' ? select(e.args[1]!, e.args[0]!, constant(0, e.type)) : e));

function checksOf(
  name: string,
  shape: readonly number[],
  inputs: readonly Access[],
  exprs: readonly Expr[],
  draft: PlanDraft,
  checks: CheckBuffers[],
): Kernel[] {
  return postorder(exprs).flatMap((e) => {
    if (e.op !== 'check') return [];
    const [value, holds] = withZeros(e.args) as [Expr, Expr];
    return reduceCheck(name, shape, inputs, e.value, value, holds, draft, checks);
  });
}

function reduceCheck(
  name: string,
  shape: readonly number[],
  inputs: readonly Access[],
  check: number,
  value: Expr,
  holds: Expr,
  draft: PlanDraft,
  checks: CheckBuffers[],
): Kernel[] {
  if (sizeOf(shape) === 0) return [];
  const failed = draft.add('f32', 1);
  const number = value.type === 'i32' ? value : convert(value, 'f32');
  const worst = draft.add(number.type, 1);
  checks.push({ check, failed, value: worst });
  const largest = constant(number.type === 'i32' ? 0x7fffffff : Infinity, number.type);
  const reduction = (reducer: Reducer, whole: Expr, buffer: number): Kernel => {
    const { inputs: used, exprs } = prune(inputs, [whole]);
    const [expr] = exprs as [Expr];
    const acc: Expr = { op: 'acc', type: expr.type, args: [], value: 0 };
    return {
      kind: 'kernel',
      name: `${name} (check)`,
      shape: [],
      source: { kind: 'reduce', reducer, over: shape, inputs: used, expr },
      inputs: [],
      stores: [{ buffer, expr: acc }],
    };
  };
  return [
    reduction('max', select(holds, constant(0, 'f32'), constant(1, 'f32')), failed),
    reduction('min', select(holds, largest, number), worst),
  ];
}

function indexChecks(kernel: Kernel, source: Scatter, draft: PlanDraft, checks: CheckBuffers[]): Kernel[] {
  const { buffer, view } = source.indices;
  const size = kernel.shape[source.axis]!;
  const index = load(0, dtypes[draft.buffers[buffer]!.dtype].scalar);
  const low = compare('le', constant(-size, 'i32'), index);
  const holds = binary('and', low, compare('lt', index, constant(size, 'i32')));
  const inputs = [{ buffer, view, gather: [], fill: null }];
  return reduceCheck(kernel.name, view.shape, inputs, source.check, index, holds, draft, checks);
}

/** Flags that one kernel combines. */
const FLAGS_PER_KERNEL = 4;

/** The number of a buffer that holds 1 if any check failed, else 0. Adds the kernels that compute it. */
function anyOf(checks: readonly CheckBuffers[], draft: PlanDraft, kernels: Kernel[]): number {
  let flags = checks.map((check) => check.failed);
  while (flags.length > 1) {
    const next: number[] = [];
    for (let i = 0; i < flags.length; i += FLAGS_PER_KERNEL) {
      const group = flags.slice(i, i + FLAGS_PER_KERNEL);
      const exprs = group.map((_, k): Expr => load(k, 'f32'));
      const buffer = draft.add('f32', 1);
      const inputs = group.map((flag) => whole(flag, []));
      const expr = exprs.reduce((a, b) => binary('max', a, b));
      kernels.push({
        kind: 'kernel',
        name: 'check',
        shape: [],
        source: { kind: 'map' },
        inputs,
        stores: [{ buffer, expr }],
      });
      next.push(buffer);
    }
    flags = next;
  }
  return flags[0]!;
}

/** A kernel of the commit, changed to write the old values of bound storages if `failed` is not 0. */
function unlessFailed(kernel: Kernel, failed: number, draft: PlanDraft): Kernel {
  const { shape } = kernel;
  const overwrites = (buffer: number): boolean => draft.plan.buffers[buffer]!.location.kind === 'bound';
  if (!kernel.stores.some(({ buffer }) => overwrites(buffer))) return kernel;
  const inputs = [...kernel.inputs];
  const everywhere = broadcastView(whole(failed, []).view, shape);
  const flag = load(inputs.push({ ...whole(failed, []), view: everywhere }) - 1, 'f32');
  const passed = compare('eq', flag, constant(0, 'f32'));
  const stores = kernel.stores.map((store) => {
    if (!overwrites(store.buffer)) return store;
    const type = dtypes[draft.buffers[store.buffer]!.dtype].scalar;
    const old = load(inputs.push(whole(store.buffer, shape)) - 1, type);
    return { ...store, expr: select(passed, store.expr, old) };
  });
  return { ...kernel, inputs, stores };
}
