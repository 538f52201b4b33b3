import type { DType } from '../../src/ir/dtype.ts';
import { dtypes } from '../../src/ir/dtype.ts';
import { sizeOf } from '../../src/ir/view.ts';
import { fromArray } from '../../src/tensor/creation.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { Domain } from './domains.ts';

/**
 * Turns a list of numbers into decisions: what to call an operation with. A generator of lists then generates calls, and a
 * shorter list, or smaller numbers in it, make a simpler call; where the list ends every decision is the first possible one.
 */
export abstract class Draw {
  private readonly choices: readonly number[];
  private next = 0;

  constructor(choices: readonly number[]) {
    this.choices = choices;
  }

  /** A tensor of numbers, of any data type unless gradients are wanted. `domain` keeps away from kinks and poles. */
  abstract number(shape: readonly number[], domain: Domain): Tensor;
  abstract float(shape: readonly number[], domain: Domain): Tensor;
  abstract bool(shape: readonly number[]): Tensor;
  /** A data type for a result. */
  abstract dtype(): DType;
  /** A shape with so many axes; none of size 0 where that is asked for. */
  abstract shape(leastRank?: number, mostRank?: number, nonEmpty?: boolean): number[];

  /** A whole number from `least` to `most`. */
  integer(least: number, most: number): number {
    const choice = this.choices[this.next++] ?? 0;
    return least + (choice % (most - least + 1));
  }

  pick<T>(options: readonly T[]): T {
    return options[this.integer(0, options.length - 1)]!;
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.integer(0, n - 1) === n - 1;
  }

  /** Some of the elements, in order. */
  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.oneIn(2));
  }

  shuffled<T>(list: readonly T[]): T[] {
    const rest = [...list];
    return list.map(() => rest.splice(this.integer(0, rest.length - 1), 1)[0]!);
  }

  /** A shape that broadcasts to the given one. */
  part(shape: readonly number[]): number[] {
    const how = this.integer(0, 4);
    if (how === 3) return shape.map((d) => (this.oneIn(2) ? 1 : d));
    if (how === 4) return shape.slice(this.integer(0, shape.length));
    return [...shape];
  }

  /** Either nothing, one axis or several, negative or not. */
  axes(rank: number): number | number[] | undefined {
    const how = this.integer(0, 2);
    if (how === 0 || rank === 0) return undefined;
    if (how === 1) return this.axis(rank);
    return this.shuffled(this.some(Array.from({ length: rank }, (_, i) => (this.oneIn(2) ? i - rank : i))));
  }

  axis(rank: number): number {
    return this.integer(0, 2 * rank - 1) - rank;
  }

  /** Indices of an axis of that size. */
  indices(shape: readonly number[], size: number, negative = true): Tensor {
    const dtype = negative || size > 256 || this.oneIn(2) ? 'int32' : 'uint8';
    const from = negative ? -size : 0;
    const data = dtypes[dtype].allocate(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = this.integer(from, size - 1);
    return fromArray(data, shape, dtype);
  }

  /** Random numbers in [0, 1). */
  protected random(): () => number {
    let state = this.integer(0, 0x7fffffff);
    // mulberry32
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  protected values(size: number, domain: Domain): Float32Array {
    const random = this.random();
    return Float32Array.from({ length: size }, (_, i) => domain(random, i));
  }
}

const sizes = [2, 3, 1, 4, 0, 5];

/** For gradcheck: every tensor is float32, made from a leaf of its own, and lies in its memory in some way or other. */
export class SmoothDraw extends Draw {
  readonly leaves: Tensor[] = [];

  number(shape: readonly number[], domain: Domain): Tensor {
    return this.float(shape, domain);
  }

  float(shape: readonly number[], domain: Domain): Tensor {
    const leaf = (of: readonly number[]): Tensor => {
      const t = fromArray(this.values(sizeOf(of), domain), of, 'float32');
      this.leaves.push(t);
      return t;
    };
    const [first = 1, ...rest] = shape;
    switch (this.integer(0, 5)) {
      case 1:
        return leaf([...shape].reverse()).transpose();
      case 2:
        return leaf(shape).flip();
      case 3:
        return shape.length === 0 ? leaf([]) : leaf([2 * first + 1, ...rest]).slice([1, null, 2]);
      case 4:
        return leaf(shape.map((d, i) => (i === 0 && d > 0 ? 1 : d))).broadcastTo(shape);
      case 5:
        return leaf([...shape, 2]).slice(...shape.map(() => null), 1);
      default:
        return leaf(shape);
    }
  }

  bool(shape: readonly number[]): Tensor {
    const random = this.random();
    return fromArray(
      Uint8Array.from({ length: sizeOf(shape) }, () => (random() < 0.5 ? 1 : 0)),
      shape,
      'bool',
    );
  }

  dtype(): DType {
    return 'float32';
  }

  shape(leastRank = 0, mostRank = 3, nonEmpty = false): number[] {
    const shape: number[] = [];
    const rank = this.integer(leastRank, mostRank);
    for (let axis = 0; axis < rank; axis++) {
      const d = this.pick(sizes);
      shape.push(nonEmpty && d === 0 ? 1 : sizeOf(shape) * d > 20 ? 1 : d);
    }
    return shape;
  }
}
