import { checkCount, readOptions, reportAs } from '../ir/arguments.ts';
import type { DType } from '../ir/dtype.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { erf } from '../ir/math/index.ts';
import { checkCall } from './apply.ts';
import { tensor } from './creation.ts';
import { take } from './ops/arrangement/indexing.ts';
import { expandDims } from './ops/arrangement/views.ts';
import { floating } from './ops/elementwise/elementwise.ts';
import { erfinv } from './ops/elementwise/inverse-error.ts';
import { clip } from './ops/elementwise/logic.ts';
import { log } from './ops/elementwise/math.ts';
import { order } from './ops/order/sort.ts';
import { argmax } from './ops/reduction/reduce.ts';
import { type Generator, generatorOf } from './random.ts';
import { type Plain, type Shape, show } from './shape.ts';
import type { Tensor } from './tensor.ts';

// Random choices and numbers that are made of the draws of a Generator. Each call takes one of them.

const isCount = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0;

/** Numbers of the standard Gumbel distribution: the largest of logits + these is class i with probability softmax(logits)[i]. */
function gumbel(shape: Shape, rng: Generator): Tensor {
  // A number of 0 would make a certain class as unlikely as an impossible one.
  const u: Tensor = rng.uniform(shape).maximum(1 / 33554432);
  return log(log(u).neg()).neg();
}

export interface CategoricalOptions {
  /** How many classes to draw for each distribution; without it one, and no axis for them. */
  readonly count?: number;
  /** The generator; the default generator by default. */
  readonly rng?: Generator;
}

/**
 * Random classes with the probabilities softmax(logits) along the last axis, independent of each other, as
 * `jax.random.categorical` and `tf.random.categorical` (Gumbel 1954; Maddison et al. 2014). A class with a logit of -Infinity is
 * not drawn. Probabilities below about 2^-24 are not resolved.
 *
 * @param logits [..., classes].
 * @returns int32 [...], or [..., count].
 */
export function categorical(logits: Tensor, options?: CategoricalOptions): Tensor<Shape, 'int32'> {
  checkCall('categorical', arguments.length, 2, logits);
  const { count, rng } = readOptions('categorical', options, { count: undefined, rng: undefined });
  const generator = generatorOf('categorical', rng);
  const f = checkClasses('categorical', logits);
  if (count === undefined) return argmax(f.add(gumbel(f.shape, generator)), -1);
  if (!isCount(count))
    throw new ValueError(`[categorical] got count ${String(count)}, wanted a whole number from 0 up.`);
  return drawn(f, count, generator);
}

function drawn(logits: Tensor, count: number, rng: Generator): Tensor<Shape, 'int32'> {
  const shape = [...logits.shape.slice(0, -1), count, logits.shape.at(-1)!];
  return argmax(expandDims(logits, -2).add(gumbel(shape, rng)), -1);
}

function checkClasses(operation: string, x: Tensor): Tensor {
  if (x.rank > 0 && x.shape.at(-1)! > 0) return floating(x);
  throw new ShapeError(
    `[${operation}] got shape ${show(x.shape)}, wanted [..., classes] with at least one class.`,
  );
}

export interface MultinomialOptions {
  /** Whether a class can be drawn several times; false by default. */
  readonly replacement?: boolean;
  /** The generator; the default generator by default. */
  readonly rng?: Generator;
}

/**
 * Random classes with probabilities in proportion to weights, as `torch.multinomial`. Without replacement they are drawn one
 * after the other (Efraimidis & Spirakis 2006), and classes of weight 0 come after all others. (`np.random.multinomial` counts
 * such draws: `multinomial(weights, n, { replacement: true })` and a sum of `oneHot`.)
 *
 * @param weights [..., classes] from 0 up; they need not add up to 1.
 * @param count how many classes to draw.
 * @returns int32 [..., count].
 */
export function multinomial(
  weights: Tensor,
  count: number,
  options?: MultinomialOptions,
): Tensor<Shape, 'int32'> {
  checkCall('multinomial', arguments.length, 3, weights);
  const { replacement, rng } = readOptions('multinomial', options, { replacement: false, rng: undefined });
  const generator = generatorOf('multinomial', rng);
  const logits = log(checkClasses('multinomial', weights));
  const classes = logits.shape.at(-1)!;
  const most = replacement ? Infinity : classes;
  if (!isCount(count) || count > most) {
    throw new ValueError(
      `[multinomial] got count ${String(count)}, wanted a whole number from 0 ${replacement ? 'up' : `to ${classes}, the number of classes. Or allow replacement`}.`,
    );
  }
  if (replacement || count === 0) return drawn(logits, count, generator);
  // The largest scores are the classes in the order in which they would be drawn. Those of weight 0 have finite scores too.
  const scores = clip(logits, -3e38, Infinity).add(gumbel(logits.shape, generator));
  return order(scores, scores.rank - 1, count, true) as Tensor<Shape, 'int32'>;
}

export interface TruncatedNormalOptions {
  /** The mean of the distribution before it is cut; 0 by default. */
  readonly mean?: number;
  /** The standard deviation of the distribution before it is cut; 1 by default. */
  readonly standardDeviation?: number;
  /** Where it begins, in standard deviations from the mean; -2 by default. */
  readonly low?: number;
  /** Where it ends, in standard deviations from the mean; 2 by default. */
  readonly high?: number;
  /** The generator; the default generator by default. */
  readonly rng?: Generator;
}

/**
 * Normally distributed float32 numbers between two bounds: quantiles of uniform numbers, computed with the tensors that are made
 * of them. (`Generator.truncatedNormal` draws at the call, and other numbers.) Exact to about 1e-6 standard deviations within
 * two of them, and less beyond four.
 */
export function truncatedNormal<const S extends Shape>(
  shape: S,
  options?: TruncatedNormalOptions,
): Tensor<Plain<S>, 'float32'> {
  checkCount('truncatedNormal', arguments.length, 2);
  const { mean, standardDeviation, low, high, rng } = readOptions('truncatedNormal', options, {
    mean: 0,
    standardDeviation: 1,
    low: -2,
    high: 2,
    rng: undefined,
  });
  for (const [name, value] of Object.entries({ mean, standardDeviation, low, high })) {
    if (!Number.isFinite(value))
      throw new ValueError(`[truncatedNormal] got ${name} ${value}, wanted a finite number.`);
  }
  if (!(low < high && standardDeviation >= 0)) {
    throw new ValueError(
      `[truncatedNormal] got low ${low}, high ${high} and standardDeviation ${standardDeviation}, wanted low < high and a deviation from 0 up.`,
    );
  }
  const generator = generatorOf('truncatedNormal', rng);
  const [from, to] = [erf(low * Math.SQRT1_2), erf(high * Math.SQRT1_2)];
  const u: Tensor = reportAs('truncatedNormal', () => generator.uniform(shape));
  const z = clip(erfinv(u.mul(to - from).add(from)).mul(Math.SQRT2), low, high);
  return z.mul(standardDeviation).add(mean) as Tensor<Plain<S>, 'float32'>;
}

export interface ShuffleOptions {
  /** The generator; the default generator by default. */
  readonly rng?: Generator;
}

/**
 * The tensor with its parts along the first axis in random order, as `tf.random.shuffle` and `np.random.permutation`. Every
 * order is equally likely; it is drawn at the call.
 */
export function shuffle<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  options?: ShuffleOptions,
): Tensor<S, D>;
export function shuffle(x: Tensor, options?: ShuffleOptions): Tensor {
  checkCall('shuffle', arguments.length, 2, x);
  const { rng } = readOptions('shuffle', options, { rng: undefined });
  const generator = generatorOf('shuffle', rng);
  if (x.rank === 0) throw new ShapeError('[shuffle] got a scalar, wanted a tensor with at least one axis.');
  return take(x, tensor(generator.permutation(x.shape[0]!)), 0);
}
