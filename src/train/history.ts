/** What came of a training: one number per epoch of everything that was followed. */
export class History {
  /**
   * By name, one number for each entry of `epochs`: `loss`, the names of the metrics, the same with `val_`
   * before them where validation data were given, and what callbacks added.
   */
  readonly history: Record<string, number[]> = {};
  /** The epochs that are over, counted from 0. */
  readonly epochs: number[] = [];
  /** Why training stopped before its last epoch, if it did. */
  stopped?: string;

  /** @internal Adds an epoch. Where a value is missing, or was missing before, NaN stands for it. */
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
