import { readOptions } from '../../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { binary } from '../../../ir/expr.ts';
import { noParams } from '../../../ir/node.ts';
import { sameShape, sizeOf } from '../../../ir/view.ts';
import { apply, checkCall, checkTensor } from '../../apply.ts';
import { broadcastShapes, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { reshape } from '../arrangement/views.ts';
import { elementwise, floating, same } from '../elementwise/elementwise.ts';
import { rsqrt } from '../elementwise/math.ts';
import { scalar } from '../source/scalar.ts';
import { mean, reducedAxes, sum } from './reduce.ts';

/** Mean and variance of a tensor over some of its axes, which stay with size 1. */
export interface Moments {
  readonly mean: Tensor;
  /** Divided by the number of elements, without a correction. */
  readonly variance: Tensor;
}

/** The statistics that `standardizeBy` takes, in two passes. */
export function moments(x: Tensor, axes: readonly number[]): Moments {
  const average = mean(x, axes, { keepDims: true });
  return { mean: average, variance: mean(x.sub(average).square(), axes, { keepDims: true }) };
}

/**
 * Its inputs are x, its mean and 1 / sqrt(variance + epsilon), and, where there are any, a scale and a shift
 * that are constant along the axes. The gradient of x goes through its statistics too: written by hand, it
 * takes three passes over the data, and those of scale and shift are had on the way.
 */
const standardizeOperation = elementwise({
  name: 'standardize',
  dtype: same,
  // With n = (x - mean) * reciprocal, and sum and mean over the axes: dscale = sum(g n), dshift = sum(g),
  // dx = (g - mean(g) - n mean(g n)) * reciprocal * scale
  vjp: (g, _y, [x, average, reciprocal, scale, shift]) => {
    const axes = x!.node.shape.flatMap((d, i) => (d === average!.node.shape[i] ? [] : [i]));
    const count = sizeOf(axes.map((i) => x!.node.shape[i]!));
    const n = x!.sub(average!).mul(reciprocal!);
    const dshift = sum(g, axes, { keepDims: true });
    const dscale = sum(g.mul(n), axes, { keepDims: true });
    const centred = g.sub(dshift.div(count)).sub(n.mul(dscale.div(count)));
    return [
      () => centred.mul(scale === undefined ? reciprocal! : reciprocal!.mul(scale)),
      null,
      null,
      () => squeezed(dscale, scale!),
      () => squeezed(dshift, shift!),
    ];
  },
  expr: ([x, average, reciprocal, scale, shift]) => {
    const distance = binary('sub', x!, average!);
    if (scale === undefined) return binary('mul', distance, reciprocal!);
    return binary('add', binary('mul', distance, binary('mul', reciprocal!, scale)), shift!);
  },
});

/** A sum without the axes of size 1 that its operand does not have. */
const squeezed = (t: Tensor, like: Tensor): Tensor =>
  t.size === like.size ? reshape(t, like.node.shape) : t;

/** `standardize` with the statistics, as `moments` gives them, at hand. */
export function standardizeBy(
  x: Tensor,
  { mean, variance }: Moments,
  scale: Tensor | undefined,
  shift: Tensor | undefined,
  epsilon: number,
): Tensor {
  const inputs = [x, mean, rsqrt(variance.add(epsilon))];
  if (scale === undefined && shift === undefined) return apply(standardizeOperation, inputs, noParams);
  const one = scale ?? scalar(1, 'float32');
  const zero = shift ?? scalar(0, 'float32');
  if ([one, zero].every((t) => isConstantAlong(t, x, mean))) {
    return apply(standardizeOperation, [...inputs, one, zero], noParams);
  }
  return apply(standardizeOperation, inputs, noParams).mul(one).add(zero);
}

/** Does t keep its value along the axes of x over which the statistics were taken? */
function isConstantAlong(t: Tensor, x: Tensor, statistics: Tensor): boolean {
  const lead = x.rank - t.rank;
  return t.node.shape.every((d, i) => d === 1 || statistics.node.shape[lead + i] !== 1);
}

export interface StandardizeOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
}

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + shift, in float32, with the mean and the variance of x
 * over the axes (all by default): the arithmetic of batch normalisation (Ioffe & Szegedy 2015: all axes but
 * the last) and of layer normalisation (Ba et al. 2016: the last axis). Computed in two passes, then
 * elementwise.
 *
 * @param scale broadcasts to the shape of x; 1 if not given. @param shift likewise; 0 if not given.
 */
export function standardize(
  x: Tensor,
  axes?: number | readonly number[],
  scale?: Tensor,
  shift?: Tensor,
  options?: StandardizeOptions,
): Tensor {
  checkCall('standardize', arguments.length, 5, x);
  const { epsilon } = readOptions('standardize', options, { epsilon: 1e-5 });
  const list = reducedAxes('standardize', x, axes);
  for (const [name, t] of Object.entries({ scale, shift })) {
    if (t === undefined) continue;
    checkTensor('standardize', t);
    if (!sameShape(broadcastShapes('standardize', x.node.shape, t.node.shape), x.node.shape)) {
      throw new ShapeError(
        `[standardize] got ${name} ${show(t.shape)} for ${show(x.shape)}, wanted a shape that broadcasts to it. ` +
          `Reshape ${name}.`,
      );
    }
  }
  if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) {
    throw new ValueError(`[standardize] got epsilon ${epsilon}, wanted a finite number from 0 up.`);
  }
  const f = floating(x);
  const [a, b] = [scale && floating(scale), shift && floating(shift)];
  return standardizeBy(f, moments(f, list), a, b, epsilon);
}
