import { checkCount, checkNumber, readOptions, reportAs } from '../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { full } from '../../tensor/creation.ts';
import { storageWithoutValues } from '../../tensor/parameter.ts';
import { type Generator, generatorOf } from '../../tensor/random.ts';
import { type Shape, show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { choose } from '../base/choose.ts';
import type { Initializer } from './initializer.ts';
import { orthogonal } from './orthogonal.ts';

/** Zeros. */
const zeros = (): Initializer => constant(0);

/** Ones. */
const ones = (): Initializer => constant(1);

/** The same value for all elements. */
function constant(value: number): Initializer {
  checkCount('constant', arguments.length, 1);
  checkNumber('constant', 'value', value);
  return (shape) => full(shape, value);
}

/** Normally distributed. */
function normal(options?: { mean?: number; standardDeviation?: number }): Initializer {
  checkCount('normal', arguments.length, 1);
  const { mean, standardDeviation } = readOptions('normal', options, { mean: 0, standardDeviation: 0.05 });
  return (shape, rng) => rng.normal(shape, mean, standardDeviation);
}

/** Uniformly distributed over [low, high). */
function uniform(options?: { low?: number; high?: number }): Initializer {
  checkCount('uniform', arguments.length, 1);
  const { low, high } = readOptions('uniform', options, { low: -0.05, high: 0.05 });
  return (shape, rng) => rng.uniform(shape, low, high);
}

/** Normally distributed, truncated at two standard deviations of the normal distribution. */
function truncatedNormal(options?: { mean?: number; standardDeviation?: number }): Initializer {
  checkCount('truncatedNormal', arguments.length, 1);
  const { mean, standardDeviation } = readOptions('truncatedNormal', options, {
    mean: 0,
    standardDeviation: 0.05,
  });
  return (shape, rng) => rng.truncatedNormal(shape, mean, standardDeviation);
}

/** The standard deviation of a standard normal distribution truncated at -2 and 2. */
const truncatedDeviation = 0.87962566103423978;

type Fan = (fanIn: number, fanOut: number) => number;
const average: Fan = (fanIn, fanOut) => (fanIn + fanOut) / 2;
const input: Fan = (fanIn) => fanIn;

/** Uniformly distributed with the variance scale / fan: over [-limit, limit), limit = sqrt(3 scale / fan). */
function scaledUniform(scale: number, fan: Fan): Initializer {
  return (shape, rng) => {
    const limit = Math.sqrt((3 * scale) / Math.max(1, fan(...fans(shape))));
    return rng.uniform(shape, -limit, limit);
  };
}

/** Truncated normal with the variance scale / fan after the truncation. */
function scaledNormal(scale: number, fan: Fan): Initializer {
  return (shape, rng) => {
    const deviation = Math.sqrt(scale / Math.max(1, fan(...fans(shape))));
    return rng.truncatedNormal(shape, 0, deviation / truncatedDeviation);
  };
}

/** Inputs and outputs of one unit: the last two axes, times the receptive field (all axes before them). */
function fans(shape: Shape): [fanIn: number, fanOut: number] {
  const fanOut = shape[shape.length - 1] ?? 1;
  const fanIn = shape[shape.length - 2] ?? fanOut;
  const field = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return [fanIn * field, fanOut * field];
}

/**
 * Initial values of Parameters, with Keras's definitions: kernels are [..., in, out]; normal variants are truncated
 * at two standard deviations and scaled so that the deviation is correct after the truncation.
 *
 * - `zeros()`, `ones()`, `constant(value)`, `normal()`, `uniform()`, `truncatedNormal()`
 * - `glorotUniform()`, `glorotNormal()`: variance 2 / (fanIn + fanOut) (Glorot & Bengio 2010)
 * - `heUniform()`, `heNormal()`: variance 2 / fanIn, for ReLU (He et al. 2015)
 * - `lecunUniform()`, `lecunNormal()`: variance 1 / fanIn (LeCun et al. 1998)
 * - `orthogonal()`: orthonormal rows or columns, times `gain` (Saxe et al. 2013)
 */
export const initializers = {
  zeros,
  ones,
  constant,
  normal,
  uniform,
  truncatedNormal,
  glorotUniform: () => scaledUniform(1, average),
  glorotNormal: () => scaledNormal(1, average),
  heUniform: () => scaledUniform(2, input),
  heNormal: () => scaledNormal(2, input),
  lecunUniform: () => scaledUniform(1, input),
  lecunNormal: () => scaledNormal(1, input),
  orthogonal,
};

/** The names of the initializers that need no arguments. */
export type InitializerName = Exclude<keyof typeof initializers, 'constant'>;

/** The initial values of a Parameter. */
export function draw<const S extends Shape>(
  layer: string,
  initializer: InitializerName | Initializer,
  shape: S,
  rng: Generator | undefined,
): Tensor<{ -readonly [K in keyof S]: S[K] }> {
  const { constant: _, ...named } = initializers;
  const make =
    typeof initializer === 'function'
      ? initializer
      : choose<() => Initializer>(layer, 'initializer', named, initializer)();
  const generator = generatorOf(layer, rng);
  const values = storageWithoutValues ? full(shape, 0) : reportAs(layer, () => make(shape, generator));
  checkTensor(layer, values);
  if (show(values.shape) !== show(shape)) {
    throw new ShapeError(
      `[${layer}] got initial values of shape ${show(values.shape)}, wanted ${show(shape)}. Use the shape argument of the initializer.`,
    );
  }
  if (values.dtype !== 'float32') {
    throw new ValueError(`[${layer}] got ${values.dtype} initial values, wanted float32. Cast the values.`);
  }
  return values as Tensor<{ -readonly [K in keyof S]: S[K] }>;
}
