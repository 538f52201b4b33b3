import { contiguous, sizeOf } from '../../../ir/view.ts';
import type { DeviceKernel, DeviceScatter } from '../passes/split-kernels.ts';
import { literal } from '../shader/operations.ts';
import { type CodeBlock, positions } from './program-writer.ts';

/** The sum of a destination's updates, in ascending order. */
export function scatterSource(block: CodeBlock, { shape }: DeviceKernel, source: DeviceScatter): string {
  const { type, axis, updates, indices, segments, first, next } = source;
  const { writer } = block;
  const count = sizeOf(indices.view.shape);
  if (count === 0) return literal(0, type);
  // The element's index along the scattered axis, and its position in the updates without that axis.
  const { stride, offset } = updates.view;
  const destination = contiguous(shape).stride.map((_, i) => (i === axis ? 1 : 0));
  const rest = stride.map((s, i) => (i === axis ? 0 : s));
  const [index, base] = positions(block, 'e', { shape, strides: [destination, rest] }) as [string, string];
  const start = block.let('i32', `${writer.offset(offset)} + ${base}`);
  const total = block.var(type, literal(0, type));
  block.loop('0', String(segments), '1', (segment) => {
    const update = block.var('i32', writer.element(first, `${segment} * ${shape[axis]} + ${index}`));
    block.add(`while (${update} < ${count}) {`);
    block.add(`${total} += ${writer.element(updates.buffer, `${start} + ${update} * ${stride[axis]}`)};`);
    block.add(`${update} = ${writer.element(next, update)};`, '}');
  });
  return total;
}
