import type { Contract } from '../../ir/kernel.ts';
import { sizeOf, type View } from '../../ir/view.ts';

/** One group of axes of a contraction's operand: its shape and strides. */
export interface Group {
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** The groups of axes of both operands, by the letters of `Contract`. */
export interface Groups {
  readonly a: { readonly batch: Group; readonly m: Group; readonly k: Group };
  readonly b: { readonly batch: Group; readonly k: Group; readonly n: Group };
}

export function groupsOf({ a, b, axes }: Contract): Groups {
  const { batch, m, k, n } = axes;
  return {
    a: { batch: group(a.view, 0, batch), m: group(a.view, batch, m), k: group(a.view, batch + m, k) },
    b: { batch: group(b.view, 0, batch), k: group(b.view, batch, k), n: group(b.view, batch + k, n) },
  };
}

function group(view: View, from: number, count: number): Group {
  return { shape: view.shape.slice(from, from + count), stride: view.stride.slice(from, from + count) };
}

/** The positions of a group's elements in row-major order, relative to the first one. */
export function positions({ shape, stride }: Group): Int32Array {
  const table = new Int32Array(sizeOf(shape));
  if (table.length === 0) return table;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const count = filled;
    for (let i = 1; i < shape[axis]!; i++) {
      for (let j = 0; j < count; j++) table[filled++] = table[j]! + i * stride[axis]!;
    }
  }
  return table;
}
