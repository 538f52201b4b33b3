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
import { accType, type Draft, detach, prune, whole } from './draft.ts';

/** Where a run leaves what became of a check: whether it failed (1 or 0), and the smallest value that failed. */
export interface Verdict {
  readonly check: number;
  readonly failed: number;
  readonly value: number;
}

/**
 * Kernels have no way to stop a run, so checks become kernels of their own, which reduce the conditions to one
 * number; where it says that one failed, the kernels from the commit on keep the old values.
 */
export function separateChecks(draft: Draft): { kernels: Kernel[]; verdicts: Verdict[] } {
  const { plan } = draft;
  const verdicts: Verdict[] = [];
  const kernels = plan.steps.slice(0, plan.commit).flatMap((k) => withoutChecks(k, draft, verdicts));
  const commit = plan.steps.slice(plan.commit);
  if (verdicts.length === 0 || commit.length === 0) return { kernels: [...kernels, ...commit], verdicts };
  const failed = anyOf(verdicts, draft, kernels);
  return { kernels: [...kernels, ...commit.map((k) => unlessFailed(k, failed, draft))], verdicts };
}

function withoutChecks(kernel: Kernel, draft: Draft, verdicts: Verdict[]): Kernel[] {
  const { source, stores } = kernel;
  const exprs = stores.map((store) => store.expr);
  const has = (roots: readonly Expr[]): boolean => postorder(roots).some((e) => e.op === 'check');
  if (source.kind === 'scatter') {
    const checks = indexChecks(kernel, source, draft, verdicts);
    return [...checks, ...stripped(kernel, draft, verdicts, has(exprs))];
  }
  if (source.kind === 'reduce' && has([source.expr])) {
    const shape = [...kernel.shape, ...source.over];
    const checks = checksOf(kernel.name, shape, source.inputs, [source.expr], draft, verdicts);
    const [expr] = withZeros([source.expr]);
    const rest = { ...kernel, source: { ...source, expr: expr! } };
    return [...checks, ...stripped(rest, draft, verdicts, has(exprs))];
  }
  return stripped(kernel, draft, verdicts, has(exprs));
}

/** A kernel without the checks in its stores, and the kernels that do these. */
function stripped(kernel: Kernel, draft: Draft, verdicts: Verdict[], has: boolean): Kernel[] {
  if (!has) return [kernel];
  const type = accType(kernel.source);
  if (type !== null) {
    const [core, map] = detach(kernel, draft, type);
    return [core, ...stripped(map, draft, verdicts, true)];
  }
  const { name, shape, inputs, stores } = kernel;
  const exprs = stores.map((store) => store.expr);
  const checks = checksOf(name, shape, inputs, exprs, draft, verdicts);
  const clean = withZeros(exprs);
  return [...checks, { ...kernel, stores: stores.map((store, i) => ({ ...store, expr: clean[i]! })) }];
}

/** Where a check fails its value counts as 0. */
const withZeros = (exprs: readonly Expr[]): Expr[] =>
  rewrite(exprs, (e) => (e.op === 'check' ? select(e.args[1]!, e.args[0]!, constant(0, e.type)) : e));

function checksOf(
  name: string,
  shape: readonly number[],
  inputs: readonly Access[],
  exprs: readonly Expr[],
  draft: Draft,
  verdicts: Verdict[],
): Kernel[] {
  return postorder(exprs).flatMap((e) => {
    if (e.op !== 'check') return [];
    const [value, holds] = withZeros(e.args) as [Expr, Expr];
    return checkKernels(name, shape, inputs, e.value, value, holds, draft, verdicts);
  });
}

function checkKernels(
  name: string,
  shape: readonly number[],
  inputs: readonly Access[],
  check: number,
  value: Expr,
  holds: Expr,
  draft: Draft,
  verdicts: Verdict[],
): Kernel[] {
  if (sizeOf(shape) === 0) return [];
  const failed = draft.add('f32', 1);
  const signed = value.type === 'i32' ? value : convert(value, 'f32');
  const worst = draft.add(signed.type, 1);
  verdicts.push({ check, failed, value: worst });
  const most = constant(signed.type === 'i32' ? 0x7fffffff : Infinity, signed.type);
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
    reduction('min', select(holds, most, signed), worst),
  ];
}

function indexChecks(kernel: Kernel, source: Scatter, draft: Draft, verdicts: Verdict[]): Kernel[] {
  const { buffer, view } = source.indices;
  const size = kernel.shape[source.axis]!;
  const index = load(0, dtypes[draft.buffers[buffer]!.dtype].scalar);
  const low = compare('le', constant(-size, 'i32'), index);
  const holds = binary('and', low, compare('lt', index, constant(size, 'i32')));
  const inputs = [{ buffer, view, gather: [], fill: null }];
  return checkKernels(kernel.name, view.shape, inputs, source.check, index, holds, draft, verdicts);
}

/** Four at a time: how many numbers are looked at in one kernel. */
const TOGETHER = 4;

/** The number of a buffer that holds 1 where any check failed; adds the kernels that make it. */
function anyOf(verdicts: readonly Verdict[], draft: Draft, kernels: Kernel[]): number {
  let flags = verdicts.map((verdict) => verdict.failed);
  while (flags.length > 1) {
    const next: number[] = [];
    for (let i = 0; i < flags.length; i += TOGETHER) {
      const group = flags.slice(i, i + TOGETHER);
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

/** A kernel of the commit that writes Parameters' old values again where `failed` is not 0. */
function unlessFailed(kernel: Kernel, failed: number, draft: Draft): Kernel {
  const { shape } = kernel;
  const overwrites = (buffer: number): boolean => draft.plan.buffers[buffer]!.location.kind === 'bound';
  if (!kernel.stores.some(({ buffer }) => overwrites(buffer))) return kernel;
  const inputs = [...kernel.inputs];
  const everywhere = broadcastView(whole(failed, []).view, shape);
  const flag = load(inputs.push({ ...whole(failed, []), view: everywhere }) - 1, 'f32');
  const fine = compare('eq', flag, constant(0, 'f32'));
  const stores = kernel.stores.map((store) => {
    if (!overwrites(store.buffer)) return store;
    const type = dtypes[draft.buffers[store.buffer]!.dtype].scalar;
    const old = load(inputs.push(whole(store.buffer, shape)) - 1, type);
    return { ...store, expr: select(fine, store.expr, old) };
  });
  return { ...kernel, inputs, stores };
}
