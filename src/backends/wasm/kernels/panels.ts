import { dtypes } from '../../../ir/dtype.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { packFunction } from './pack.ts';
import { emitOffset, emitRuns, inRunsOf, type Lines } from './steps.ts';
import { type Rows, TILE_COLUMNS, TILE_ROWS } from './tile.ts';

/** Some neighbouring lines, from one k to another. */
export interface Part {
  /** The address of the operand. */
  readonly origin: Local;
  readonly line: Local;
  readonly count: Local;
  readonly k: Local;
  readonly depth: Local;
}

/** The most lines of a part, and steps of k. */
interface Most {
  readonly lines: number;
  readonly depth: number;
}

/** The left operand as tiles read it. */
export interface Left {
  readonly rows: Rows;
  /** What `tileFunction` is to be given for the tile that holds the first line of a part. */
  emit(
    code: Code,
    part: Part,
    scratch: Local,
  ): { readonly a: Local; readonly next: Local; readonly tile: Local };
}

/** The right operand as tiles read it: in panels of a few columns. */
export interface Right {
  /** Bytes between neighbours along k. */
  readonly step: number;
  /** The address of the first panel of a part, and the bytes from panel to panel. */
  emit(code: Code, part: Part, scratch: Local): { readonly at: Local; readonly panel: Local };
}

/** Steps of k that are worth a round of the loop over a run, and the most bytes that they may lie apart. */
const LONG = 16;
const FAR = 0x100_0000;

/** The left operand: where it lies, if tiles can read that well, or copied to panels. */
export function leftOperand(plan: PlanCode, operand: Lines, type: 'f32' | 'i32', most: Most): Left {
  if (!liesWell(operand, type)) return packedLeft(plan, operand, type, most);
  const { lines, depths } = operand;
  return {
    rows: {
      step: depths.stride,
      key: JSON.stringify([lines, depths]),
      begin: (code, origin, next, count) => {
        const isEven = lines.starts === null || (count === TILE_ROWS && inRunsOf(TILE_ROWS, lines));
        const at = (row: Local): Local => code.op('i32.add', origin, emitOffset(code, plan, lines, row));
        if (isEven && lines.stride >= 0) {
          const first = at(next);
          return Array.from({ length: count }, (_, i) => ({ at: first, offset: i * lines.stride }));
        }
        return Array.from({ length: count }, (_, i) => ({
          at: at(code.op('i32.add', next, i)),
          offset: 0,
        }));
      },
      eachRun: (code, from, depth, body) => emitRuns(code, plan, depths, from, depth, body),
      advance: (code, next, _tile, count) => code.update(next, 'i32.add', next, count),
    },
    emit: (code, { origin, line }) => ({ a: origin, next: code.copy(line), tile: code.copy(0) }),
  };
}

/** Is the left operand best read where it lies? */
function liesWell({ dtype, lines, depths }: Lines, type: 'f32' | 'i32'): boolean {
  if (dtypes[dtype].scalar !== type || dtypes[dtype].bytes !== 4) return false;
  if (depths.stride < 0 || depths.stride > FAR) return false;
  if (depths.starts !== null && depths.run < LONG) return false;
  // Lines that are neighbours in memory are cheap to copy, and then every step is one.
  return depths.stride === 4 || !(lines.stride === 4 && inRunsOf(TILE_ROWS, lines));
}

function packedLeft(plan: PlanCode, operand: Lines, type: 'f32' | 'i32', most: Most): Left {
  const pack = packFunction(plan, operand, type, TILE_ROWS);
  const panels = plan.scratch(Math.ceil(most.lines / TILE_ROWS) * most.depth * 4 * TILE_ROWS);
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

/** The right operand, copied to panels unless it is read `once` and lies well. */
export function rightOperand(
  plan: PlanCode,
  operand: Lines,
  type: 'f32' | 'i32',
  once: boolean,
  most: Most,
): Right {
  const { dtype, lines, depths } = operand;
  const lies = lines.starts === null && lines.stride === 4 && depths.starts === null;
  const isNear = depths.stride >= 0 && depths.stride <= FAR;
  if (once && lies && isNear && dtypes[dtype].scalar === type && dtypes[dtype].bytes === 4) {
    return {
      step: depths.stride,
      emit: (code, { origin, line, k }) => {
        const at = code.op('i32.add', origin, code.op('i32.shl', line, 2));
        code.update(at, 'i32.add', at, code.op('i32.mul', k, depths.stride));
        return { at, panel: code.copy(4 * TILE_COLUMNS) };
      },
    };
  }
  const pack = packFunction(plan, operand, type, TILE_COLUMNS);
  const offset = plan.scratch(Math.ceil(most.lines / TILE_COLUMNS) * most.depth * 4 * TILE_COLUMNS);
  return {
    step: 4 * TILE_COLUMNS,
    emit: (code, { origin, line, count, k, depth }, scratch) => {
      const at = code.op('i32.add', scratch, offset);
      return { at, panel: code.call(pack, origin, line, count, k, depth, at)! };
    },
  };
}
