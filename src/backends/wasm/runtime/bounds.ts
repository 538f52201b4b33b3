import { operandsOf } from '../../../ir/buffer-use.ts';
import { dtypes } from '../../../ir/dtype.ts';
import { postorder } from '../../../ir/expr.ts';
import type { Access, BufferView, GatherAxis, Kernel } from '../../../ir/kernel.ts';
import type { Plan } from '../../../ir/plan.ts';
import { evaluateOffset, sizeOf, type View } from '../../../ir/view.ts';
import { support } from '../kernels/loop-support.ts';

// Generated code does not check addresses, so every access of a plan is checked against its buffer before code generation.

/** The elements that an access reads: `low` to `high`, relative to its offset. */
interface AccessRange {
  readonly kernel: Kernel;
  readonly buffer: number;
  readonly view: View;
  readonly low: number;
  readonly high: number;
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
  const kernels = plan.steps.flatMap((step) =>
    step.kind === 'loop' ? support.loops!.corners(step) : [step],
  );
  for (const kernel of kernels) {
    const { name, shape, stores } = kernel;
    for (const { buffer, offset } of stores) {
      const target = plan.buffers[buffer];
      const size = sizeOf(shape);
      const fits =
        offset === undefined
          ? target?.size === size
          : target !== undefined &&
            offset.base >= 0 &&
            offset.base + size <= target.size &&
            !offset.terms.length;
      require(fits && target!.location.kind !== 'bound', `'${name}' writes buffer ${buffer}`);
    }
    for (const check of checksOf(kernel))
      require(plan.checks[check] !== undefined, `'${name}' has check ${check}`);
  }
  const reaches = kernels.flatMap(accessRangesOf);
  const variable = reaches.filter((reach) => reach.view.offset.terms.length > 0);
  for (const reach of reaches) if (reach.view.offset.terms.length === 0) checkAccessRange(plan, reach, []);
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
  { kernel, buffer, view, low, high }: AccessRange,
  values: readonly number[],
): void {
  const offset = evaluateOffset(view.offset, values);
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
  const operands = operandsOf(source);
  const shapes = operands.map(({ view }) => view.shape);
  require(source.kind !== 'algorithm' ||
    source.algorithm.fits(kernel.shape, shapes), `'${kernel.name}' reads over [${shapes}]`);
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
  return [{ kernel, buffer, view, low, high }];
}

function checksOf({ source, stores }: Kernel): number[] {
  const roots = stores.map((store) => store.expr);
  if (source.kind === 'reduce') roots.push(source.expr);
  const numbers = postorder(roots).flatMap((e) => (e.op === 'check' ? [e.value] : []));
  return source.kind === 'scatter' ? [...numbers, source.check] : numbers;
}
