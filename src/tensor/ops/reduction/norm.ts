import { checkOptions, describe, reportAs } from '../../../ir/arguments.ts';
import { ValueError } from '../../../ir/errors.ts';
import { checkCall } from '../../apply.ts';
import type { Reduced, Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { pow } from '../elementwise/arithmetic.ts';
import { floating } from '../elementwise/elementwise.ts';
import { where } from '../elementwise/logic.ts';
import { abs, sqrt, square } from '../elementwise/math.ts';
import { max, min, type ReduceOptions, sum, type VarianceOptions, variance } from './reduce.ts';

/** f of the positive elements; others are as they are, so that the gradient at 0 is that of x and not infinite. */
function ofPositive(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const isPositive = x.greater(0);
  return where(isPositive, f(where(isPositive, x, 1)), x);
}

/**
 * The standard deviation of the elements over the axes (all by default), in float32, as `np.std`; its gradient is 0 where all
 * elements are equal.
 */
export function std<
  S extends Shape,
  const A extends number | readonly number[] | undefined = undefined,
  const O extends VarianceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'float32'>;
export function std(x: Tensor, axes?: number | readonly number[], options: VarianceOptions = {}): Tensor {
  checkCall('std', arguments.length, 3, x);
  checkOptions('std', options, { keepDims: false, correction: 0 });
  return reportAs('std', () => ofPositive(variance(x, axes, options), sqrt));
}

/**
 * The norm of the elements over the axes (all by default), in float32: (sum of |x|^order)^(1 / order), as
 * `torch.linalg.vector_norm`, and as `np.linalg.norm` over one axis. Order Infinity gives the largest magnitude, -Infinity the
 * smallest, 0 the number of elements that are not 0. Over two axes, order 2 (default) is the Frobenius norm of matrices. The
 * gradient is 0 where all elements are 0.
 */
export function norm<
  S extends Shape,
  const A extends number | readonly number[] | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S>, order?: number, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'float32'>;
export function norm(
  x: Tensor,
  order = 2,
  axes?: number | readonly number[],
  options: ReduceOptions = {},
): Tensor {
  checkCall('norm', arguments.length, 4, x);
  checkOptions('norm', options, { keepDims: false });
  if (typeof order !== 'number' || Number.isNaN(order))
    throw new ValueError(`[norm] got order ${describe(order)}, wanted a number such as 2 or Infinity.`);
  return reportAs('norm', (): Tensor => {
    const f: Tensor = floating(x);
    if (order === 2) return ofPositive(sum(square(f), axes, options), sqrt);
    if (order === 0) return floating(sum(f.notEqual(0), axes, options));
    const sizes: Tensor = abs(f);
    if (order === 1) return sum(sizes, axes, options);
    if (order === Infinity) return max(sizes, axes, options);
    if (order === -Infinity) return min(sizes, axes, options);
    return ofPositive(sum(pow(sizes, order), axes, options), (s) => pow(s, 1 / order));
  });
}
