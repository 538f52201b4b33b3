import { axisGroupsOf } from '../../../ir/contract-axes.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { DeviceContract, DeviceKernel } from '../passes/split-kernels.ts';
import { literal } from '../shader/operations.ts';
import { CodeBlock, type ProgramWriter, positions } from './program-writer.ts';

/** Terms per block of a sum: each block is summed from zero and then added to the total, as on the CPU. */
export const SUM_BLOCK = 256;

/** The sum of a contraction at element e of the kernel's output. */
export function contractSource(block: CodeBlock, kernel: DeviceKernel, source: DeviceContract): string {
  return sums(block, kernel, source, 'e', 1)[0]!;
}

/** Are the elements 4i to 4i + 3 in one row of the result, for every i? */
export function rowsHoldVec4({ shape }: DeviceKernel, { axes }: DeviceContract): boolean {
  return axes.n > 0 && shape[shape.length - 1]! % 4 === 0;
}

/** The function `quad`: four neighboring elements of a row, which share the elements of the left operand. */
export function contractVec4(kernel: DeviceKernel, source: DeviceContract, writer: ProgramWriter): string {
  const block = new CodeBlock(writer);
  const totals = sums(block, kernel, source, 'i', 4);
  const results = totals.map((total, j) => `finish(i + ${j}, ${total})`);
  block.add(`return vec4<f32>(${results.join(', ')});`);
  return `fn quad(i: i32) -> vec4<f32> {\n${block}\n}`;
}

/** The sums at `width` elements of the output from number `first` on. */
function sums(
  block: CodeBlock,
  { shape }: DeviceKernel,
  source: DeviceContract,
  first: string,
  width: 1 | 4,
): string[] {
  const { type, parts } = source;
  const { a, b } = axisGroupsOf(source);
  const { writer } = block;
  const depth = sizeOf(a.k.shape);
  if (depth === 0) return Array.from({ length: width }, () => literal(0, type));
  let element = first;
  let [from, to] = ['0', String(depth)];
  if (parts > 1) {
    const size = sizeOf(shape);
    const part = block.let('i32', `${first} / ${size}`);
    element = block.let('i32', `${first} - ${part} * ${size}`);
    const chunk = Math.ceil(depth / parts);
    from = block.let('i32', `${part} * ${chunk}`);
    to = block.let('i32', `min(${depth}, ${from} + ${chunk})`);
  }
  const none = (group: { shape: readonly number[] }): number[] => group.shape.map(() => 0);
  const strides = [
    [...a.batch.stride, ...a.m.stride, ...none(b.n)],
    [...b.batch.stride, ...none(a.m), ...b.n.stride],
  ];
  const [left, right] = positions(block, element, { shape, strides }) as [string, string];
  const startA = block.let('i32', `${writer.offset(source.a.view.offset)} + ${left}`);
  const startB = block.let('i32', `${writer.offset(source.b.view.offset)} + ${right}`);
  const columnStride = b.n.stride[b.n.stride.length - 1] ?? 0;
  const zero = literal(0, type);
  const columns = Array.from({ length: width }, (_, j) => j);
  const totals = columns.map(() => block.var(type, zero));
  block.loop(from, to, String(SUM_BLOCK), (run) => {
    const partials = columns.map(() => block.var(type, zero));
    const last = block.let('i32', `min(${to}, ${run} + ${SUM_BLOCK})`);
    block.loop(run, last, '1', (p) => {
      const [stepA, stepB] = positions(block, p, { shape: a.k.shape, strides: [a.k.stride, b.k.stride] }) as [
        string,
        string,
      ];
      const x = block.let(type, converted(writer, source.a.buffer, type, `${startA} + ${stepA}`));
      const at = block.let('i32', `${startB} + ${stepB}`);
      columns.forEach((j) => {
        const position = j === 0 || columnStride === 0 ? at : `${at} + ${j * columnStride}`;
        block.add(`${partials[j]} += ${x} * ${converted(writer, source.b.buffer, type, position)};`);
      });
    });
    block.add(...columns.map((j) => `${totals[j]} += ${partials[j]};`));
  });
  return totals;
}

/** An operand's element, converted to the type of the products. */
export function converted(
  writer: ProgramWriter,
  buffer: number,
  type: 'f32' | 'i32',
  position: string,
): string {
  const element = writer.element(buffer, position);
  const dtype = writer.dtype(buffer);
  if (dtype === 'float32' || (type === 'i32' && dtype !== 'bool')) return element;
  return dtype === 'bool' ? `${type}(${element})` : `f32(${element})`;
}
