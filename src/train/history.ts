/** The results of training: one number per epoch for each result. */
export class History {
  /**
   * One number for each entry of `epochs`, by name: `loss`, the names of the metrics, the same with the prefix `val_` if
   * there are validation data, and results that callbacks have added.
   */
  readonly history: Record<string, number[]> = {};
  /** The finished epochs, counted from 0. */
  readonly epochs: number[] = [];
  /** Why training stopped before the last epoch, if it did. */
  stopped?: string;

  /** @internal Adds an epoch. Missing values are NaN. */
  record(epoch: number, values: Readonly<Record<string, number>>): void {
    const before = this.epochs.length;
    this.epochs.push(epoch);
    for (const [name, value] of Object.entries(values)) {
      this.history[name] ??= new Array<number>(before).fill(Number.NaN);
      this.history[name].push(value);
    }
    for (const column of Object.values(this.history)) if (column.length === before) column.push(Number.NaN);
  }
}
