import type { DType } from '../../../ir/dtype.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import { firstLanes, isFourBytes, narrowed, storePartial, storeVector } from '../scalar/vector-access.ts';
import { type CombineRule, emitCombineLanes } from './combine.ts';

/** Consumes the values of points in order. */
export interface Sink {
  /** Takes four points, from point `4 * vector` on, counted from the current one. */
  put(values: readonly Local[], vector: number): void;
  /** Takes the first `count` (1 to 3) of four points. */
  putPartial(values: readonly Local[], count: Operand): void;
  /** Moves the current point on by `points`. */
  advance(points: Operand): void;
  /** At the begin and at the end of a row. */
  begin?(): void;
  end?(): void;
}

/** Advances an address by `points` elements. */
function move(code: Code, at: Local, dtype: DType, points: Operand): void {
  const bytes = typeof points === 'number' || !isFourBytes(dtype) ? points : code.op('i32.shl', points, 2);
  const step = typeof bytes === 'number' && isFourBytes(dtype) ? 4 * bytes : bytes;
  code.update(at, 'i32.add', at, step);
}

/** Where a sink stores the values of one expression. */
export interface StoreTarget {
  readonly dtype: DType;
  /** The address of the first element. */
  readonly address: Local;
  /** Gets bits other than 0 if a value is NaN or infinite; null if that is not checked. */
  readonly notFinite: Local | null;
}

/** Writes values to consecutive elements in memory. */
export class StoreSink implements Sink {
  readonly #code: Code;
  readonly #targets: readonly (Omit<StoreTarget, 'address'> & { readonly at: Local })[];

  constructor(code: Code, targets: readonly StoreTarget[]) {
    this.#code = code;
    this.#targets = targets.map(({ dtype, address, notFinite }) => ({
      dtype,
      at: code.copy(address),
      notFinite,
    }));
  }

  put(values: readonly Local[], vector: number): void {
    const vectors = this.#narrowed(values);
    this.#targets.forEach(({ dtype, at, notFinite }, i) => {
      if (notFinite !== null) this.#check(notFinite, vectors[i]!);
      storeVector(this.#code, dtype, at, vectors[i]!, (isFourBytes(dtype) ? 16 : 4) * vector);
    });
  }

  putPartial(values: readonly Local[], count: Operand): void {
    const vectors = this.#narrowed(values);
    this.#targets.forEach(({ dtype, at, notFinite }, i) => {
      if (notFinite !== null) this.#check(notFinite, firstLanes(this.#code, vectors[i]!, count));
      storePartial(this.#code, dtype, at, vectors[i]!, count);
    });
  }

  advance(points: Operand): void {
    for (const { dtype, at } of this.#targets) move(this.#code, at, dtype, points);
  }

  /** x - x is 0 for a finite x, else NaN. */
  #check(notFinite: Local, vector: Local): void {
    const difference = this.#code.op('f32x4.sub', vector, vector);
    this.#code.update(notFinite, 'v128.or', notFinite, difference);
  }

  #narrowed(values: readonly Local[]): Local[] {
    return this.#targets.map(({ dtype }, i) => narrowed(this.#code, dtype, values[i]!));
  }
}

/** Combines values, one after the other, with consecutive accumulators in memory; `at` is the address of the next one. */
export class AccumulateSink implements Sink {
  protected readonly code: Code;
  protected readonly at: Local;
  readonly #rule: CombineRule;

  constructor(code: Code, rule: CombineRule, address: Local) {
    this.code = code;
    this.at = code.copy(address);
    this.#rule = rule;
  }

  put(values: readonly Local[], vector: number): void {
    this.code.store('v128.store', this.at, this.#combined(values, 16 * vector), 16 * vector);
  }

  putPartial(values: readonly Local[], count: Operand): void {
    storePartial(this.code, 'int32', this.at, this.#combined(values, 0), count);
  }

  advance(points: Operand): void {
    move(this.code, this.at, 'int32', points);
  }

  #combined(values: readonly Local[], offset: number): Local {
    const { code } = this;
    return values.reduce((a, b) => this.#rule.combine(code, a, b), code.load('v128.load', [this.at], offset));
  }
}

/** Rows of `size` accumulators, `pitch` bytes apart, in `bytes` bytes. */
export interface AccumulatorRows {
  readonly size: number;
  readonly pitch: number;
  readonly bytes: number;
}

/** Combines rows of the values with these accumulators in turn. */
export class AccumulateRowsSink extends AccumulateSink {
  readonly #rows: AccumulatorRows;
  readonly #row: Local;
  readonly #first: Local;

  constructor(code: Code, rule: CombineRule, first: Local, rows: AccumulatorRows) {
    super(code, rule, first);
    this.#rows = rows;
    this.#first = first;
    this.#row = code.copy(first);
  }

  override advance(points: Operand): void {
    super.advance(points);
    const { code, at } = this;
    const { size, pitch, bytes } = this.#rows;
    const full = code.op('i32.eq', code.op('i32.sub', at, this.#row), 4 * size);
    code.if(full, () => {
      code.update(this.#row, 'i32.add', this.#row, pitch);
      const end = code.op('i32.add', this.#first, bytes);
      code.if(code.op('i32.eq', this.#row, end), () => code.set(this.#row, this.#first));
      code.set(at, this.#row);
    });
  }
}

/**
 * Reduces each row in the order that `Reduce` defines for one chunk, and writes the results to consecutive addresses from
 * `to` on.
 */
export class FoldRowsSink implements Sink {
  readonly #code: Code;
  readonly #rule: CombineRule;
  readonly #to: Local;
  readonly #neutral: Local;
  /** Lanes 0 to 3 and 4 to 7; which is which changes with each single vector. */
  readonly #lanes: readonly [Local, Local];

  constructor(code: Code, rule: CombineRule, to: Local) {
    this.#code = code;
    this.#rule = rule;
    this.#to = code.copy(to);
    this.#neutral = code.literal(rule.identity);
    this.#lanes = [code.local('v128'), code.local('v128')];
  }

  begin(): void {
    for (const lanes of this.#lanes) this.#code.set(lanes, this.#neutral);
  }

  put([value]: readonly Local[], vector: number): void {
    const lanes = this.#lanes[vector % 2]!;
    this.#code.set(lanes, this.#rule.combine(this.#code, lanes, value!));
  }

  putPartial([value]: readonly Local[], count: Operand): void {
    this.put([firstLanes(this.#code, value!, count, this.#neutral)], 0);
  }

  advance(points: Operand): void {
    if (points !== 4) return;
    const [low, high] = this.#lanes;
    const first = this.#code.copy(low);
    this.#code.set(low, high);
    this.#code.set(high, first);
  }

  end(): void {
    const code = this.#code;
    const result = emitCombineLanes(code, this.#rule, this.#rule.combine(code, ...this.#lanes));
    code.storeLane('v128.store32_lane', 0, this.#to, result);
    code.update(this.#to, 'i32.add', this.#to, 4);
  }
}
