import type { DType } from '../ir/dtype.ts';
import { NdgradError } from '../ir/errors.ts';
import { rowMajorStrides } from '../ir/view.ts';
import { type Shape, show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Values as nested arrays. */
type Nested = number | boolean | Nested[];

export function nest(data: ArrayLike<number>, shape: Shape, dtype: DType): Nested {
  const strides = rowMajorStrides(shape);
  const at = (axis: number, offset: number): Nested => {
    if (axis === shape.length) return dtype === 'bool' ? data[offset] !== 0 : data[offset]!;
    return Array.from({ length: shape[axis]! }, (_, i) => at(axis + 1, offset + i * strides[axis]!));
  };
  return at(0, 0);
}

/** Above this many elements the middle of each axis is left out, until at most as many are left. */
const threshold = 1000;
const edgeItems = [3, 2, 1];

/** `Tensor [2, 3] float32` and the values, aligned in columns; long axes are shortened. */
export function describeTensor(t: Tensor): string {
  const title = `${t.title} ${show(t.shape)} ${t.dtype}`;
  let data: ArrayLike<number>;
  try {
    data = t.dataSync();
  } catch (error) {
    if (error instanceof NdgradError) return `${title} <not shown: ${error.message}>`;
    throw error;
  }
  if (t.size === 0) return `${title} []`;
  const print =
    t.dtype === 'float32' ? floatPrinter(data) : t.dtype === 'bool' ? (x: number) => String(x !== 0) : String;
  const strides = rowMajorStrides(t.shape);
  const count = (edge: number): number => t.shape.reduce((size, n) => size * Math.min(n, 2 * edge), 1);
  const edge = t.size <= threshold ? t.size : (edgeItems.find((items) => count(items) <= threshold) ?? 0);
  const shown = (axis: number): (number | null)[] => {
    const n = t.shape[axis]!;
    if (n <= Math.max(1, 2 * edge)) return Array.from({ length: n }, (_, i) => i);
    const items = Array.from({ length: edge }, (_, i) => i);
    return edge === 0 ? [0, null] : [...items, null, ...items.map((i) => n - edge + i)];
  };
  const cells: string[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === t.rank) cells.push(print(data[offset]!));
    else for (const i of shown(axis)) if (i !== null) collect(axis + 1, offset + i * strides[axis]!);
  };
  collect(0, 0);
  const width = cells.reduce((w, c) => Math.max(w, c.length), 0);
  let next = 0;
  const write = (axis: number): string => {
    if (axis === t.rank) return cells[next++]!.padStart(width);
    const parts = shown(axis).map((i) => (i === null ? '...' : write(axis + 1)));
    if (axis === t.rank - 1) return `[${wrapped(parts, axis + 1)}]`;
    const gap = `,${'\n'.repeat(t.rank - 1 - axis)}${' '.repeat(axis + 1)}`;
    return `[${parts.join(gap)}]`;
  };
  return `${title}\n${write(0)}`;
}

/** The parts in lines of at most 100 characters, under each other. */
function wrapped(parts: readonly string[], indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const part of parts) {
    if (line !== '' && indent + line.length + part.length > 97) {
      lines.push(`${line},`);
      line = part;
    } else {
      line = line === '' ? part : `${line}, ${part}`;
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** One notation for all values: up to 4 decimals, or powers of ten where the range is wide. */
function floatPrinter(data: ArrayLike<number>): (x: number) => string {
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let whole = true;
  for (let i = 0; i < data.length; i++) {
    const x = Math.abs(data[i]!);
    if (!Number.isFinite(x)) continue;
    if (x > largest) largest = x;
    if (x > 0 && x < smallest) smallest = x;
    if (!Number.isInteger(x)) whole = false;
  }
  const special = (x: number) => (Number.isFinite(x) ? null : String(x));
  if (largest >= 1e8 || (smallest < 1e-4 && largest > 0)) return (x) => special(x) ?? x.toExponential(4);
  return (x) => special(x) ?? (whole ? String(x) : x.toFixed(4));
}
