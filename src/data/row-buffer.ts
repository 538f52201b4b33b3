import { type DType, dtypes, type TypedArray } from '../ir/dtype.ts';
import { sizeOf } from '../ir/view.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Rows of at least this length are copied with `set`, shorter ones element by element. */
const LONG_ROW = 32;

/** The values of a tensor on the host, read and copied by rows: a row is what belongs to one index of axis 0. */
export class RowBuffer {
  readonly array: TypedArray;
  readonly count: number;
  readonly #dtype: DType;
  readonly #shape: Shape;
  readonly #width: number;

  private constructor(array: TypedArray, dtype: DType, count: number, shape: Shape) {
    this.array = array;
    this.#dtype = dtype;
    this.count = count;
    this.#shape = shape;
    this.#width = sizeOf(shape);
  }

  /** The rows of a tensor of rank 1 or more. Computes its values. */
  static async of(t: Tensor): Promise<RowBuffer> {
    return new RowBuffer(await valuesOf(t), t.dtype, t.shape[0]!, t.shape.slice(1));
  }

  /** The rows from `from` to before `to`, without a copy. */
  part(from: number, to: number): RowBuffer {
    const width = this.#width;
    const { array } = this;
    return new RowBuffer(array.subarray(from * width, to * width), this.#dtype, to - from, this.#shape);
  }

  /**
   * Copies rows in the given order. A batch of 512 rows of 784 float32 took 0.3 to 0.8 ms here and 7 ms with `take`
   * in the plan. Each batch is a new array: reusing one saves 0.3 ms, but would change tensors of earlier batches.
   */
  gather(order: Int32Array): RowBuffer {
    const width = this.#width;
    const { array } = this;
    const out = dtypes[this.#dtype].allocate(order.length * width);
    for (let i = 0; i < order.length; i++) {
      const from = order[i]! * width;
      if (width >= LONG_ROW) out.set(array.subarray(from, from + width), i * width);
      else for (let j = 0; j < width; j++) out[i * width + j] = array[from + j]!;
    }
    return new RowBuffer(out, this.#dtype, order.length, this.#shape);
  }

  /** The sum of all values. */
  get sum(): number {
    let sum = 0;
    for (let i = 0; i < this.array.length; i++) sum += this.array[i]!;
    return sum;
  }

  toTensor(): Tensor {
    return fromArray(this.array, [this.count, ...this.#shape], this.#dtype);
  }
}
