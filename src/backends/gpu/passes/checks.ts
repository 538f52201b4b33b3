import { finiteCheckOf } from '../../../ir/buffer-use.ts';
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
  unary,
} from '../../../ir/expr.ts';
import type { Access, Kernel, KernelSource, Reducer, Scatter } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { DraftStep } from './loops.ts';
import { accType, type PlanDraft, prune, splitSource, whole } from './plan-draft.ts';

/** The buffers with the result of a check: its flag, 1 if it failed and else 0, and the smallest value that failed it. */
export interface CheckBuffers {
  readonly check: number;
  readonly failed: number;
  readonly value: number;
}

/**
 * Moves checks into kernels of their own, since a kernel cannot stop a run. They reduce each condition to a flag, which the
 * host reads.
 */
export function separateChecks(
  steps: readonly DraftStep<Kernel>[],
  draft: PlanDraft,
): { steps: DraftStep<Kernel>[]; checks: CheckBuffers[] } {
  const checks: CheckBuffers[] = [];
  const rest = steps.flatMap((step) => separate(step, draft, checks));
  return { steps: [...rest, ...finiteCheck(draft, checks)], checks };
}

function separate(step: DraftStep<Kernel>, draft: PlanDraft, checks: CheckBuffers[]): DraftStep<Kernel>[] {
  if (step.kind === 'kernel') return withoutChecks(step, draft, checks);
  if (step.kind === 'join') return [step];
  const inner: CheckBuffers[] = [];
  const steps = step.steps.flatMap((each) => separate(each, draft, inner));
  if (inner.length === 0) return [{ ...step, steps }];
  // Each iteration combines its flags and values with those of the ones before.
  const carries = [...step.carries];
  const lasts = [...step.lasts];
  const initials: Kernel[] = [];
  const name = `${step.name} (check)`;
  const map = (inputs: readonly number[], buffer: number, expr: Expr): Kernel => ({
    kind: 'kernel',
    name,
    shape: [],
    source: { kind: 'map' },
    inputs: inputs.map((input) => whole(input, [])),
    stores: [{ buffer, expr }],
  });
  const overIterations = (value: number, op: 'max' | 'min', first: number): number => {
    const type = dtypes[draft.buffers[value]!.dtype].scalar;
    const [initial, argument, next, output] = [0, 1, 2, 3].map(() => draft.add(type, 1)) as [
      number,
      number,
      number,
      number,
    ];
    initials.push(map([], initial, constant(first, type)));
    steps.push(map([argument, value], next, binary(op, load(0, type), load(1, type))));
    carries.push({ argument, initial, next });
    lasts.push({ value: next, output });
    return output;
  };
  for (const { check, failed, value } of inner) {
    const largest = draft.buffers[value]!.dtype === 'int32' ? 0x7fffffff : Infinity;
    checks.push({
      check,
      failed: overIterations(failed, 'max', 0),
      value: overIterations(value, 'min', largest),
    });
  }
  return [...initials, { ...step, steps, carries, lasts }];
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

/** Buffers of one size that one kernel tests: a Parameter and two slots. */
const BUFFERS_PER_TEST = 3;
/** Numbers that one kernel combines. */
const NUMBERS_PER_KERNEL = 4;
/** More than the number of any bound storage. */
const NONE = constant(16777216, 'f32');

/** Kernels that find the lowest number of a bound storage whose replacement must be finite and is not. */
function finiteCheck(draft: PlanDraft, checks: CheckBuffers[]): Kernel[] {
  const { plan } = draft;
  const bySize = new Map<number, { readonly buffer: number; readonly target: number }[]>();
  plan.buffers.forEach(({ size }, buffer) => {
    const found = finiteCheckOf(plan, buffer);
    if (size === 0 || found === null) return;
    bySize.set(size, [...(bySize.get(size) ?? []), { buffer, target: found.target }]);
  });
  if (bySize.size === 0) return [];
  const kernels: Kernel[] = [];
  const add = (source: KernelSource, inputs: readonly Access[], expr: Expr): number => {
    const buffer = draft.add('f32', 1);
    const stores = [{ buffer, expr }];
    kernels.push({ kind: 'kernel', name: 'finite (check)', shape: [], source, inputs, stores });
    return buffer;
  };
  const least = (exprs: readonly Expr[]): Expr => exprs.reduce((a, b) => binary('min', a, b));
  const acc: Expr = { op: 'acc', type: 'f32', args: [], value: 0 };
  let numbers = [...bySize].flatMap(([size, buffers]) =>
    groupsOf(buffers, BUFFERS_PER_TEST).map((group) => {
      const expr = least(group.map(({ target }, k) => targetUnlessFinite(target, load(k, 'f32'))));
      const inputs = group.map(({ buffer }) => whole(buffer, [size]));
      return add({ kind: 'reduce', reducer: 'min', over: [size], inputs, expr }, [], acc);
    }),
  );
  const read = (buffers: readonly number[]): Access[] => buffers.map((b) => whole(b, []));
  while (numbers.length > 1) {
    numbers = groupsOf(numbers, NUMBERS_PER_KERNEL).map((group) =>
      add({ kind: 'map' }, read(group), least(group.map((_, k) => load(k, 'f32')))),
    );
  }
  const failing = compare('lt', load(0, 'f32'), NONE);
  const failed = add({ kind: 'map' }, read(numbers), select(failing, constant(1, 'f32'), constant(0, 'f32')));
  checks.push({ check: plan.finiteCheck!, failed, value: numbers[0]! });
  return kernels;
}

/** The number of a bound storage, or `NONE` if the value is finite. */
function targetUnlessFinite(target: number, value: Expr): Expr {
  const isFinite = compare('lt', unary('abs', value), constant(Infinity, 'f32'));
  return select(isFinite, NONE, constant(target, 'f32'));
}

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}
