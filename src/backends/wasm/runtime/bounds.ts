import { dtypes } from '../../../ir/dtype.ts';
import { postorder } from '../../../ir/expr.ts';
import type { Access, BufferView, GatherAxis, Kernel } from '../../../ir/kernel.ts';
import type { Loop, Plan, PlanStep } from '../../../ir/plan.ts';
import { evaluateOffset, type Offset, type OffsetTerm, sizeOf } from '../../../ir/view.ts';

// Generated code does not check addresses, so every access of a plan is checked against its buffer before code generation.

/** The elements that an access reads: `low` to `high`, relative to its offset. */
interface AccessRange {
  readonly kernel: Kernel;
  readonly buffer: number;
  readonly offset: Offset;
  readonly low: number;
  readonly high: number;
}

interface KernelInLoops {
  readonly kernel: Kernel;
  readonly loops: readonly Loop[];
}

function kernelsOf(steps: readonly PlanStep[], loops: readonly Loop[]): KernelInLoops[] {
  return steps.flatMap((step) =>
    step.kind === 'loop' ? kernelsOf(step.steps, [...loops, step]) : [{ kernel: step, loops }],
  );
}

/** A range over all iterations, without the terms of loops in its offset. */
function rangeInLoops<R extends { readonly offset: Offset; readonly low: number; readonly high: number }>(
  { offset: { base, terms }, low, high }: R,
  loops: readonly Loop[],
): Pick<R, 'offset' | 'low' | 'high'> {
  const rest: OffsetTerm[] = [];
  let [from, to] = [low, high];
  for (const term of terms) {
    const loop = loops.find(({ slot }) => term.slot === slot || term.slot === slot + 1);
    if (loop === undefined) {
      rest.push(term);
      continue;
    }
    const span = term.scale * (term.slot === loop.slot ? loop.count - 1 : 1);
    if (span < 0) from += span;
    else to += span;
  }
  return { offset: { base: 0, terms: rest }, low: from + base, high: to + base };
}

/**
 * Throws unless every kernel of the plan stays within its buffers. Returns a function that checks the same for a run: the
 * offsets that depend on its values, and its numbers of storages.
 */
export function checkBounds(plan: Plan): (values: readonly number[], bound: number, results: number) => void {
  const needed = { bound: 0, result: 0, replacement: 0 };
  const locations = new Set<string>();
  plan.buffers.forEach(({ dtype, size, location }, b) => {
    if (location.kind === 'arena') {
      const end = location.byteOffset + size * dtypes[dtype].bytes;
      require(location.byteOffset >= 0 &&
        location.byteOffset % 64 === 0 &&
        end <= plan.arenaBytes, `location of buffer ${b}`);
      return;
    }
    const { kind, index } = location;
    require(index >= 0 && !locations.has(`${kind} ${index}`), `location of buffer ${b}`);
    locations.add(`${kind} ${index}`);
    needed[kind] = Math.max(needed[kind], index + 1);
  });
  const kernels = kernelsOf(plan.steps, []);
  for (const { kernel, loops } of kernels) {
    const { name, shape, stores } = kernel;
    for (const { buffer, offset } of stores) {
      const target = plan.buffers[buffer];
      const size = sizeOf(shape);
      const { low, high } = rangeInLoops({ low: 0, high: size, offset: offset ?? { base: 0, terms: [] } }, loops);
      const isWhole = offset !== undefined || target?.size === size;
      const fits = target !== undefined && low >= 0 && high <= target.size && isWhole;
      require(fits && target.location.kind !== 'bound', `'${name}' writes buffer ${buffer}`);
    }
    for (const check of checksOf(kernel))
      require(plan.checks[check] !== undefined, `'${name}' has check ${check}`);
  }
  const reaches = kernels.flatMap(({ kernel, loops }) =>
    accessRangesOf(kernel).map((reach) => ({ ...reach, ...rangeInLoops(reach, loops) })),
  );
  const variable = reaches.filter((reach) => reach.offset.terms.length > 0);
  for (const reach of reaches) if (reach.offset.terms.length === 0) checkAccessRange(plan, reach, []);
  return (values, bound, results) => {
    const known = Math.max(needed.bound, needed.replacement);
    require(bound >= known && results >= needed.result, `${bound} bound storages, ${results} results`);
    for (let i = 0; i < variable.length; i++) checkAccessRange(plan, variable[i]!, values);
  };
}

/** A failure here is a bug in the compiler. */
function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(`[wasm] broken plan: ${what}`);
}

function checkAccessRange(
  plan: Plan,
  { kernel, buffer, offset: by, low, high }: AccessRange,
  values: readonly number[],
): void {
  const offset = evaluateOffset(by, values);
  const size = plan.buffers[buffer]?.size ?? 0;
  if (!(Number.isInteger(offset) && offset + low >= 0 && offset + high < size))
    require(false, `'${kernel.name}' reads ${offset + low} to ${offset + high} of buffer ${buffer}, which holds ${size}`);
}

function accessRangesOf(kernel: Kernel): AccessRange[] {
  const { source, inputs } = kernel;
  const loop = (accesses: readonly Access[], shape: readonly number[]): AccessRange[] =>
    accesses.flatMap(({ buffer, view, gather }) => {
      require(String(view.shape) === String(shape), `'${kernel.name}' reads over [${view.shape}]`);
      return buffer === null ? [] : accessRangeOf(kernel, { buffer, view }, gather);
    });
  const operands: readonly BufferView[] =
    source.kind === 'contract'
      ? [source.a, source.b]
      : source.kind === 'scatter'
        ? [source.indices, source.updates]
        : [];
  return [
    ...loop(inputs, kernel.shape),
    ...(source.kind === 'reduce' ? loop(source.inputs, [...kernel.shape, ...source.over]) : []),
    ...operands.flatMap((operand) => accessRangeOf(kernel, operand, [])),
  ];
}

function accessRangeOf(
  kernel: Kernel,
  { buffer, view }: BufferView,
  gather: readonly GatherAxis[],
): AccessRange[] {
  let low = 0;
  let high = 0;
  const axes = [...view.shape.map((size, axis) => ({ size, stride: view.stride[axis]! })), ...gather];
  for (const { size, stride } of axes) {
    if (size === 0) return [];
    const span = (size - 1) * stride;
    if (span < 0) low += span;
    else high += span;
  }
  return [{ kernel, buffer, offset: view.offset, low, high }];
}

function checksOf({ source, stores }: Kernel): number[] {
  const roots = stores.map((store) => store.expr);
  if (source.kind === 'reduce') roots.push(source.expr);
  const numbers = postorder(roots).flatMap((e) => (e.op === 'check' ? [e.value] : []));
  return source.kind === 'scatter' ? [...numbers, source.check] : numbers;
}
