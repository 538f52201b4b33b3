import { describe } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { rowMajorStrides, sizeOf } from '../ir/view.ts';
import { rowMajor } from '../tensor/border.ts';
import { show } from '../tensor/shape.ts';

/** An `ndarray`, or a plain object with the same fields. Without `stride` the data are contiguous and row-major. */
export interface StridedArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | { readonly length: number; get(index: number): number };
  readonly stride?: readonly number[];
  readonly offset?: number;
}

/** The input of a metric: a Tensor, an `ndarray`, an array or typed array of `N` numbers, or `N` rows of numbers. */
export type MetricInput =
  | { readonly shape: readonly number[]; data(): Promise<ArrayLike<number>> }
  | StridedArray
  | ArrayLike<number>
  | ArrayLike<ArrayLike<number>>;

/** The input of metric functions: as `MetricInput`, for Tensors whose values can be read synchronously. */
export type SyncMetricInput =
  | { readonly shape: readonly number[]; dataSync(): ArrayLike<number> }
  | StridedArray
  | ArrayLike<number>
  | ArrayLike<ArrayLike<number>>;

/** Values in row-major order. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** One batch of `samples` samples; `weights` are finite, not negative, and one per sample. */
export interface Batch {
  readonly samples: number;
  readonly predictions: Values;
  readonly labels: Values;
  readonly weights: ArrayLike<number> | undefined;
}

/** What a metric was given: a batch whose weights may be those of positions, `[N, ...]`. */
export interface GivenBatch extends Omit<Batch, 'weights'> {
  readonly weights: Values | undefined;
}

export async function readGiven(
  operation: string,
  predictions: MetricInput,
  labels: MetricInput,
  sampleWeights: MetricInput | undefined,
): Promise<GivenBatch> {
  const [p, l, w] = await Promise.all([
    readArray(operation, 'predictions', predictions),
    readArray(operation, 'labels', labels),
    sampleWeights === undefined ? undefined : readArray(operation, 'sampleWeights', sampleWeights),
  ]);
  return checked(operation, p, l, w);
}

export async function readBatch(
  operation: string,
  predictions: MetricInput,
  labels: MetricInput,
  sampleWeights: MetricInput | undefined,
): Promise<Batch> {
  return weightedSamples(operation, await readGiven(operation, predictions, labels, sampleWeights));
}

export function readBatchSync(
  operation: string,
  predictions: SyncMetricInput,
  labels: SyncMetricInput,
  sampleWeights: SyncMetricInput | undefined,
): Batch {
  const given = checked(
    operation,
    readSync(operation, 'predictions', predictions),
    readSync(operation, 'labels', labels),
    sampleWeights === undefined ? undefined : readSync(operation, 'sampleWeights', sampleWeights),
  );
  return weightedSamples(operation, given);
}

/** Whether the shape is `[N]` or `[N, 1]`: one number per sample. */
export function isColumn({ shape }: Values): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

function checked(
  operation: string,
  predictions: Values,
  labels: Values,
  weights: Values | undefined,
): GivenBatch {
  const samples = predictions.shape[0];
  if (samples === undefined || labels.shape.length === 0) {
    throw new ShapeError(
      `[${operation}] predictions ${show(predictions.shape)} and labels ${show(labels.shape)}, ` +
        'wanted the samples along axis 0 of both. Reshape a scalar to [1].',
    );
  }
  if (labels.shape[0] !== samples) {
    throw new ShapeError(
      `[${operation}] ${samples} predictions but ${labels.shape[0]} labels. Pass one label per prediction.`,
    );
  }
  if (weights !== undefined) checkWeights(operation, weights);
  return { samples, predictions, labels, weights };
}

function checkWeights(operation: string, { data }: Values): void {
  for (let i = 0; i < data.length; i++) {
    const weight = data[i]!;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new ValueError(
        `[${operation}] sampleWeights[${i}] is ${weight}, wanted a finite number that is not negative. ` +
          'Use the weight 0 for samples that should not count.',
      );
    }
  }
}

/** The batch with a weight for each sample. Where each position has one, every position becomes a sample. */
export function weightedSamples(operation: string, given: GivenBatch): Batch {
  const { samples, predictions, labels, weights } = given;
  if (weights === undefined || hasSampleWeights(given)) return { ...given, weights: weights?.data };
  const axes = weights.shape.length;
  const perPosition = ({ shape, data }: Values): Values => {
    if (axes < 2 || weights.shape.some((n, axis) => n !== shape[axis]))
      throw new ShapeError(
        `[${operation}] got sampleWeights of shape ${show(weights.shape)} for ${samples} samples. ` +
          `Pass one weight per sample, shape [${samples}]${shape.length > 1 ? `, or per position, the first axes of ${show(shape)}` : ''}.`,
      );
    return { shape: [weights.data.length, ...shape.slice(axes)], data };
  };
  return {
    samples: weights.data.length,
    predictions: perPosition(predictions),
    labels: perPosition(labels),
    weights: weights.data,
  };
}

/** Whether there is one weight for each sample. */
export const hasSampleWeights = ({ samples, weights }: GivenBatch): boolean =>
  weights !== undefined && isColumn(weights) && weights.shape[0] === samples;

export async function readArray(operation: string, what: string, input: MetricInput): Promise<Values> {
  checkInput(operation, what, input);
  if (!('shape' in input)) return fromRows(operation, what, input);
  if (typeof input.data !== 'function') return fromStrided(operation, what, { ...input, data: input.data });
  return fromStrided(operation, what, { shape: input.shape, data: await input.data() });
}

function readSync(operation: string, what: string, input: SyncMetricInput): Values {
  checkInput(operation, what, input);
  if (!('shape' in input)) return fromRows(operation, what, input);
  if (!('dataSync' in input)) return fromStrided(operation, what, input);
  return fromStrided(operation, what, { shape: input.shape, data: input.dataSync() });
}

/** @throws ValueError unless it has a shape and data, or is an array of numbers or of rows of numbers. */
function checkInput(operation: string, what: string, input: unknown): void {
  if (typeof input === 'object' && input !== null) {
    const { shape, data, length } = input as { shape?: unknown; data?: unknown; length?: unknown };
    if (Array.isArray(shape) ? Object(data) === data : typeof length === 'number') return;
  }
  throw new ValueError(
    `[${operation}] got ${what} ${describe(input)}, wanted a Tensor, an array of numbers, or an array of rows.`,
  );
}

function fromRows(
  operation: string,
  what: string,
  rows: ArrayLike<number> | ArrayLike<ArrayLike<number>>,
): Values {
  if (isFlat(rows)) return { shape: [rows.length], data: rows };
  const width = rows[0]?.length;
  if (typeof width !== 'number') {
    throw new ValueError(
      `[${operation}] got ${what}[0] ${describe(rows[0])}, wanted a number or a row of numbers.`,
    );
  }
  const data = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row?.length !== width) {
      throw new ShapeError(
        `[${operation}] ${what}[${i}] has ${row?.length ?? 'no'} values, but ${what}[0] has ${width}. ` +
          'Make all rows the same length.',
      );
    }
    data.set(row, i * width);
  }
  return { shape: [rows.length, width], data };
}

function isFlat(rows: ArrayLike<number> | ArrayLike<ArrayLike<number>>): rows is ArrayLike<number> {
  return rows.length === 0 || typeof rows[0] !== 'object';
}

function fromStrided(operation: string, what: string, input: StridedArray): Values {
  const { shape, data, stride = rowMajorStrides(shape), offset = 0 } = input;
  const size = sizeOf(shape);
  if (input.stride === undefined && offset + size !== data.length) {
    throw new ShapeError(
      `[${operation}] ${what} of shape ${show(shape)} needs ${size} values, but the data has ${data.length} ` +
        `(offset ${offset}). Pass a shape that fits the data.`,
    );
  }
  return { shape, data: rowMajor(operation, what, { shape, data, stride, offset }) };
}
