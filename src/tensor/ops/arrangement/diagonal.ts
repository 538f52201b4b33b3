import type { Tensor } from '../../tensor.ts';
import { reshape, strided, transpose } from './views.ts';

/** The elements whose index along the second axis is that along the first one + offset, as the last axis. */
export function diagonal(x: Tensor, first: number, second: number, offset = 0): Tensor {
  const rest = x.node.shape.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const last = transpose(x, [...rest, first, second]);
  const lead = rest.map((axis) => x.node.shape[axis]!);
  const starts = lead.map(() => 0);
  const steps = lead.map(() => 1);
  const [row, column] = [Math.max(0, -offset), Math.max(0, offset)];
  const n = Math.max(0, Math.min(x.node.shape[first]! - row, x.node.shape[second]! - column));
  const square = strided(
    last,
    [...starts, n > 0 ? row : 0, n > 0 ? column : 0],
    [...lead, n, n],
    [...steps, 1, 1],
  );
  const flat = reshape(square, [...lead, n * n]);
  return strided(flat, [...starts, 0], [...lead, n], [...steps, n > 1 ? n + 1 : 1]);
}
