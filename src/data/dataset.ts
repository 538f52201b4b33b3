import { checkOptions, describe, isPlain, type Known, reportAs } from '../ir/arguments.ts';
import type { TypedArray } from '../ir/dtype.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { numberArray } from '../ir/typed-array.ts';
import { type TensorLike, tensor } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { defaultGenerator, type Generator } from '../tensor/random.ts';
import { type Shape, show } from '../tensor/shape.ts';
import {
  isGroup,
  itemOf,
  itemsOf,
  type Like,
  type LikeSome,
  mapItems,
  nameIn,
  type Structure,
  type Tensors,
} from '../tensor/structure.ts';
import { Tensor } from '../tensor/tensor.ts';
import { RowBuffer } from './row-buffer.ts';

/** Flat values in row-major order, and their shape. */
export interface ShapedArray {
  readonly data: TypedArray | Float64Array | readonly number[];
  readonly shape: Shape;
  readonly stride?: undefined;
}

/** Values with the samples along their first axis. */
export type SampleArray = TensorLike | ShapedArray;

/**
 * Inputs, targets and optional weights of a number of samples, for a model that takes X and returns Y: one array for one tensor,
 * and tuples or records of arrays for several. The items of a tuple are tensors, ndarrays or objects with `data` and `shape`:
 * nested arrays of numbers are one array.
 */
export interface Samples<X extends Tensors = Tensor, Y extends Tensors = Tensor> {
  /** The model's input, or inputs, `[N, ...]`. */
  readonly x: Like<X, SampleArray>;
  /** The targets or labels of the outputs that have a loss or metrics, in the shape that these expect, `[N, ...]`. */
  readonly y: LikeSome<Y, SampleArray>;
  /**
   * A weight for each sample, `[N]`, or for each position, such as `[N, T]` for sequences (a mask has 1 and 0); finite and not
   * negative. All 1 by default. For several outputs one array for all of them, or those of some outputs in the form of `y`.
   */
  readonly sampleWeights?: SampleArray | LikeSome<Y, SampleArray>;
}

/**
 * Batches that are made while they are used: an iterable, or a function that returns one for each epoch (counted
 * from 0).
 */
export type BatchSource<X extends Tensors = Tensor, Y extends Tensors = Tensor> =
  | BatchIterable<X, Y>
  | BatchFunction<X, Y>;

/**
 * Returns the batches of an epoch.
 *
 * @param epoch counted from 0. @param from the number of the first batch, for a function that is `seekable`; 0 otherwise.
 */
export interface BatchFunction<X extends Tensors = Tensor, Y extends Tensors = Tensor> {
  (epoch: number, from: number): BatchIterable<X, Y>;
  /**
   * Whether the function leaves out the batches before number `from`, so that training that is resumed within an epoch
   * does not have to read them again; false by default.
   */
  readonly seekable?: boolean;
  /** @internal What the batches are made of, which checkpoints compare. */
  readonly origin?: () => Promise<Origin>;
  /** The number of batches in an epoch, if it is known. Used to show progress. */
  readonly batches?: number;
  /** The number of samples in an epoch's last batch, if it is known. `fit` checks before the first step if it is too small. */
  readonly lastBatchSize?: number;
}

/** What determines batches that are made while they are used. */
export interface Origin {
  readonly rows: readonly (readonly [name: string, rows: RowBuffer])[];
  readonly settings: object;
}

type BatchIterable<X extends Tensors = Tensor, Y extends Tensors = Tensor> =
  | Iterable<Samples<X, Y>>
  | AsyncIterable<Samples<X, Y>>;

/** The data of `fit` and `evaluate`: all samples at once, or batch by batch. */
export type Data<X extends Tensors = Tensor, Y extends Tensors = Tensor> = Samples<X, Y> | BatchSource<X, Y>;

/** Samples as they are given, for any model. */
type AnySamples = Samples<Tensors, Tensors>;
type AnySource = BatchSource<Tensors, Tensors>;
/** Data for any model. */
export type AnyData = Data<Tensors, Tensors>;

/** A batch of samples as tensors. */
export interface Batch {
  readonly x: Tensors;
  readonly y: Tensors;
  /** Those of all outputs, or of some by name. */
  readonly sampleWeights?: Tensors;
  /** The number of samples. */
  readonly size: number;
  /** The sum of the samples' weights, over all outputs if these have weights of their own. */
  readonly weight: number;
  /** The number of the first row that was read; `size` and `weight` are those of the whole batch. 0 by default. */
  readonly from?: number;
}

/** Options of one pass through the samples. */
export interface Pass {
  readonly batchSize: number;
  /** Counted from 0. */
  readonly epoch: number;
  /** Shuffles the samples; without it they keep their order. */
  readonly shuffle?: Generator;
  /** Leaves out a last batch with fewer than `batchSize` samples. */
  readonly dropLast?: boolean;
  /** The number of the first batch; 0 by default. */
  readonly from?: number;
  /** The rows of a batch of the given size that are read, if not all are needed. Batches may have more of them. */
  readonly rows?: RowRange;
}

/** The rows from one number to before another, of a batch of the given size. */
export type RowRange = (size: number) => readonly [from: number, to: number];

/** How a number of samples is divided into batches. */
export interface BatchCount {
  readonly batches: number;
  readonly lastBatchSize: number;
}

/** @throws ValueError if there is no batch. */
export function countBatches(
  operation: string,
  size: number,
  batchSize: number,
  dropLast: boolean,
): BatchCount {
  const rest = size % batchSize;
  if (rest === 0) return { batches: size / batchSize, lastBatchSize: batchSize };
  const batches = Math.floor(size / batchSize);
  if (!dropLast) return { batches: batches + 1, lastBatchSize: rest };
  if (batches > 0) return { batches, lastBatchSize: batchSize };
  throw new ValueError(
    `[${operation}] got dropLast with ${size} samples and batchSize ${batchSize}, which leaves no batch. Lower batchSize.`,
  );
}

/** Data that can be read batch by batch. */
export type Dataset = ArrayDataset | StreamDataset;

/** The values as a tensor with the samples along axis 0; typed arrays are not copied. */
export function sampleTensor(operation: string, what: string, values: SampleArray): Tensor {
  const t = reportAs(operation, () =>
    isShaped(values)
      ? tensor(values.data, { shape: values.shape, copy: false })
      : tensor(values, { copy: false }),
  );
  if (t.rank > 0) return t;
  throw new ShapeError(
    `[${operation}] ${what} is a single number, wanted an array with the samples along its first axis.`,
  );
}

function isShaped(values: SampleArray): values is ShapedArray {
  if (typeof values !== 'object' || values === null || values instanceof Tensor) return false;
  return 'data' in values && 'shape' in values && !('stride' in values);
}

/** Samples that are all in memory. */
export class ArrayDataset {
  readonly size: number;
  readonly x: Structure<RowBuffer>;
  readonly y: Structure<RowBuffer>;
  readonly weights: Structure<RowBuffer> | null;

  private constructor(
    size: number,
    x: Structure<RowBuffer>,
    y: Structure<RowBuffer>,
    weights: Structure<RowBuffer> | null,
  ) {
    this.size = size;
    this.x = x;
    this.y = y;
    this.weights = weights;
  }

  static async of(operation: string, samples: AnySamples): Promise<ArrayDataset> {
    const { size, x, y, sampleWeights } = await readSamples(operation, samples);
    if (size === 0) {
      throw new ValueError(`[${operation}] the data contain no samples: x has shape ${shapeOf(x)}.`);
    }
    const weights = sampleWeights && (await rowsOf(sampleWeights));
    for (const [name, { sum }] of weights ? itemsOf<RowBuffer>(weights) : []) {
      if (sum === 0)
        throw new ValueError(
          `[${operation}] ${nameIn('sampleWeights', name)} are all 0, so no sample counts.`,
        );
    }
    return new ArrayDataset(size, await rowsOf(x), await rowsOf(y), weights);
  }

  *batches({ batchSize, shuffle, dropLast = false, from: first = 0, rows }: Pass): IterableIterator<Batch> {
    const order = shuffle?.permutation(this.size);
    const end = dropLast ? this.size - batchSize + 1 : this.size;
    for (let from = first * batchSize; from < end; from += batchSize) {
      const to = Math.min(from + batchSize, this.size);
      const size = to - from;
      const [start, end] = rows?.(size) ?? [0, size];
      const pick = (all: RowBuffer, begin = from + start, until = from + end): RowBuffer =>
        order === undefined ? all.part(begin, until) : all.gather(order.subarray(begin, until));
      const weights = this.weights && mapItems(this.weights, (all) => pick(all, from, to));
      yield {
        x: mapItems(this.x, (all) => pick(all).toTensor()),
        y: mapItems(this.y, (all) => pick(all).toTensor()),
        from: start,
        ...weighted(size, weights, this.y, (all) => all.part(start, end)),
      };
    }
  }

  /** The samples before and from `at`. */
  split(at: number): [before: ArrayDataset, after: ArrayDataset] {
    const part = (from: number, to: number): ArrayDataset => {
      const pick = (rows: RowBuffer): RowBuffer => rows.part(from, to);
      const weights = this.weights && mapItems(this.weights, pick);
      return new ArrayDataset(to - from, mapItems(this.x, pick), mapItems(this.y, pick), weights);
    };
    return [part(0, at), part(at, this.size)];
  }
}

/** Batches from an iterable, in the order and sizes that it gives. */
export class StreamDataset {
  readonly #operation: string;
  readonly #source: AnySource;

  constructor(operation: string, source: AnySource) {
    this.#operation = operation;
    this.#source = source;
  }

  /** Whether the source is an iterator itself, which can be read only once. */
  get once(): boolean {
    return 'next' in this.#source;
  }

  get source(): AnySource {
    return this.#source;
  }

  /** As far as the source says. */
  get count(): Partial<BatchCount> {
    return typeof this.#source === 'function' ? this.#source : {};
  }

  async *batches({ epoch, from = 0 }: Pass): AsyncIterableIterator<Batch> {
    const operation = this.#operation;
    const source = this.#source;
    const generator = defaultGenerator();
    const before = generator.getState();
    let count = 0;
    let batches: unknown = source;
    if (typeof source === 'function') {
      if (source.seekable) count = from;
      batches = source(epoch, count);
    }
    if (!isIterable(batches)) {
      throw new ValueError(
        `[${operation}] the function gave ${describe(batches)} as data, wanted an iterable of batches { x, y }.`,
      );
    }
    for await (const samples of batches) {
      if (count < from) {
        // Read once more: what it draws has been drawn before.
        if (++count === from) generator.setState(before);
        continue;
      }
      if (typeof samples !== 'object' || samples === null || !('x' in samples) || !('y' in samples)) {
        throw new ValueError(
          `[${operation}] batch ${count} of the data is ${describe(samples)}, wanted { x, y } or { x, y, sampleWeights }.`,
        );
      }
      const { size, x, y, sampleWeights } = await readSamples(operation, samples);
      if (size === 0) {
        throw new ValueError(
          `[${operation}] batch ${count} of the data contains no samples: x has shape ${shapeOf(x)}. Leave it out.`,
        );
      }
      count++;
      yield { x, y, ...weighted(size, sampleWeights && (await rowsOf(sampleWeights)), y) };
    }
    if (count > 0 && count >= from) return;
    throw new ValueError(
      `[${operation}] the data gave ${count || 'no'} batches${from > 0 ? `, wanted at least ${from}` : ''}${epoch > 0 ? ` in epoch ${epoch + 1}` : ''}. If they can be read only ` +
        'once, pass a function that makes them again for each epoch: () => batches().',
    );
  }
}

/**
 * @throws DTypeError, ShapeError, ValueError if the data are neither samples nor batches, or do not fit together.
 */
export async function openDataset(operation: string, data: AnyData): Promise<Dataset> {
  if (typeof data === 'function') return new StreamDataset(operation, data);
  if (typeof data === 'object' && data !== null) {
    if ('x' in data && 'y' in data) return ArrayDataset.of(operation, data);
    if (isIterable(data)) return new StreamDataset(operation, data);
  }
  throw new ValueError(
    `[${operation}] got data ${describe(data)}, wanted { x, y }, an iterable of such batches, or a function that returns one.`,
  );
}

const isIterable = (value: unknown): value is BatchIterable<Tensors, Tensors> =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);

/** Samples as tensors. */
export interface SampleTensors {
  /** The number of samples. */
  readonly size: number;
  readonly x: Tensors;
  readonly y: Tensors;
  readonly sampleWeights: Tensors | null;
}

const sampleNames: Known<AnySamples> = { x: 0, y: 0, sampleWeights: 0 };

/** @throws ShapeError if the samples do not fit together. */
export function sampleTensors(operation: string, samples: AnySamples): SampleTensors {
  if (typeof samples !== 'object' || samples === null || !('x' in samples && 'y' in samples)) {
    throw new ValueError(
      `[${operation}] got ${describe(samples)} as samples, wanted { x, y } or { x, y, sampleWeights }.`,
    );
  }
  checkOptions(operation, samples, sampleNames);
  const x = tensorsOf(operation, 'x', samples.x);
  const y = tensorsOf(operation, 'y', samples.y);
  const count = countOf(operation, { x, y });
  if (samples.sampleWeights === undefined) return { size: count, x, y, sampleWeights: null };
  const given = tensorsOf(operation, 'sampleWeights', samples.sampleWeights);
  const sampleWeights = mapItems<Tensor, Tensor>(given, (weights, name) => {
    if (weights.shape[0] === count) return cast(weights, 'float32');
    throw new ShapeError(
      `[${operation}] ${nameIn('sampleWeights', name)} have shape ${show(weights.shape)}, wanted one weight per sample, [${count}], or position, [${count}, ...].`,
    );
  });
  return { size: count, x, y, sampleWeights };
}

/**
 * The number of samples.
 *
 * @throws ShapeError unless all tensors have as many.
 */
function countOf(operation: string, given: Readonly<Record<string, Tensors>>): number {
  const all = Object.entries(given).flatMap(([what, tensors]) =>
    itemsOf<Tensor>(tensors).map(([name, { shape }]) => [nameIn(what, name), shape] as const),
  );
  const [first, shape] = all[0]!;
  for (const [other, others] of all) {
    if (others[0] === shape[0]) continue;
    throw new ShapeError(
      `[${operation}] ${first} ${show(shape)} has ${shape[0]} samples, ${other} ${show(others)} has ${others[0]}. ` +
        'Their first axes must be equal.',
    );
  }
  return shape[0]!;
}

/**
 * The inputs of a model as tensors with the same number of samples.
 *
 * @throws ShapeError, DTypeError, ValueError for other values.
 */
export function inputTensors(operation: string, x: Structure<SampleArray>): Tensors {
  const tensors = tensorsOf(operation, 'x', x);
  countOf(operation, { x: tensors });
  return tensors;
}

/** The shape of x for an error, of the first input. */
const shapeOf = (x: Tensors): string => show(itemsOf(x)[0]![1].shape);

/** Whether arrays are given for several inputs or outputs. */
function isSeveral(values: unknown): values is Readonly<Record<string, SampleArray>> {
  if (Array.isArray(values)) {
    const first: unknown = values.find((item) => item !== undefined);
    // Rows of numbers are one array.
    return (
      typeof first === 'object' && first !== null && !Array.isArray(first) && numberArray(first) === null
    );
  }
  return isPlain(values) && !('data' in values && 'shape' in values);
}

/**
 * The values of all inputs or outputs as tensors.
 *
 * @throws ValueError if there are none.
 */
function tensorsOf(operation: string, what: string, values: unknown): Tensors {
  if (!isSeveral(values)) return sampleTensor(operation, what, values as SampleArray);
  const given = Object.entries<SampleArray | undefined>(values).filter(([, item]) => item !== undefined);
  if (given.length === 0)
    throw new ValueError(
      `[${operation}] got ${what} without arrays, wanted a tensor or a record of tensors.`,
    );
  // A tuple without some targets is a record with indices as names.
  const all: Structure<SampleArray> =
    Array.isArray(values) && given.length === values.length
      ? values
      : (Object.fromEntries(given) as Readonly<Record<string, SampleArray>>);
  return mapItems(all, (item, name) => sampleTensor(operation, nameIn(what, name), item));
}

/** The rows of all inputs or outputs. */
export async function rowsOf(tensors: Tensors): Promise<Structure<RowBuffer>> {
  const rows = new Map<string, RowBuffer>();
  for (const [name, t] of itemsOf<Tensor>(tensors)) rows.set(name, await RowBuffer.of(t));
  return mapItems<Tensor, RowBuffer>(tensors, (_, name) => rows.get(name)!);
}

/** @throws ValueError also if weights are negative or not finite. */
async function readSamples(operation: string, samples: AnySamples): Promise<SampleTensors> {
  const tensors = sampleTensors(operation, samples);
  if (tensors.sampleWeights !== null) await checkWeights(operation, tensors.sampleWeights);
  return tensors;
}

/** @throws ValueError if weights are negative or not finite. */
export async function checkWeights(operation: string, sampleWeights: Tensors): Promise<void> {
  for (const [name, weights] of itemsOf<Tensor>(sampleWeights))
    (await valuesOf(weights)).forEach((weight, i) => {
      if (weight >= 0 && weight < Number.POSITIVE_INFINITY) return;
      throw new ValueError(
        `[${operation}] ${nameIn('sampleWeights', name)}[${i}] is ${weight}, wanted a finite number that is not negative.`,
      );
    });
}

/** The size and the weights of a batch, whose rows are those that `pick` gives. */
export function weighted(
  size: number,
  weights: Structure<RowBuffer> | null,
  y: Structure<unknown>,
  pick = (rows: RowBuffer): RowBuffer => rows,
): Pick<Batch, 'sampleWeights' | 'size' | 'weight'> {
  if (weights === null) return { size, weight: size };
  const all = isGroup(weights) ? itemsOf(y).map(([name]) => itemOf<RowBuffer>(weights, name)) : [weights];
  let weight = 0;
  for (const rows of all) weight += rows === undefined ? size : rows.sum;
  const sampleWeights = mapItems<RowBuffer, Tensor>(weights, (rows) => pick(rows).toTensor());
  return { size, weight, sampleWeights };
}
