import { refusal } from '../../ir/arguments.ts';
import { ShapeError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { type Batch, isColumn, type Values } from '../input.ts';
import { type MetricOptions, SampleMean } from '../metric.ts';

// Metrics of the classes of positions, such as the steps of sequences and the pixels of images.

/** Options of metrics of classes. */
export interface ClassMetricOptions extends MetricOptions {
  /**
   * A class number whose labels do not count, such as -100 for padding, as in `softmaxCrossEntropy`; for labels that are class
   * indices. None by default.
   */
  readonly ignoreIndex?: number;
}

/** A metric that is the mean of one value per sample or position. */
export abstract class ClassMean extends SampleMean {
  readonly ignoreIndex: number | undefined;

  constructor(kind: string, name: string, ignoreIndex: number | undefined) {
    checkIgnoreIndex(kind, ignoreIndex);
    super(name);
    this.ignoreIndex = ignoreIndex;
  }

  /** @internal */
  protected override arrange(batch: Batch): Batch {
    return countedPositions(this.name, batch, this.ignoreIndex);
  }
}

export function checkIgnoreIndex(operation: string, ignoreIndex: number | undefined): void {
  if (ignoreIndex === undefined || Number.isInteger(ignoreIndex)) return;
  throw refusal(operation, 'ignoreIndex', ignoreIndex, 'a whole number');
}

/** A batch with a sample for each position whose label is not to be ignored. */
export function countedPositions(operation: string, batch: Batch, ignoreIndex: number | undefined): Batch {
  const all = withoutPositions(batch);
  if (ignoreIndex === undefined) return all;
  const { labels, predictions, samples, weights } = all;
  if (!isColumn(labels)) {
    throw new ShapeError(
      `[${operation}] labels have shape ${show(labels.shape)}, wanted class indices [N] or [N, ...] with ignoreIndex.`,
    );
  }
  const kept: number[] = [];
  for (let i = 0; i < samples; i++) if (labels.data[i] !== ignoreIndex) kept.push(i);
  if (kept.length === samples) return all;
  const rows = ({ data, shape }: Values): Values => {
    const width = data.length / samples;
    return {
      shape: [kept.length, ...shape.slice(1)],
      data: Float64Array.from(
        { length: kept.length * width },
        (_, i) => data[kept[Math.floor(i / width)]! * width + (i % width)]!,
      ),
    };
  };
  return {
    samples: kept.length,
    labels: rows(labels),
    predictions: rows(predictions),
    weights: weights && kept.map((i) => weights[i]!),
  };
}

/**
 * A batch whose samples have several positions, such as pixels, as a batch with a sample for each: scores `[N, ..., C]` or
 * class indices `[N, ...]`, and class indices `[N, ...]` as labels.
 */
function withoutPositions(batch: Batch): Batch {
  const { labels, predictions, samples, weights } = batch;
  const [rank, scoreRank] = [labels.shape.length, predictions.shape.length];
  if (scoreRank < 3 || (scoreRank !== rank && scoreRank !== rank + 1)) return batch;
  const count = labels.data.length;
  if (labels.shape.some((n, i) => n !== predictions.shape[i])) return batch;
  const perSample = count / samples;
  return {
    samples: count,
    labels: { shape: [count], data: labels.data },
    predictions: {
      shape: scoreRank === rank ? [count] : [count, predictions.shape.at(-1)!],
      data: predictions.data,
    },
    weights: weights && Float64Array.from({ length: count }, (_, i) => weights[Math.floor(i / perSample)]!),
  };
}
