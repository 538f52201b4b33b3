import type { ScalarType } from '../../../ir/dtype.ts';
import { type Expr, postorder } from '../../../ir/expr.ts';
import type { Access, KernelStore } from '../../../ir/kernel.ts';
import { literal, operation } from '../shader/operations.ts';
import { type CodeBlock, integer, positions } from './program-writer.ts';

/** Writes the statements of expressions. Returns the name of each root's value. `at` holds the positions of the inputs' elements. */
export function expressions(
  block: CodeBlock,
  roots: readonly Expr[],
  inputs: readonly Access[],
  at: readonly string[],
  acc: string | null = null,
): string[] {
  const names = new Map<Expr, string>();
  for (const e of postorder(roots)) {
    const args = e.args.map((a) => names.get(a)!);
    names.set(e, block.let(e.type, text(block, e, args, inputs, at, acc)));
  }
  return roots.map((e) => names.get(e)!);
}

function text(
  block: CodeBlock,
  e: Expr,
  args: readonly string[],
  inputs: readonly Access[],
  at: readonly string[],
  acc: string | null,
): string {
  if (e.op === 'const') return literal(e.value, e.type);
  if (e.op === 'uniform') return block.writer.value(e.value, e.type);
  if (e.op === 'acc') return acc!;
  if (e.op === 'load') return load(block, inputs[e.value]!, at[e.value]!, args);
  return operation(e.op, e.args[e.args.length - 1]!.type, args);
}

function load(block: CodeBlock, input: Access, at: string, indices: readonly string[]): string {
  const { buffer, gather, fill } = input;
  if (buffer === null) return at;
  if (indices.length === 0) return block.writer.element(buffer, at);
  const steps = gather.map(({ stride }, k) => `${indices[k]} * ${integer(stride)}`);
  const position = [at, ...steps].join(' + ');
  if (fill === null) return block.writer.element(buffer, position);
  const inside = gather.map(({ size }, k) => `${indices[k]} >= 0 && ${indices[k]} < ${size}`).join(' && ');
  const valid = block.let('bool', inside);
  const safe = block.let('i32', `select(0, ${position}, ${valid})`);
  const dtype = block.writer.dtype(buffer);
  const type: ScalarType = dtype === 'float32' ? 'f32' : dtype === 'bool' ? 'bool' : 'i32';
  return `select(${literal(fill, type)}, ${block.writer.element(buffer, safe)}, ${valid})`;
}

/** The positions of several accesses at a point of the loop nest, given by its row-major number. Reduced axes come after `shape`. */
export function accessPositions(
  block: CodeBlock,
  point: string,
  shape: readonly number[],
  inputs: readonly Access[],
): string[] {
  const at = positions(block, point, { shape, strides: inputs.map(({ view }) => view.stride) });
  return at.map((position, k) => {
    const offset = block.writer.offset(inputs[k]!.view.offset);
    return block.let('i32', offset === '0' ? position : `${offset} + ${position}`);
  });
}

/** The numbers that stores write at a point, for data types with one number per element. */
export function storeNumbers(
  block: CodeBlock,
  stores: readonly KernelStore[],
  values: readonly string[],
): string[] {
  return stores.map(({ buffer }, k) => number(block.writer.dtype(buffer), values[k]!));
}

function number(dtype: 'float32' | 'int32' | 'uint8' | 'bool', value: string): string {
  if (dtype === 'bool') return `select(0.0, 1.0, ${value})`;
  if (dtype === 'uint8') return `f32(${value} & 255)`;
  return value;
}
