import { groupsOf } from '../../../ir/contract-axes.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { ContractJob, Job } from '../passes/jobs.ts';
import { literal } from '../shader/operations.ts';
import { Block, positions, type Writer } from './writer.ts';

/** Terms that are added up from zero before they count, as everywhere in ndgrad. */
export const RUN = 256;

/** A contraction's sum at element e of the job's output. */
export function contractSource(block: Block, job: Job, source: ContractJob): string {
  return sums(block, job, source, 'e', 1)[0]!;
}

/** Do the elements 4i to 4i + 3 lie in one row of the result, for every i? */
export function hasQuads({ shape }: Job, { axes }: ContractJob): boolean {
  return axes.n > 0 && shape[shape.length - 1]! % 4 === 0;
}

/** `quad`: four neighbours of a row at once, which share what they read of the left operand. */
export function contractQuad(job: Job, source: ContractJob, writer: Writer): string {
  const block = new Block(writer);
  const totals = sums(block, job, source, 'i', 4);
  const results = totals.map((total, j) => `finish(i + ${j}, ${total})`);
  block.add(`return vec4<f32>(${results.join(', ')});`);
  return `fn quad(i: i32) -> vec4<f32> {\n${block}\n}`;
}

/** The sums at element number `first` of the output and its neighbours. */
function sums(block: Block, { shape }: Job, source: ContractJob, first: string, width: 1 | 4): string[] {
  const { type, parts } = source;
  const { a, b } = groupsOf(source);
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
  const neighbour = b.n.stride[b.n.stride.length - 1] ?? 0;
  const zero = literal(0, type);
  const columns = Array.from({ length: width }, (_, j) => j);
  const totals = columns.map(() => block.var(type, zero));
  block.loop(from, to, String(RUN), (run) => {
    const partials = columns.map(() => block.var(type, zero));
    const last = block.let('i32', `min(${to}, ${run} + ${RUN})`);
    block.loop(run, last, '1', (p) => {
      const [stepA, stepB] = positions(block, p, { shape: a.k.shape, strides: [a.k.stride, b.k.stride] }) as [
        string,
        string,
      ];
      const x = block.let(type, converted(writer, source.a.buffer, type, `${startA} + ${stepA}`));
      const at = block.let('i32', `${startB} + ${stepB}`);
      columns.forEach((j) => {
        const position = j === 0 || neighbour === 0 ? at : `${at} + ${j * neighbour}`;
        block.add(`${partials[j]} += ${x} * ${converted(writer, source.b.buffer, type, position)};`);
      });
    });
    block.add(...columns.map((j) => `${totals[j]} += ${partials[j]};`));
  });
  return totals;
}

/** An operand's element in the type of the products. */
export function converted(writer: Writer, buffer: number, type: 'f32' | 'i32', position: string): string {
  const element = writer.element(buffer, position);
  const dtype = writer.dtype(buffer);
  if (dtype === 'float32' || (type === 'i32' && dtype !== 'bool')) return element;
  return dtype === 'bool' ? `${type}(${element})` : `f32(${element})`;
}
