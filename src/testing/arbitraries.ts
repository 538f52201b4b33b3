import { checkCount, describe, readOptions, refusal } from '../ir/arguments.ts';
import { type DType, dtypes } from '../ir/dtype.ts';
import { sizeOf } from '../ir/view.ts';
import { Activation } from '../layers/activation/activation-layer.ts';
import type { Layer } from '../layers/base/layer.ts';
import { Sequential } from '../layers/container/sequential.ts';
import { Dense } from '../layers/dense.ts';
import { Dropout } from '../layers/dropout/dropout.ts';
import { BatchNorm } from '../layers/normalization/batch-norm.ts';
import { LayerNorm } from '../layers/normalization/layer-norm.ts';
import { fromArray } from '../tensor/creation.ts';
import { Generator } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Arbitrary, FastCheck } from './fast-check.ts';

export interface ArbitraryShapeOptions {
  /** The smallest number of axes; 0 by default. */
  readonly minRank?: number;
  /** The largest number of axes; 4 by default. */
  readonly maxRank?: number;
  /** The smallest length of an axis; 1 by default. With 0 there are empty tensors too. */
  readonly minLength?: number;
  /** The largest length of an axis; 5 by default. */
  readonly maxLength?: number;
}

export interface ArbitraryTensorOptions extends ArbitraryShapeOptions {
  /** The shape; arbitrary by default, within the limits of the other options. */
  readonly shape?: readonly number[];
  /** `'float32'` by default. */
  readonly dtype?: DType;
  /** The smallest value; -10 by default, 0 for uint8. Not for bool. */
  readonly min?: number;
  /** The largest value; 10 by default. Not for bool. */
  readonly max?: number;
}

export interface ArbitraryLayerOptions {
  /** The number of features that the layers take; 3 by default. */
  readonly features?: number;
  /** The largest number of layers; 4 by default. */
  readonly maxLayers?: number;
}

export interface ArbitraryDataOptions {
  /** The largest number of samples; 20 by default. */
  readonly maxSamples?: number;
  /** The number of features; 3 by default. */
  readonly features?: number;
  /** The number of classes; 2 by default. */
  readonly classes?: number;
}

/** Arbitraries of fast-check. What fails shrinks: to fewer and shorter axes, to values near 0, to fewer views, layers and samples. */
export interface Arbitraries {
  /** Shapes. */
  shapes(options?: ArbitraryShapeOptions): Arbitrary<number[]>;
  /** Tensors with values between two limits, without NaN. Those of more than 61 elements repeat their values, unless `shape` is given. */
  tensors(options?: ArbitraryTensorOptions): Arbitrary<Tensor>;
  /** Tensors that are transposed, flipped, sliced, broadcast and reshaped, so that their elements are not in the order of memory. */
  views(options?: ArbitraryTensorOptions): Arbitrary<Tensor>;
  /** Networks of `Dense`, `BatchNorm`, `LayerNorm`, `Dropout` and `Activation` for inputs of shape [samples, features]. */
  layers(options?: ArbitraryLayerOptions): Arbitrary<Sequential<Layer[]>>;
  /** Samples and their classes: x of shape [samples, features], int32 y of shape [samples]. */
  data(options?: ArbitraryDataOptions): Arbitrary<{ readonly x: Tensor; readonly y: Tensor }>;
}

const shapeDefaults = { minRank: 0, maxRank: 4, minLength: 1, maxLength: 5 };
const tensorDefaults = {
  ...shapeDefaults,
  shape: undefined,
  dtype: 'float32',
  min: undefined,
  max: undefined,
} as const;

/**
 * Arbitraries for property tests of your own operations and layers, from `fast-check` (3 or later), which you install and pass:
 *
 *     import fc from 'fast-check';
 *     const { tensors } = arbitraries(fc);
 *     fc.assert(fc.property(tensors(), (x) => allClose(softsign(x), x.div(x.abs().add(1)))));
 *
 * @throws ValueError if `fc` is not fast-check. The functions throw a ValueError for wrong options.
 */
export function arbitraries(fc: FastCheck): Arbitraries {
  checkCount('arbitraries', arguments.length, 1);
  if (['integer', 'float', 'array'].some((name) => typeof Object(fc)[name] !== 'function'))
    throw refusal('arbitraries', 'fc', fc, "the default export of fast-check: import fc from 'fast-check'");
  const upTo = (max: number): Arbitrary<number> => fc.integer({ min: 0, max });
  const list = <T>(of: Arbitrary<T>, min: number, max: number): Arbitrary<T[]> =>
    fc.array(of, { minLength: min, maxLength: max });

  function shapes(options?: ArbitraryShapeOptions, name = 'shapes'): Arbitrary<number[]> {
    const { minRank, maxRank, minLength, maxLength } = readOptions(name, options, shapeDefaults);
    checkRange(name, 'minRank', minRank, 'maxRank', maxRank);
    checkRange(name, 'minLength', minLength, 'maxLength', maxLength);
    return list(fc.integer({ min: minLength, max: maxLength }), minRank, maxRank);
  }

  function tensors(options?: ArbitraryTensorOptions, name = 'tensors'): Arbitrary<Tensor> {
    const { shape, dtype, min, max, ...limits } = readOptions(name, options, tensorDefaults);
    if (!Object.hasOwn(dtypes, String(dtype)))
      throw refusal(name, 'dtype', dtype, `one of ${Object.keys(dtypes).join(', ')}`);
    const element = values(name, dtype, min, max);
    const size = shape === undefined ? 0 : sizeOf(shape);
    const fixed = upTo(0).map(() => shape ?? []);
    return fc
      .tuple<readonly number[], number[]>(
        shape === undefined ? shapes(limits, name) : fixed,
        list(element, 1, Math.max(size, MOST_VALUES)),
      )
      .map(([shape, values]) => filled(shape, values, dtype));
  }

  function values(name: string, dtype: DType, min?: number, max = 10): Arbitrary<number> {
    if (dtype === 'bool') return upTo(1);
    const [least, most] = [min ?? (dtype === 'uint8' ? 0 : -10), max];
    if (!(Number.isFinite(least) && Number.isFinite(most) && least <= most))
      throw refusal(name, `min ${describe(least)} and max`, most, 'finite numbers with min <= max');
    if (dtype === 'float32')
      return fc.float({ min: Math.fround(least), max: Math.fround(most), noNaN: true });
    return fc.integer({ min: Math.ceil(least), max: Math.floor(most) });
  }

  return {
    shapes: (options) => shapes(options),
    tensors: (options) => tensors(options),
    views: (options) =>
      fc
        .tuple(tensors(options, 'views'), list(upTo(viewCount * 8 - 1), 0, 4))
        .map(([t, choices]) => choices.reduce(viewOf, t)),
    layers(options) {
      const { features, maxLayers } = readOptions('layers', options, { features: 3, maxLayers: 4 });
      checkCounts('layers', { features, maxLayers });
      return list(upTo(layerCount * 4 - 1), 1, maxLayers).map((choices) => networkOf(features, choices));
    },
    data(options) {
      const { maxSamples, features, classes } = readOptions('data', options, {
        maxSamples: 20,
        features: 3,
        classes: 2,
      });
      checkCounts('data', { maxSamples, features, classes });
      const labels = list(upTo(classes - 1), 1, maxSamples);
      const most = Math.max(maxSamples * features, MOST_VALUES);
      return fc.tuple(labels, list(values('data', 'float32'), 1, most)).map(([labels, values]) => ({
        x: filled([labels.length, features], values, 'float32'),
        y: filled([labels.length], labels, 'int32'),
      }));
    },
  };
}

/** How many values an arbitrary tensor of any shape has at most. A prime, so that rows differ where they repeat. */
const MOST_VALUES = 61;

/** A tensor with some values over and over. So a value that fails can be shrunk, and so can the shape, without the other. */
function filled(shape: readonly number[], values: readonly number[], dtype: DType): Tensor {
  const data = dtypes[dtype].allocate(sizeOf(shape));
  data.forEach((_, i) => {
    data[i] = values[i % values.length]!;
  });
  return fromArray(data, shape, dtype);
}

const viewCount = 5;

/** A view of a tensor. `choice` gives its kind and its axis. */
function viewOf(t: Tensor, choice: number): Tensor {
  const axis = t.rank === 0 ? 0 : Math.floor(choice / viewCount) % t.rank;
  switch (choice % viewCount) {
    case 0:
      return t.transpose([...t.shape.keys()].reverse());
    case 1:
      return t.rank === 0 ? t : t.flip(axis);
    case 2:
      return t.rank === 0 || t.shape[axis]! < 2
        ? t
        : t.slice(...t.shape.map((n, i): [number, number] => [i === axis ? 1 : 0, n]));
    case 3:
      return t.rank > 4
        ? t
        : t.expandDims(axis).broadcastTo([...t.shape.slice(0, axis), 2, ...t.shape.slice(axis)]);
    default:
      return t.flatten();
  }
}

const activations = ['relu', 'tanh', 'sigmoid', 'gelu'] as const;
const layerCount = 5;

/** A network whose layers `choices` names; its weights follow from them too. */
function networkOf(features: number, choices: readonly number[]): Sequential<Layer[]> {
  let width = features;
  const layers = choices.map((choice, i): Layer => {
    const variant = Math.floor(choice / layerCount);
    switch (choice % layerCount) {
      case 0: {
        const layer = new Dense(width, variant + 1, { rng: new Generator(i) });
        width = variant + 1;
        return layer;
      }
      case 1:
        return new Activation(activations[variant]!);
      case 2:
        return new LayerNorm(width);
      case 3:
        return new BatchNorm(width);
      default:
        return new Dropout(variant / 4);
    }
  });
  return new Sequential(layers);
}

function checkRange(name: string, minName: string, min: number, maxName: string, max: number): void {
  if (Number.isSafeInteger(min) && Number.isSafeInteger(max) && 0 <= min && min <= max) return;
  throw refusal(
    name,
    `${minName} ${min} and ${maxName}`,
    max,
    `whole numbers with 0 <= ${minName} <= ${maxName}`,
  );
}

function checkCounts(name: string, counts: Readonly<Record<string, number>>): void {
  for (const [what, count] of Object.entries(counts))
    if (!Number.isSafeInteger(count) || count < 1)
      throw refusal(name, what, count, 'a whole number of at least 1');
}
