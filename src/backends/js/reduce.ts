import type { ScalarType } from '../../ir/dtype.ts';
import type { Access, Kernel, Reduce } from '../../ir/kernel.ts';
import { coalesce, sizeOf } from '../../ir/view.ts';
import { Columns, type RowReducer, Winner } from './accumulate.ts';
import { type Machine, Program } from './program.ts';
import { BLOCK, RegisterAllocator } from './registers.ts';
import { Stores } from './stores.ts';

/**
 * A reduction. Either each point's elements are reduced in turn, or those of up to a block of neighbouring points side by
 * side, row after row; the second is for reductions over the first axes, where memory runs along the points, and for short ones.
 */
export function compileReduce(kernel: Kernel, source: Reduce, machine: Machine): () => void {
  const registers = new RegisterAllocator(machine.precision.registers);
  const { reducer, over, expr } = source;
  const arg = reducer === 'argmax' || reducer === 'argmin';
  const type: ScalarType = arg ? 'i32' : expr.type;
  const acc = registers.own(type);
  const length = sizeOf(over);

  const columns = arg ? null : columnOrder(kernel.shape, over, source.inputs);
  const program = new Program(machine, registers, [expr], columns?.inputs ?? source.inputs);
  const x = program.results[0]!;
  const stores = new Stores(kernel, machine, registers, acc);
  const { size } = stores;

  if (columns === null) {
    const row: RowReducer = arg ? new Winner(reducer) : new Columns(reducer, type, 1, machine.precision);
    // Whole rows in a block, or a part of one row.
    const rows = Math.max(1, Math.floor(BLOCK / Math.max(1, length)));
    return () => {
      program.begin(size * length);
      stores.begin();
      let filled = 0;
      for (let point = 0; point < size; ) {
        const count = Math.min(rows, size - point, BLOCK - filled);
        for (let j = 0; j < count; j++) {
          row.reset();
          for (let r = 0; r < length; r += BLOCK) {
            const n = Math.min(BLOCK, length - r);
            const from = rows > 1 ? j * length : 0;
            if (from === 0) program.evaluate((point + j) * length + r, rows > 1 ? count * length : n);
            row.take(n, x, from);
          }
          acc[filled++] = row.finish();
        }
        point += count;
        if (filled === BLOCK || point === size) {
          stores.run(point - filled, filled);
          filled = 0;
        }
      }
    };
  }

  const { width } = columns;
  const tile = Math.min(width, BLOCK);
  const sums = new Columns(reducer, type, tile, machine.precision);
  return () => {
    program.begin(size * length);
    stores.begin();
    for (let point = 0; point < size; point += width) {
      for (let j = 0; j < width; j += tile) {
        const n = Math.min(tile, width - j);
        sums.reset();
        for (let r = 0; r < length; r++) {
          program.evaluate(point * length + r * width + j, n);
          sums.takeRow(x);
        }
        acc.set(sums.finishAll().subarray(0, n));
        stores.run(point + j, n);
      }
    }
  };
}

/** Narrower than this, a row's overhead is too much. */
const MIN_WIDTH = 32;
/** Up to this many elements, going through them along the points costs no cache misses. */
const SHORT = 16;

/**
 * The loop nest [points..., over..., width], if it is better than [points..., width, over...]: `width` neighbouring points that
 * all inputs run through in even steps.
 */
function columnOrder(
  shape: readonly number[],
  over: readonly number[],
  inputs: readonly Access[],
): { width: number; inputs: Access[] } | null {
  const merged = coalesce(
    [...shape, ...over],
    inputs.map((input) => input.view.stride),
    [shape.length, over.length],
  );
  const points = merged.groups[0]!;
  const rank = merged.shape.length;
  if (points === 0 || points === rank) return null;
  const width = merged.shape[points - 1]!;
  const cost = (axis: number) => merged.strides.reduce((sum, s) => sum + Math.min(16, Math.abs(s[axis]!)), 0);
  if (width < MIN_WIDTH || sizeOf(over) === 0) return null;
  if (sizeOf(over) > SHORT && cost(points - 1) >= cost(rank - 1)) return null;
  const axes = merged.shape.map((_, axis) => axis);
  const order = [...axes.slice(0, points - 1), ...axes.slice(points), points - 1];
  return {
    width,
    inputs: inputs.map((input, k) => ({
      ...input,
      view: {
        shape: order.map((axis) => merged.shape[axis]!),
        stride: order.map((axis) => merged.strides[k]![axis]!),
        offset: input.view.offset,
      },
    })),
  };
}
