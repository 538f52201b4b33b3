import { dtypes } from '../../../ir/dtype.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { packFunction } from './pack.ts';
import { emitElementOffset, emitRunLoop, type MatrixLayout, runsAreMultipleOf } from './strided-runs.ts';
import { type LeftRows, TILE_COLUMNS, TILE_ROWS } from './tile.ts';

/** Lines `line` to `line + count - 1` of a matrix, elements `k` to `k + depth - 1` of each. */
export interface MatrixPart {
  /** The address of the matrix. */
  readonly origin: Local;
  readonly line: Local;
  readonly count: Local;
  readonly k: Local;
  readonly depth: Local;
}

/** The maximum size of a part. */
interface MaxPartSize {
  readonly lines: number;
  readonly depth: number;
}

/** How tiles access the left matrix: in place, or packed. */
export interface LeftMatrix {
  readonly rows: LeftRows;
  /** Emits the packing, if any; returns the arguments of `tileFunction` for the tile with the part's first line. */
  emit(
    code: Code,
    part: MatrixPart,
    scratch: Local,
  ): { readonly a: Local; readonly next: Local; readonly tile: Local };
}

/** How tiles access the right matrix: in place, or packed into panels of columns. */
export interface RightMatrix {
  /** Bytes from one k to the next. */
  readonly step: number;
  /** Emits the packing, if any; returns the address of the part's first panel and the bytes from panel to panel. */
  emit(code: Code, part: MatrixPart, scratch: Local): { readonly at: Local; readonly panel: Local };
}

/** For reading in place: the minimum length of runs along k, and the maximum stride in bytes. */
const MIN_RUN = 16;
const MAX_STRIDE = 0x100_0000;

/** The left matrix: read in place if that is efficient, else packed into panels. */
export function leftMatrix(
  plan: PlanCode,
  matrix: MatrixLayout,
  type: 'f32' | 'i32',
  maxSize: MaxPartSize,
): LeftMatrix {
  if (!canReadInPlace(matrix, type)) return packedLeftMatrix(plan, matrix, type, maxSize);
  const { lines, alongK } = matrix;
  return {
    rows: {
      step: alongK.stride,
      key: JSON.stringify([lines, alongK]),
      begin: (code, origin, next, count) => {
        const isEven = lines.starts === null || (count === TILE_ROWS && runsAreMultipleOf(TILE_ROWS, lines));
        const at = (row: Local): Local =>
          code.op('i32.add', origin, emitElementOffset(code, plan, lines, row));
        if (isEven && lines.stride >= 0) {
          const first = at(next);
          return Array.from({ length: count }, (_, i) => ({ at: first, offset: i * lines.stride }));
        }
        return Array.from({ length: count }, (_, i) => ({
          at: at(code.op('i32.add', next, i)),
          offset: 0,
        }));
      },
      eachRun: (code, from, depth, body) => emitRunLoop(code, plan, alongK, from, depth, body),
      advance: (code, next, _tile, count) => code.update(next, 'i32.add', next, count),
    },
    emit: (code, { origin, line }) => ({ a: origin, next: code.copy(line), tile: code.copy(0) }),
  };
}

/** Is the left matrix best read in place? */
function canReadInPlace({ dtype, lines, alongK }: MatrixLayout, type: 'f32' | 'i32'): boolean {
  if (dtypes[dtype].scalar !== type || dtypes[dtype].bytes !== 4) return false;
  if (alongK.stride < 0 || alongK.stride > MAX_STRIDE) return false;
  if (alongK.starts !== null && alongK.runLength < MIN_RUN) return false;
  // Lines that are adjacent in memory are cheap to pack, and packed panels have unit stride.
  return alongK.stride === 4 || !(lines.stride === 4 && runsAreMultipleOf(TILE_ROWS, lines));
}

function packedLeftMatrix(
  plan: PlanCode,
  matrix: MatrixLayout,
  type: 'f32' | 'i32',
  maxSize: MaxPartSize,
): LeftMatrix {
  const pack = packFunction(plan, matrix, type, TILE_ROWS);
  const panels = plan.scratch(Math.ceil(maxSize.lines / TILE_ROWS) * maxSize.depth * 4 * TILE_ROWS);
  return {
    rows: {
      step: 4 * TILE_ROWS,
      key: 'panels',
      begin: (_code, _origin, next, count) =>
        Array.from({ length: count }, (_, i) => ({ at: next, offset: 4 * i })),
      eachRun: (_code, _k, depth, body) => body(null, depth),
      advance: (code, next, tile) => code.update(next, 'i32.add', next, tile),
    },
    emit: (code, { origin, line, count, k, depth }, scratch) => {
      const at = code.op('i32.add', scratch, panels);
      return { a: at, next: at, tile: code.call(pack, origin, line, count, k, depth, at)! };
    },
  };
}

/** Is the right matrix best read in place? */
export function readsInPlace(
  { dtype, lines, alongK }: MatrixLayout,
  type: 'f32' | 'i32',
  readOnce: boolean,
): boolean {
  const isContiguous = lines.starts === null && lines.stride === 4 && alongK.starts === null;
  const hasSmallStride = alongK.stride >= 0 && alongK.stride <= MAX_STRIDE;
  const hasType = dtypes[dtype].scalar === type && dtypes[dtype].bytes === 4;
  return readOnce && isContiguous && hasSmallStride && hasType;
}

/** The right matrix: packed into panels, unless it is read only once and its layout allows reading in place. */
export function rightMatrix(
  plan: PlanCode,
  matrix: MatrixLayout,
  type: 'f32' | 'i32',
  readOnce: boolean,
  maxSize: MaxPartSize,
): RightMatrix {
  const { alongK } = matrix;
  if (readsInPlace(matrix, type, readOnce)) {
    return {
      step: alongK.stride,
      emit: (code, { origin, line, k }) => {
        const at = code.op('i32.add', origin, code.op('i32.shl', line, 2));
        code.update(at, 'i32.add', at, code.op('i32.mul', k, alongK.stride));
        return { at, panel: code.copy(4 * TILE_COLUMNS) };
      },
    };
  }
  const pack = packFunction(plan, matrix, type, TILE_COLUMNS);
  const offset = plan.scratch(Math.ceil(maxSize.lines / TILE_COLUMNS) * maxSize.depth * 4 * TILE_COLUMNS);
  return {
    step: 4 * TILE_COLUMNS,
    emit: (code, { origin, line, count, k, depth }, scratch) => {
      const at = code.op('i32.add', scratch, offset);
      return { at, panel: code.call(pack, origin, line, count, k, depth, at)! };
    },
  };
}
