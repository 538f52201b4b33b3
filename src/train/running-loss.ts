import type { LossTerm } from '../losses/loss-terms.ts';
import { Mean } from '../metrics/metric.ts';
import type { Objective } from './objective.ts';

/** A loss over the batches so far, as if their samples were one batch. */
export class RunningLoss {
  /** The mean over samples. */
  readonly samples = new Mean();
  /** The mean of each term that is divided by a weight. A term whose weight was 0 so far has none. */
  readonly means: Mean[] = [];
  /** The terms that are not divided. */
  sum = 0;

  /**
   * Adds a batch.
   *
   * @param terms `lossTerms` of the loss, computed.
   * @param weight the sum of the samples' weights.
   */
  async add(loss: number, terms: readonly LossTerm[], weight: number): Promise<void> {
    let rest = loss;
    for (const [i, term] of terms.entries()) {
      const value = (await term.value.data())[0]!;
      rest -= value;
      if (term.weight === null) {
        this.sum += value;
      } else {
        const divisor = (await term.weight.data())[0]!;
        if (divisor === 0) {
          if (value === 0) continue; // of an output for which no sample counts
          return; // 0 / 0: no sample counts
        }
        this.means[i] ??= new Mean();
        this.means[i].add(value, divisor);
      }
    }
    this.samples.add(rest, weight);
  }

  result(): number {
    return this.means.reduce((sum, mean) => sum + mean.result(), this.samples.result() + this.sum);
  }
}

/** `loss` and the losses of several outputs over the batches so far. */
export class RunningLosses {
  readonly byName = new Map([['loss', new RunningLoss()]]);

  /**
   * Adds a batch.
   *
   * @param objective its losses, computed. @param weight the sum of the samples' weights.
   */
  async add({ reported }: Pick<Objective, 'reported'>, weight: number): Promise<void> {
    for (const { name, value, terms } of reported) {
      const running = this.byName.get(name) ?? new RunningLoss();
      this.byName.set(name, running);
      await running.add((await value.data())[0]!, terms, weight);
    }
  }

  results(): Record<string, number> {
    return Object.fromEntries([...this.byName].map(([name, loss]) => [name, loss.result()]));
  }
}
