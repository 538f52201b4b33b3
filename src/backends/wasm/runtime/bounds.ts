import { operandsOf } from '../../../ir/buffer-use.ts';
import { dtypes } from '../../../ir/dtype.ts';
import { postorder } from '../../../ir/expr.ts';
import type { Access, BufferView, GatherAxis, Kernel } from '../../../ir/kernel.ts';
import type { Plan } from '../../../ir/plan.ts';
import { evaluateOffset, type Offset, sizeOf } from '../../../ir/view.ts';
import { support } from '../kernels/loop-support.ts';

// Generated code does not check addresses, so every access of a plan is checked against its buffer before code generation.

/** The elements that an access reads or a store writes: `low` to `high`, relative to its offset. */
interface AccessRange {
  readonly kernel: Kernel;
  readonly buffer: number;
  readonly offset: Offset;
  readonly low: number;
  readonly high: number;
}

/**
 * Throws unless every kernel of the plan stays within its buffers. Returns a function that checks the same for a run: the
 * offsets that depend on its values, and its numbers of storages.
 */
export function checkBounds(plan: Plan): (values: readonly number[], bound: number, results: number) => void {
  /** The numbers of bound storages and of results. A replacement has the number of a bound storage. */
  const needed = { bound: 0, result: 0 };
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
    const list = kind === 'result' ? kind : 'bound';
    needed[list] = Math.max(needed[list], index + 1);
  });
  const kernels = plan.steps.flatMap((step) =>
    step.kind === 'loop' ? support.loops!.corners(step) : [step],
  );
  const reaches = kernels.flatMap(accessRangesOf);
  for (const kernel of kernels) {
    const { name, shape, stores } = kernel;
    const high = sizeOf(shape) - 1;
    for (const { buffer, offset } of stores) {
      const target = plan.buffers[buffer];
      if (offset !== undefined) reaches.push({ kernel, buffer, offset, low: 0, high });
      else
        require(target?.size === high + 1 &&
          target.location.kind !== 'bound', `'${name}' writes buffer ${buffer}`);
    }
    for (const check of checksOf(kernel))
      require(plan.checks[check] !== undefined, `'${name}' has check ${check}`);
  }
  const variable = reaches.filter(({ offset }) => offset.terms.length > 0);
  for (const reach of reaches) if (reach.offset.terms.length === 0) checkAccessRange(plan, reach, []);
  return (values, bound, results) => {
    require(bound >= needed.bound && results >= needed.result, `${bound} bound storages, ${results} results`);
    for (let i = 0; i < variable.length; i++) checkAccessRange(plan, variable[i]!, values);
  };
}

/** A failure here is a bug in the compiler. */
function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(`[wasm] broken plan: ${what}`);
}

function checkAccessRange(
  plan: Plan,
  { kernel, buffer, offset, low, high }: AccessRange,
  values: readonly number[],
): void {
  const at = evaluateOffset(offset, values);
  const size = plan.buffers[buffer]?.size ?? 0;
  if (!(Number.isInteger(at) && at + low >= 0 && at + high < size))
    require(false, `'${kernel.name}' uses ${at + low} to ${at + high} of ${size} in buffer ${buffer}`);
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
  return [{ kernel, buffer, offset: view.offset, low, high }];
}

function checksOf({ source, stores }: Kernel): number[] {
  const roots = stores.map((store) => store.expr);
  if (source.kind === 'reduce') roots.push(source.expr);
  const numbers = postorder(roots).flatMap((e) => (e.op === 'check' ? [e.value] : []));
  return source.kind === 'scatter' ? [...numbers, source.check] : numbers;
}
