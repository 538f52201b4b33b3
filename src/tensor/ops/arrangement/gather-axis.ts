import type { Expr } from '../../../ir/expr.ts';
import type { LoweringBuilder } from '../../../ir/lowering-builder.ts';
import type { Shape } from '../../shape.ts';

/** The elements of input `k` at an index along one axis, in a loop over `shape`, which has the input's other axes. */
export const gatherAxis = (
  b: LoweringBuilder,
  k: number,
  axis: number,
  index: Expr,
  shape: Shape,
  fill?: number,
): Expr =>
  b.gather(
    k,
    [axis],
    [index],
    (rest) => ({
      shape,
      stride: [...rest.stride.slice(0, axis), 0, ...rest.stride.slice(axis)],
      offset: rest.offset,
    }),
    fill,
  );
