/** Has what a metric needs of a Tensor; counts how often it was read. */
export class FakeTensor {
  readonly shape: readonly number[];
  readonly #values: readonly number[];

  constructor(values: readonly number[], shape: readonly number[] = [values.length]) {
    this.#values = values;
    this.shape = shape;
  }

  async data(): Promise<Float32Array> {
    return this.dataSync();
  }

  dataSync(): Float32Array {
    return Float32Array.from(this.#values);
  }
}

/** Cuts `0 .. count - 1` into pieces at the given places; pieces may be empty. */
export function pieces(count: number, cuts: readonly number[]): [start: number, stop: number][] {
  const edges = [0, ...cuts.map((cut) => Math.min(cut, count)), count].sort((a, b) => a - b);
  return edges.slice(1).map((stop, i) => [edges[i]!, stop]);
}
