import type { ScalarType } from '../../../ir/dtype.ts';
import type { Access, Reducer } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { DeviceKernel, DeviceReduce } from '../passes/split-kernels.ts';
import { literal, operation } from '../shader/operations.ts';
import { accessPositions, expressions } from './expression.ts';
import { type CodeBlock, positions } from './program-writer.ts';

/** Terms per block of a sum: each block is summed from zero and then added to the total, which loses fewer digits. */
const SUM_BLOCK = 64;

/** The result of a reduction at element e of the kernel's output. */
export function reduceSource(block: CodeBlock, kernel: DeviceKernel, source: DeviceReduce): string {
  const { reducer, over, inputs, parts, candidates } = source;
  const points = sizeOf(kernel.shape);
  const length = sizeOf(over);
  const finds = reducer === 'argmax' || reducer === 'argmin';
  if (length === 0) return finds ? '0' : identity(reducer, source.expr.type);
  const rank = kernel.shape.length;
  let point = 'e';
  let [from, to, step] = ['0', String(length), '1'];
  if (parts !== null) {
    const { count, sideBySide } = parts;
    const part = block.let('i32', sideBySide ? `e / ${points}` : `e % ${count}`);
    point = block.let('i32', sideBySide ? `e % ${points}` : `e / ${count}`);
    if (sideBySide) {
      const chunk = Math.ceil(length / count);
      from = block.let('i32', `${part} * ${chunk}`);
      to = block.let('i32', `min(${length}, ${from} + ${chunk})`);
    } else {
      from = part;
      step = String(count);
    }
  }
  const bases = accessPositions(block, point, kernel.shape, inputs);
  const element = (r: string): string => elementAt(block, source, rank, bases, r);
  if (reducer !== 'argmax' && reducer !== 'argmin')
    return fold(block, reducer, source.expr.type, [from, to, step], element);
  if (candidates === null)
    return argReduction(block, reducer, source.expr.type, [from, to, step], (r) => r, element);
  const { buffer, count, sideBySide } = candidates;
  const candidate = (c: string): string => {
    const at = sideBySide ? `${c} * ${points} + e` : `e * ${count} + ${c}`;
    return block.let('i32', block.writer.element(buffer, at));
  };
  return argReduction(block, reducer, source.expr.type, ['0', String(count), '1'], candidate, element);
}

/** The reduced expression at an element, given by its row-major number. */
function elementAt(
  block: CodeBlock,
  { over, inputs, expr }: DeviceReduce,
  rank: number,
  bases: readonly string[],
  r: string,
): string {
  const at = inner(block, over, inputs, rank, r).map((step, k) =>
    block.let('i32', step === '0' ? bases[k]! : `${bases[k]} + ${step}`),
  );
  return expressions(block, [expr], inputs, at)[0]!;
}

const inner = (
  block: CodeBlock,
  over: readonly number[],
  inputs: readonly Access[],
  rank: number,
  r: string,
): string[] =>
  positions(block, r, { shape: over, strides: inputs.map(({ view }) => view.stride.slice(rank)) });

type Range = readonly [from: string, to: string, step: string];

const joins = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const;

/** Sums and products have two levels, so that rounding errors grow slowly. */
function fold(
  block: CodeBlock,
  reducer: keyof typeof joins,
  type: ScalarType,
  [from, to, step]: Range,
  element: (r: string) => string,
): string {
  const start = identity(reducer, type);
  const join = (a: string, b: string): string => operation(joins[reducer], type, [a, b]);
  const total = block.var(type, start);
  const take = (into: string, first: string, last: string): void =>
    block.loop(first, last, step, (r) => block.add(`${into} = ${join(into, element(r))};`));
  if (type !== 'f32' || reducer === 'max' || reducer === 'min') {
    take(total, from, to);
    return total;
  }
  const stride = step === '1' ? SUM_BLOCK : SUM_BLOCK * Number(step);
  block.loop(from, to, String(stride), (first) => {
    const part = block.var(type, start);
    const last = block.let('i32', `min(${to}, ${first} + ${stride})`);
    take(part, first, last);
    block.add(`${total} = ${join(total, part)};`);
  });
  return total;
}

const least = { f32: -Infinity, i32: -2147483648, u32: 0, bool: 0 };
const most = { f32: Infinity, i32: 2147483647, u32: 4294967295, bool: 1 };

function identity(reducer: Reducer, type: ScalarType): string {
  if (reducer === 'sum') return literal(0, type);
  if (reducer === 'prod') return literal(1, type);
  return literal((reducer === 'max' ? least : most)[type], type);
}

/** The number of the first extreme element. NaN counts as more extreme than any number. */
function argReduction(
  block: CodeBlock,
  reducer: 'argmax' | 'argmin',
  type: ScalarType,
  [from, to, step]: Range,
  numberOf: (i: string) => string,
  element: (r: string) => string,
): string {
  const at = block.var('i32', '-1');
  const best = block.var(type, literal(0, type));
  block.loop(from, to, step, (i) => {
    const r = numberOf(i);
    const x = element(r);
    const [low, high] = reducer === 'argmax' ? [best, x] : [x, best];
    const better = block.let('bool', operation('lt', type, [low, high]));
    const [isNaN, wasNaN] = [x, best].map((v) =>
      block.let('bool', type === 'f32' ? `nd_isnan(${v})` : 'false'),
    );
    const same = block.let('bool', `(${operation('eq', type, [x, best])} || (${isNaN} && ${wasNaN}))`);
    const wins = `${at} < 0 || ${better} || (${isNaN} && !${wasNaN}) || (${same} && ${r} < ${at})`;
    block.add(`if (${wins}) {`, `${best} = ${x};`, `${at} = ${r};`, '}');
  });
  return `max(${at}, 0)`;
}
