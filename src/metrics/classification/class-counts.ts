import type { ClassPairs } from './class-pairs.ts';
import type { LabelPairs } from './label-pairs.ts';

/** Weighted counts per class, from which precision, recall, F1 and the report are computed. */
export class ClassCounts {
  /** Samples of the class that were predicted as the class. */
  readonly hits: Float64Array;
  /** Samples of the class. */
  readonly truth: Float64Array;
  /** Samples predicted as the class. */
  readonly predicted: Float64Array;
  /** 1 for each class that is the label or the prediction of a sample with any weight. */
  readonly seen: Uint8Array;

  constructor(size: number) {
    this.hits = new Float64Array(size);
    this.truth = new Float64Array(size);
    this.predicted = new Float64Array(size);
    this.seen = new Uint8Array(size);
  }

  add({ truth, predicted }: ClassPairs, weights: ArrayLike<number> | undefined): void {
    for (let i = 0; i < truth.length; i++) {
      const t = truth[i]!;
      const p = predicted[i]!;
      const weight = weights?.[i] ?? 1;
      this.truth[t]! += weight;
      this.predicted[p]! += weight;
      if (t === p) this.hits[t]! += weight;
      this.seen[t] = 1;
      this.seen[p] = 1;
    }
  }

  /** Adds samples that have any number of classes: 0 or 1 for each sample and class. */
  addLabels({ truth, predicted }: LabelPairs, weights: ArrayLike<number> | undefined): void {
    const classes = this.seen.length;
    for (let i = 0; i < truth.length; i++) {
      const c = i % classes;
      const weight = weights?.[(i - c) / classes] ?? 1;
      this.truth[c]! += weight * truth[i]!;
      this.predicted[c]! += weight * predicted[i]!;
      this.hits[c]! += weight * truth[i]! * predicted[i]!;
      this.seen[c] = 1;
    }
  }

  /** The indices of all classes seen so far, in order. */
  present(): number[] {
    const indices: number[] = [];
    this.seen.forEach((flag, index) => {
      if (flag === 1) indices.push(index);
    });
    return indices;
  }
}
