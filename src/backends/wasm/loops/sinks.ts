import type { DType } from '../../../ir/dtype.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import { isWide, packed, storeSome, storeVector } from '../scalar/lanes.ts';
import type { Fold } from './fold.ts';

/** Takes the values of points, in their order. */
export interface Sink {
  /** Four points: those from `4 * vector` on, counted from the present one. */
  put(values: readonly Local[], vector: number): void;
  /** The first `count` (1 to 3) of four points. */
  putSome(values: readonly Local[], count: Operand): void;
  /** So many points have been put. */
  advance(points: Operand): void;
}

/** Moves an address by elements. */
function move(code: Code, at: Local, dtype: DType, points: Operand): void {
  const bytes = typeof points === 'number' || !isWide(dtype) ? points : code.op('i32.shl', points, 2);
  const step = typeof bytes === 'number' && isWide(dtype) ? 4 * bytes : bytes;
  code.update(at, 'i32.add', at, step);
}

/** Writes values to memory, element after element; `address` is where the first one goes. */
export class StoreSink implements Sink {
  readonly #code: Code;
  readonly #targets: readonly { readonly dtype: DType; readonly at: Local }[];

  constructor(code: Code, targets: readonly { readonly dtype: DType; readonly address: Local }[]) {
    this.#code = code;
    this.#targets = targets.map(({ dtype, address }) => ({ dtype, at: code.copy(address) }));
  }

  put(values: readonly Local[], vector: number): void {
    const vectors = this.#packed(values);
    this.#targets.forEach(({ dtype, at }, i) => {
      storeVector(this.#code, dtype, at, vectors[i]!, (isWide(dtype) ? 16 : 4) * vector);
    });
  }

  putSome(values: readonly Local[], count: Operand): void {
    const vectors = this.#packed(values);
    this.#targets.forEach(({ dtype, at }, i) => {
      storeSome(this.#code, dtype, at, vectors[i]!, count);
    });
  }

  advance(points: Operand): void {
    for (const { dtype, at } of this.#targets) move(this.#code, at, dtype, points);
  }

  #packed(values: readonly Local[]): Local[] {
    return this.#targets.map(({ dtype }, i) => packed(this.#code, dtype, values[i]!));
  }
}

/** Joins values to those in memory, one after the other; `at` is where the next one goes. */
export class JoinSink implements Sink {
  protected readonly code: Code;
  protected readonly at: Local;
  readonly #fold: Fold;

  constructor(code: Code, fold: Fold, address: Local) {
    this.code = code;
    this.at = code.copy(address);
    this.#fold = fold;
  }

  put(values: readonly Local[], vector: number): void {
    this.code.store('v128.store', this.at, this.#joined(values, 16 * vector), 16 * vector);
  }

  putSome(values: readonly Local[], count: Operand): void {
    storeSome(this.code, 'int32', this.at, this.#joined(values, 0), count);
  }

  advance(points: Operand): void {
    move(this.code, this.at, 'int32', points);
  }

  #joined([value]: readonly Local[], offset: number): Local {
    return this.code.op(this.#fold.op, this.code.load('v128.load', [this.at], offset), value!);
  }
}

/** Some rows of `size` values, `pitch` bytes apart. */
export interface Rows {
  readonly size: number;
  readonly pitch: number;
  readonly count: number;
}

/** Joins rows of values to rows in memory, in turn; after the last one comes the first again. */
export class RowsSink extends JoinSink {
  readonly #rows: Rows;
  readonly #row: Local;
  readonly #first: Local;

  constructor(code: Code, fold: Fold, first: Local, rows: Rows) {
    super(code, fold, first);
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
