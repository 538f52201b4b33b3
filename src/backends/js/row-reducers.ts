import type { ScalarType } from '../../ir/dtype.ts';
import type { Reducer } from '../../ir/kernel.ts';
import { type LaneRule, laneRules } from './lane-rules.ts';
import type { Precision } from './precision.ts';
import type { ElementwiseLoop, Register } from './registers.ts';

/** Chunk length and lanes in the order of accumulation of `Reduce`. */
const CHUNK = 4096;
const LANES = 8;

/** Reduces one row of numbers. It takes them in parts whose lengths, except the last, are multiples of 8. */
export interface RowReducer {
  reset(): void;
  take(n: number, x: Register, from: number): void;
  finish(): number;
}

/** Reduces `width` columns at once, in the order of accumulation of `Reduce`. */
export class ColumnReducer implements RowReducer {
  readonly #width: number;
  readonly #rule: LaneRule;
  readonly #combine: ElementwiseLoop;
  readonly #lanes: Register;
  readonly #lane: Register[];
  /** The upper halves of 8, 4 and 2 lanes. */
  readonly #upper: Register[];
  /** Level l holds the result of 2^l adjacent chunks if bit l of the number of chunks is set. */
  readonly #levels: Register[] = [];
  #chunks = 0;
  #rows = 0;

  constructor(reducer: Reducer, type: ScalarType, width: number, precision: Precision) {
    const rule = reducer === 'argmax' || reducer === 'argmin' ? undefined : laneRules[type][reducer];
    if (rule === undefined) throw new Error(`[js] ${reducer} is not a reduction of ${type}`);
    this.#width = width;
    this.#rule = rule;
    this.#combine = precision.loops[type][rule.combine]!;
    this.#lanes = precision.registers.make(type, LANES * width);
    this.#lane = Array.from({ length: LANES }, (_, l) => this.#lanes.subarray(l * width, (l + 1) * width));
    this.#upper = [4, 2, 1].map((half) => this.#lanes.subarray(half * width));
  }

  reset(): void {
    this.#lanes.fill(this.#rule.identity);
    this.#chunks = 0;
    this.#rows = 0;
  }

  /** Takes n elements; for a single column. */
  take(n: number, x: Register, from: number): void {
    this.#rule.accumulate(n, this.#lanes, x, from);
    this.#count(n);
  }

  /** Takes one row of all columns. */
  takeRow(x: Register): void {
    const lane = this.#lane[this.#rows % LANES]!;
    this.#combine(this.#width, lane, lane, x, x);
    this.#count(1);
  }

  finish(): number {
    return this.finishAll()[0]!;
  }

  finishAll(): Register {
    if (this.#chunks === 0) return this.#combineLanes();
    if (this.#rows > 0) this.#closeChunk();
    let result: Register | null = null;
    for (let level = 0; this.#chunks >> level > 0; level++) {
      if (((this.#chunks >> level) & 1) === 0) continue;
      const part = this.#levels[level]!;
      if (result !== null) this.#combine(this.#width, part, part, result, result);
      result = part;
    }
    return result!;
  }

  #count(n: number): void {
    this.#rows += n;
    if (this.#rows === CHUNK) this.#closeChunk();
  }

  #combineLanes(): Register {
    for (let i = 0, half = LANES / 2; i < 3; i++, half /= 2) {
      const upper = this.#upper[i]!;
      this.#combine(half * this.#width, this.#lanes, this.#lanes, upper, upper);
    }
    return this.#lane[0]!;
  }

  #closeChunk(): void {
    const result = this.#combineLanes();
    let level = 0;
    for (; (this.#chunks >> level) & 1; level++) {
      this.#combine(this.#width, result, this.#levels[level]!, result, result);
    }
    this.#levels[level] ??= result.slice();
    this.#levels[level]!.set(result);
    this.#chunks++;
    this.#rows = 0;
    this.#lanes.fill(this.#rule.identity);
  }
}

/** Finds the index of the first extremum of a row; a NaN is the extremum. */
export class ArgReducer implements RowReducer {
  readonly #sign: number;
  #count = 0;
  #best = 0;
  #at = 0;

  constructor(reducer: 'argmax' | 'argmin') {
    this.#sign = reducer === 'argmax' ? 1 : -1;
  }

  reset(): void {
    this.#count = 0;
    this.#best = Number.NEGATIVE_INFINITY;
    this.#at = 0;
  }

  take(n: number, x: Register, from: number): void {
    let best = this.#best;
    let at = this.#at;
    for (let i = 0; i < n; i++) {
      const value = this.#sign * x[from + i]!;
      if (value > best || (Number.isNaN(value) && !Number.isNaN(best))) {
        best = value;
        at = this.#count + i;
      }
    }
    this.#best = best;
    this.#at = at;
    this.#count += n;
  }

  finish(): number {
    return this.#at;
  }
}
