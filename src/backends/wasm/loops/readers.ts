import type { Expr } from '../../../ir/expr.ts';
import type { Code, Local } from '../assembler/code.ts';
import { loadLanes, loadSplat, loadVector } from '../scalar/lanes.ts';
import { f32x4, i32x4 } from '../scalar/literals.ts';
import type { Argument } from '../scalar/operations.ts';
import { SAME, type Stream, UP } from './streams.ts';

/** How the elements of a load are found. */
interface Reader {
  readonly stream: Stream;
  /** Where the present point's element is, but for the open indices. */
  readonly at: Local;
  /** Which of the computed indices are open: they change along the row. */
  readonly open: readonly number[];
  /** Is there one such index, which counts up through neighbours in memory? */
  readonly isRun: boolean;
  /** Are the other indices in range? */
  readonly valid: Local | null;
  /** At the present points: the values, or, where they are numbers or indices are open, what `at` is. */
  readonly lanes: Local;
}

/** The loads of a nest's expressions, along a row. */
export class Readers {
  /**
   * Is there anything that must not be read, or checked, beyond the end of a row? Then the last points come
   * one by one, each in all four lanes.
   */
  readonly single: boolean;
  /** What moves on from point to point, and by how much. */
  readonly moving = new Map<Local, number>();
  readonly #code: Code;
  readonly #streams: readonly Stream[];
  /** Of what is not the same all along the row: by the input, and by the load where indices are computed. */
  readonly #readers = new Map<number | Expr, Reader>();

  /** `varying` are the expressions that are not the same along a row. */
  constructor(
    code: Code,
    streams: readonly Stream[],
    varying: readonly Expr[],
    along: ReadonlyMap<Expr, number>,
  ) {
    this.#code = code;
    this.#streams = streams;
    for (const e of varying) {
      if (e.op !== 'load') continue;
      const stream = streams[e.value]!;
      const open = [...e.args.keys()].filter((k) => along.get(e.args[k]!) !== SAME);
      const [k] = open;
      const isRun =
        open.length === 1 &&
        along.get(e.args[k!]!) === UP &&
        stream.access.gather[k!]!.stride === 1 &&
        stream.step === 0;
      const at = e.args.length === 0 ? stream.at : code.local('i32');
      this.#readers.set(keyOf(e), {
        stream,
        at,
        open,
        isRun,
        valid: null,
        lanes: code.local('v128'),
      });
      if (stream.step !== 0) this.moving.set(at, stream.step);
    }
    const readers = [...this.#readers.values()];
    this.single =
      varying.some((e) => e.op === 'check') ||
      readers.some(({ stream, open, isRun }) =>
        open.length > 0 ? !isRun : stream.dtype !== null && stream.step !== stream.unit,
      );
  }

  /** At the beginning of a row; `done` holds what is the same all along it. */
  begin(done: ReadonlyMap<Expr, Argument>): void {
    for (const [e, reader] of this.#readers) {
      if (typeof e === 'number') continue;
      const indices = e.args.map((a) => done.get(a)?.local);
      const { at, valid } = this.#start(reader.stream, indices);
      this.#code.set(reader.at, at);
      this.#readers.set(e, { ...reader, valid });
    }
  }

  /** Reads vector number `vector` from the present point on; null: the present point, in all lanes. */
  read(vector: number | null): void {
    for (const reader of this.#readers.values()) this.#code.set(reader.lanes, this.#lanes(reader, vector));
  }

  #lanes({ stream, at, open, valid }: Omit<Reader, 'lanes' | 'isRun'>, vector: number | null): Local {
    const code = this.#code;
    const { dtype, step, unit } = stream;
    const steps = Int32Array.of(0, 1, 2, 3).map((l) => (4 * (vector ?? 0) + l) * step);
    if (dtype === null || open.length > 0) {
      const first = code.op('i32x4.splat', at);
      return vector === null || step === 0 ? first : code.op('i32x4.add', first, code.literal(steps));
    }
    const loaded =
      vector === null
        ? loadSplat(code, dtype, at)
        : step === unit
          ? loadVector(code, dtype, at, steps[0])
          : loadLanes(
              code,
              dtype,
              [...steps].map((s) => code.op('i32.add', at, s)),
            );
    return filled(code, stream, loaded, valid);
  }

  /** The values of a load at those points; `indices` are its computed indices. */
  value(e: Expr, indices: readonly Local[]): Local {
    const code = this.#code;
    const reader = this.#readers.get(keyOf(e));
    if (reader === undefined) {
      const stream = this.#streams[e.value]!;
      return this.#lanes({ stream, ...this.#start(stream, indices), open: [] }, null);
    }
    const { stream, at, open, isRun } = reader;
    const { access, dtype, unit } = stream;
    let { valid, lanes } = reader;
    if (open.length === 0) return lanes;
    for (const k of open) {
      const index = indices[k]!;
      const { size, stride } = access.gather[k]!;
      const test = code.op('i32x4.lt_u', index, i32x4(code, size));
      valid = both(code, valid, test);
      if (isRun && !this.single) {
        // Where the first of the four is out of range, the others may not be.
        const first = code.lane('i32x4.extract_lane', 0, index);
        const isNear = code.op('i32.lt_u', code.op('i32.add', first, 3), size + 3);
        const moved = code.op('i32.mul', code.select(isNear, first, 0), unit);
        return filled(code, stream, loadVector(code, dtype!, code.op('i32.add', at, moved)), valid);
      }
      const moved = code.op('i32x4.mul', code.op('v128.and', index, test), i32x4(code, stride * unit));
      lanes = code.op('i32x4.add', lanes, moved);
    }
    const addresses = [0, 1, 2, 3].map((l) => code.lane('i32x4.extract_lane', l, lanes));
    return filled(code, stream, loadLanes(code, dtype!, addresses), valid);
  }

  /** Where a stream is after the moves by those of its indices that are given, and whether they are in range. */
  #start(
    { access, at: start, unit }: Stream,
    indices: readonly (Local | undefined)[],
  ): { readonly at: Local; readonly valid: Local | null } {
    const code = this.#code;
    let at = start;
    let valid: Local | null = null;
    indices.forEach((index, k) => {
      if (index === undefined) return;
      const { size, stride } = access.gather[k]!;
      const test = code.op('i32x4.lt_u', index, i32x4(code, size));
      valid = both(code, valid, test);
      const safe = code.lane('i32x4.extract_lane', 0, code.op('v128.and', index, test));
      at = code.op('i32.add', at, code.op('i32.mul', safe, stride * unit));
    });
    return { at, valid };
  }
}

const keyOf = (e: Expr): number | Expr => (e.args.length === 0 ? e.value : e);

const both = (code: Code, a: Local | null, b: Local): Local => (a === null ? b : code.op('v128.and', a, b));

/** What was loaded, or the access's fill where an index is out of range. */
function filled(code: Code, { access, dtype }: Stream, loaded: Local, valid: Local | null): Local {
  const { fill } = access;
  if (valid === null || fill === null) return loaded;
  if (Object.is(fill, 0)) return code.op('v128.and', loaded, valid);
  const otherwise = dtype === 'float32' ? f32x4(code, fill) : i32x4(code, dtype === 'bool' ? -fill : fill);
  return code.op('v128.bitselect', loaded, otherwise, valid);
}
