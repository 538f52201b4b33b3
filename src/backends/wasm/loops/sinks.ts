import type { DType } from '../../../ir/dtype.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import { isFourBytes, narrowed, storePartial, storeVector } from '../scalar/vector-access.ts';
import type { CombineRule } from './combine.ts';

/** Consumes the values of points in order. */
export interface Sink {
  /** Takes four points, from point `4 * vector` on, counted from the current one. */
  put(values: readonly Local[], vector: number): void;
  /** Takes the first `count` (1 to 3) of four points. */
  putPartial(values: readonly Local[], count: Operand): void;
  /** Moves the current point on by `points`. */
  advance(points: Operand): void;
}

/** Advances an address by `points` elements. */
function move(code: Code, at: Local, dtype: DType, points: Operand): void {
  const bytes = typeof points === 'number' || !isFourBytes(dtype) ? points : code.op('i32.shl', points, 2);
  const step = typeof bytes === 'number' && isFourBytes(dtype) ? 4 * bytes : bytes;
  code.update(at, 'i32.add', at, step);
}

/** Writes values to consecutive elements in memory; `address` is the address of the first one. */
export class StoreSink implements Sink {
  readonly #code: Code;
  readonly #targets: readonly { readonly dtype: DType; readonly at: Local }[];

  constructor(code: Code, targets: readonly { readonly dtype: DType; readonly address: Local }[]) {
    this.#code = code;
    this.#targets = targets.map(({ dtype, address }) => ({ dtype, at: code.copy(address) }));
  }

  put(values: readonly Local[], vector: number): void {
    const vectors = this.#narrowed(values);
    this.#targets.forEach(({ dtype, at }, i) => {
      storeVector(this.#code, dtype, at, vectors[i]!, (isFourBytes(dtype) ? 16 : 4) * vector);
    });
  }

  putPartial(values: readonly Local[], count: Operand): void {
    const vectors = this.#narrowed(values);
    this.#targets.forEach(({ dtype, at }, i) => {
      storePartial(this.#code, dtype, at, vectors[i]!, count);
    });
  }

  advance(points: Operand): void {
    for (const { dtype, at } of this.#targets) move(this.#code, at, dtype, points);
  }

  #narrowed(values: readonly Local[]): Local[] {
    return this.#targets.map(({ dtype }, i) => narrowed(this.#code, dtype, values[i]!));
  }
}

/** Combines values with consecutive accumulators in memory; `at` is the address of the next one. */
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

  #combined([value]: readonly Local[], offset: number): Local {
    return this.code.op(this.#rule.op, this.code.load('v128.load', [this.at], offset), value!);
  }
}

/** `count` rows of `size` accumulators, `pitch` bytes apart. */
export interface AccumulatorRows {
  readonly size: number;
  readonly pitch: number;
  readonly count: number;
}

/** Combines row number r of the values with accumulator row r modulo `count`. */
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
    const { size, pitch, count } = this.#rows;
    const full = code.op('i32.eq', code.op('i32.sub', at, this.#row), 4 * size);
    code.if(full, () => {
      code.update(this.#row, 'i32.add', this.#row, pitch);
      const end = code.op('i32.add', this.#first, count * pitch);
      code.if(code.op('i32.eq', this.#row, end), () => code.set(this.#row, this.#first));
      code.set(at, this.#row);
    });
  }
}
