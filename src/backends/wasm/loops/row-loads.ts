import type { Expr } from '../../../ir/expr.ts';
import type { Code, Local } from '../assembler/code.ts';
import { f32x4, i32x4 } from '../scalar/literals.ts';
import type { Argument } from '../scalar/operations.ts';
import { loadLanes, loadSplat, loadVector } from '../scalar/vector-access.ts';
import type { InputPointer } from './input-pointers.ts';
import { INVARIANT, UNIT_STEP } from './invariance.ts';

/** A load whose value changes along the row. */
interface RowLoad {
  readonly pointer: InputPointer;
  /** Address of the current point's element, without the contribution of the varying indices. */
  readonly at: Local;
  /** Numbers of the computed indices that change along the row. */
  readonly varyingIndices: readonly number[];
  /** Is there exactly one such index, and does it step through adjacent elements in memory? */
  readonly isUnitStride: boolean;
  /** Mask: are the invariant indices in range? Null without such indices. */
  readonly inRange: Local | null;
  /**
   * At each vector of points that is computed at a time: the loaded values; for inputs without memory the numbers, and with
   * varying indices the values of `at`.
   */
  readonly lanes: readonly Local[];
}

/** The loads of a nest's expressions along a row. */
export class RowLoads {
  /**
   * Must a load or a check not touch points beyond the end of a row? Then the last points of a row are computed
   * one by one, each in all four lanes.
   */
  readonly pointwiseTail: boolean;
  /** The locals that advance from point to point, and their steps. */
  readonly moving = new Map<Local, number>();
  readonly #code: Code;
  readonly #pointers: readonly InputPointer[];
  /** The loads that vary along the row: by input number, or by expression if indices are computed. */
  readonly #loads = new Map<number | Expr, RowLoad>();

  /**
   * `varying` are the expressions that change along a row; `classes` comes from `classifyAlongRow`. Up to `vectors` vectors of
   * points are computed at a time.
   */
  constructor(
    code: Code,
    pointers: readonly InputPointer[],
    varying: readonly Expr[],
    classes: ReadonlyMap<Expr, number>,
    vectors: number,
  ) {
    this.#code = code;
    this.#pointers = pointers;
    for (const e of varying) {
      if (e.op !== 'load') continue;
      const pointer = pointers[e.value]!;
      if (isAlwaysFill(pointer)) continue;
      const varyingIndices = [...e.args.keys()].filter((k) => classes.get(e.args[k]!) !== INVARIANT);
      const [k] = varyingIndices;
      const isUnitStride =
        varyingIndices.length === 1 &&
        classes.get(e.args[k!]!) === UNIT_STEP &&
        pointer.access.gather[k!]!.stride === 1 &&
        pointer.step === 0;
      const at = e.args.length === 0 ? pointer.at : code.local('i32');
      const lanes = Array.from({ length: vectors }, () => code.local('v128'));
      this.#loads.set(keyOf(e), { pointer, at, varyingIndices, isUnitStride, inRange: null, lanes });
      if (pointer.step !== 0) this.moving.set(at, pointer.step);
    }
    this.pointwiseTail =
      varying.some((e) => e.op === 'check') ||
      [...this.#loads.values()].some(({ pointer, varyingIndices, isUnitStride }) =>
        varyingIndices.length > 0 ? !isUnitStride : pointer.dtype !== null && pointer.step !== pointer.unit,
      );
  }

  /** Starts a row; `done` holds the values that are invariant along it. */
  begin(done: ReadonlyMap<Expr, Argument>): void {
    for (const [e, load] of this.#loads) {
      if (typeof e === 'number') continue;
      const indices = e.args.map((a) => done.get(a)?.local);
      const { at, inRange } = this.#applyIndices(load.pointer, indices);
      this.#code.set(load.at, at);
      this.#loads.set(e, { ...load, inRange });
    }
  }

  /**
   * Loads vector number `vector`, counted from the current point; null: the current point in all lanes. It becomes number
   * `slot` of those that are computed at a time.
   */
  read(vector: number | null, slot: number): void {
    for (const load of this.#loads.values()) this.#code.set(load.lanes[slot]!, this.#lanes(load, vector));
  }

  #lanes(
    { pointer, at, varyingIndices, inRange }: Omit<RowLoad, 'lanes' | 'isUnitStride'>,
    vector: number | null,
  ): Local {
    const code = this.#code;
    const { dtype, step, unit } = pointer;
    const steps = Int32Array.of(0, 1, 2, 3).map((l) => (4 * (vector ?? 0) + l) * step);
    if (dtype === null || varyingIndices.length > 0) {
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
    return withFill(code, pointer, loaded, inRange);
  }

  /** The values of a load at the points of the latest `read` of `slot`; `indices` are its computed indices. */
  value(e: Expr, indices: readonly Local[], slot: number): Local {
    const code = this.#code;
    const load = this.#loads.get(keyOf(e));
    if (load === undefined) {
      const pointer = this.#pointers[e.value]!;
      if (isAlwaysFill(pointer)) return fillOf(code, pointer);
      return this.#lanes({ pointer, ...this.#applyIndices(pointer, indices), varyingIndices: [] }, null);
    }
    const { pointer, at, varyingIndices, isUnitStride } = load;
    const { access, dtype, unit } = pointer;
    let { inRange } = load;
    let lanes = load.lanes[slot]!;
    if (varyingIndices.length === 0) return lanes;
    for (const k of varyingIndices) {
      const index = indices[k]!;
      const { size, stride } = access.gather[k]!;
      const test = code.op('i32x4.lt_u', index, i32x4(code, size));
      inRange = andMask(code, inRange, test);
      if (isUnitStride && !this.pointwiseTail) {
        // Lanes may be in range although the first one is not.
        const first = code.lane('i32x4.extract_lane', 0, index);
        const isNear = code.op('i32.lt_u', code.op('i32.add', first, 3), size + 3);
        const moved = code.op('i32.mul', code.select(isNear, first, 0), unit);
        return withFill(code, pointer, loadVector(code, dtype!, code.op('i32.add', at, moved)), inRange);
      }
      const moved = code.op('i32x4.mul', code.op('v128.and', index, test), i32x4(code, stride * unit));
      lanes = code.op('i32x4.add', lanes, moved);
    }
    const addresses = [0, 1, 2, 3].map((l) => code.lane('i32x4.extract_lane', l, lanes));
    return withFill(code, pointer, loadLanes(code, dtype!, addresses), inRange);
  }

  /** The pointer's address after the given (invariant) indices, and the mask of whether these are in range. */
  #applyIndices(
    { access, at: start, unit }: InputPointer,
    indices: readonly (Local | undefined)[],
  ): { readonly at: Local; readonly inRange: Local | null } {
    const code = this.#code;
    let at = start;
    let inRange: Local | null = null;
    indices.forEach((index, k) => {
      if (index === undefined) return;
      const { size, stride } = access.gather[k]!;
      const test = code.op('i32x4.lt_u', index, i32x4(code, size));
      inRange = andMask(code, inRange, test);
      const safe = code.lane('i32x4.extract_lane', 0, code.op('v128.and', index, test));
      at = code.op('i32.add', at, code.op('i32.mul', safe, stride * unit));
    });
    return { at, inRange };
  }
}

const keyOf = (e: Expr): number | Expr => (e.args.length === 0 ? e.value : e);

const andMask = (code: Code, a: Local | null, b: Local): Local =>
  a === null ? b : code.op('v128.and', a, b);

/** The loaded values, with the access's fill in the lanes whose indices are out of range. */
function withFill(code: Code, pointer: InputPointer, loaded: Local, inRange: Local | null): Local {
  const { fill } = pointer.access;
  if (inRange === null || fill === null) return loaded;
  if (Object.is(fill, 0)) return code.op('v128.and', loaded, inRange);
  return code.op('v128.bitselect', loaded, fillOf(code, pointer), inRange);
}

/** With an empty gathered axis no index is in range, and the buffer may have no elements: nothing is read. */
const isAlwaysFill = ({ access }: InputPointer): boolean => access.gather.some(({ size }) => size === 0);

function fillOf(code: Code, { access, dtype }: InputPointer): Local {
  const fill = access.fill ?? 0;
  return dtype === 'float32' ? f32x4(code, fill) : i32x4(code, dtype === 'bool' ? -fill : fill);
}
