import type { Tensor } from '../../tensor.ts';
import { reshape, slice, strided, transpose } from '../arrangement/views.ts';

/** The elements with equal indices along two axes, as the last axis. */
export function diagonal(x: Tensor, first: number, second: number): Tensor {
  const rest = x.node.shape.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const last = transpose(x, [...rest, first, second]);
  const lead = rest.map((axis) => x.node.shape[axis]!);
  const n = Math.min(x.node.shape[first]!, x.node.shape[second]!);
  const square = slice(last, ...lead.map(() => null), [0, n], [0, n]);
  const flat = reshape(square, [...lead, n * n]);
  const steps = [...lead.map(() => 1), n > 1 ? n + 1 : 1];
  return strided(
    flat,
    steps.map(() => 0),
    [...lead, n],
    steps,
  );
}
