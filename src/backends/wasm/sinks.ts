import type { DType } from '../../ir/dtype.ts';
import type { Code, Local, Operand } from './assembler/code.ts';
import type { Fold } from './fold.ts';
import { isWide, packed, storeSome, storeVector } from './lanes.ts';

/** Takes the values of points, in their order. */
export interface Sink {
  /**
   * Four points, of which those beyond the end of the row (`left` are left in it) do not count. In a nest whose last points
   * come one by one (`single`), only the first counts where fewer than four are left.
   */
  take(values: readonly Local[], left: Local): void;
}

/** Writes values to memory, element after element; `address` is where the first one goes. */
export class StoreSink implements Sink {
  readonly #code: Code;
  readonly #targets: readonly { readonly dtype: DType; readonly at: Local }[];
  readonly #single: boolean;

  constructor(
    code: Code,
    targets: readonly { readonly dtype: DType; readonly address: Local }[],
    single: boolean,
  ) {
    this.#code = code;
    this.#targets = targets.map(({ dtype, address }) => ({ dtype, at: code.copy(address) }));
    this.#single = single;
  }

  take(values: readonly Local[], left: Local): void {
    const code = this.#code;
    const vectors = this.#targets.map(({ dtype }, i) => packed(code, dtype, values[i]!));
    const advance = (count: Operand): void => {
      for (const { dtype, at } of this.#targets) {
        const wide = isWide(dtype);
        const bytes =
          typeof count === 'number' ? count * (wide ? 4 : 1) : wide ? code.op('i32.shl', count, 2) : count;
        code.update(at, 'i32.add', at, bytes);
      }
    };
    code.if(
      code.op('i32.ge_s', left, 4),
      () => {
        this.#targets.forEach(({ dtype, at }, i) => {
          storeVector(code, dtype, at, vectors[i]!);
        });
        advance(4);
      },
      () => {
        const count = this.#single ? code.copy(1) : left;
        this.#targets.forEach(({ dtype, at }, i) => {
          storeSome(code, dtype, at, vectors[i]!, count);
        });
        advance(this.#single ? 1 : left);
      },
    );
  }
}

/** Joins values to those in memory, one after the other; `at` is where the next one goes. */
export class JoinSink implements Sink {
  protected readonly code: Code;
  protected readonly at: Local;
  readonly #fold: Fold;
  readonly #single: boolean;

  constructor(code: Code, fold: Fold, address: Local, single: boolean) {
    this.code = code;
    this.at = code.copy(address);
    this.#fold = fold;
    this.#single = single;
  }

  take([value]: readonly Local[], left: Local): void {
    const { code, at } = this;
    const joined = code.op(this.#fold.op, code.load('v128.load', [at]), value!);
    code.if(
      code.op('i32.ge_s', left, 4),
      () => {
        code.store('v128.store', at, joined);
        code.update(at, 'i32.add', at, 16);
      },
      () => {
        const count = this.#single ? code.copy(1) : left;
        storeSome(code, 'int32', at, joined, count);
        code.update(at, 'i32.add', at, code.op('i32.shl', count, 2));
      },
    );
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

  constructor(code: Code, fold: Fold, first: Local, rows: Rows, single: boolean) {
    super(code, fold, first, single);
    this.#rows = rows;
    this.#first = first;
    this.#row = code.copy(first);
  }

  override take(values: readonly Local[], left: Local): void {
    super.take(values, left);
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
