import { dtypes } from '../../../ir/dtype.ts';
import { postorder } from '../../../ir/expr.ts';
import type { Access, BufferView, GatherAxis, Kernel } from '../../../ir/kernel.ts';
import type { Plan } from '../../../ir/plan.ts';
import { evaluateOffset, sizeOf, type View } from '../../../ir/view.ts';

// Generated code checks no addresses, so a plan is held to its buffers before it becomes code.

/** What an access reads: `low` to `high`, counted from its offset. */
interface AccessRange {
  readonly kernel: Kernel;
  readonly buffer: number;
  readonly view: View;
  readonly low: number;
  readonly high: number;
}

/**
 * Fails unless every kernel of the plan keeps to its buffers; gives a function that says the same of what a
 * run is given: values, and so many storages.
 */
export function checkBounds(plan: Plan): (values: readonly number[], bound: number, results: number) => void {
  const most = { bound: 0, result: 0 };
  const places = new Set<string>();
  plan.buffers.forEach(({ dtype, size, location }, b) => {
    if (location.kind === 'arena') {
      const end = location.byteOffset + size * dtypes[dtype].bytes;
      require(location.byteOffset >= 0 &&
        location.byteOffset % 64 === 0 &&
        end <= plan.arenaBytes, `place of ${b}`);
      return;
    }
    const { kind, index } = location;
    require(index >= 0 && !places.has(`${kind} ${index}`), `place of ${b}`);
    places.add(`${kind} ${index}`);
    most[kind] = Math.max(most[kind], index + 1);
  });
  for (const kernel of plan.steps) {
    const { name, shape, stores } = kernel;
    for (const { buffer } of stores)
      require(plan.buffers[buffer]?.size === sizeOf(shape), `'${name}' writes buffer ${buffer}`);
    for (const check of checksOf(kernel))
      require(plan.checks[check] !== undefined, `'${name}' has check ${check}`);
  }
  const reaches = plan.steps.flatMap(accessRangesOf);
  const variable = reaches.filter((reach) => reach.view.offset.terms.length > 0);
  for (const reach of reaches) if (reach.view.offset.terms.length === 0) checkAccessRange(plan, reach, []);
  return (values, bound, results) => {
    require(bound >= most.bound && results >= most.result, `${bound} bound storages, ${results} results`);
    for (let i = 0; i < variable.length; i++) checkAccessRange(plan, variable[i]!, values);
  };
}

/** What fails here is a mistake of the compiler's, not of a user's. */
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
  return [{ kernel, buffer, view, low, high }];
}

function checksOf({ source, stores }: Kernel): number[] {
  const roots = stores.map((store) => store.expr);
  if (source.kind === 'reduce') roots.push(source.expr);
  const numbers = postorder(roots).flatMap((e) => (e.op === 'check' ? [e.value] : []));
  return source.kind === 'scatter' ? [...numbers, source.check] : numbers;
}
