import { type Group, positions } from '../../ir/contract.ts';
import { type DType, dtypes } from '../../ir/dtype.ts';
import { coalesce } from '../../ir/view.ts';
import type { Callable, Code, Local, Operand } from './assembler/code.ts';
import { loadLanes, loadVector } from './lanes.ts';
import { emitOperation } from './operations.ts';
import type { PlanCode } from './plan-code.ts';

/** Where the elements of a group of axes lie, in bytes: evenly `stride` apart, or as the table at a word of the frame says. */
export type Steps = { readonly stride: number } | { readonly table: number };

export function stepsOf(plan: PlanCode, group: Group, bytes: number): Steps {
  const { strides } = coalesce(group.shape, [group.stride]);
  const [inner = 0, ...outer] = strides[0]!;
  if (outer.length === 0) return { stride: inner * bytes };
  return { table: plan.table(positions(group).map((position) => position * bytes)) };
}

/** The byte offset of element number `index`. */
export function emitOffset(code: Code, plan: PlanCode, steps: Steps, index: Operand): Local {
  if ('stride' in steps) return code.op('i32.mul', index, steps.stride);
  return code.load('i32.load', [tableEntry(code, plan, steps.table, index)]);
}

const tableEntry = (code: Code, plan: PlanCode, table: number, index: Operand): Local =>
  code.op('i32.add', plan.word(code, table), code.op('i32.shl', index, 2));

/** An operand of a contraction as lines of elements: rows of the left one or columns of the right one, which run along k. */
export interface Lines {
  readonly dtype: DType;
  readonly lines: Steps;
  readonly depths: Steps;
}

/** Lines of one vector. */
const GROUP = 4;

/** Lines that are copied at a time where they are neighbours: a line of the cache. */
const WIDE = 16;

/** The bytes of a panel of `vectors` vectors a step. */
export const panelBytes = (code: Code, depth: Local, vectors: number): Local =>
  code.op('i32.mul', code.op('i32.and', code.op('i32.add', depth, 3), -4), 16 * vectors);

/**
 * A function `(origin, line, count, k, depth, to)` that lays the elements k to k + depth - 1 of `count` lines from `line` on
 * side by side, converted to `type`: in panels, which hold 4 * `vectors` lines each, one step of k after the other. `origin` is the
 * operand's address. A last panel with fewer lines is filled with any numbers that memory holds; a panel has room for a
 * multiple of 4 steps.
 */
export function packFunction(
  plan: PlanCode,
  { dtype, lines, depths }: Lines,
  type: 'f32' | 'i32',
  vectors: number,
): Callable {
  const { bytes, scalar } = dtypes[dtype];
  const convert = (code: Code, local: Local): Local =>
    scalar === type
      ? local
      : emitOperation(code, plan, type, scalar, [{ local, literal: null, once: false }]);
  const isUnit = (steps: Steps): boolean => 'stride' in steps && steps.stride === bytes;

  return plan.module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, origin, line, count, k, depth, to) => {
      const panel = panelBytes(code, depth!, vectors);
      const step = 16 * vectors;
      /** Where the vector of group number `group` goes. */
      const target = (group: Operand): Local => {
        const start = code.op('i32.mul', vectors === 1 ? group : code.op('i32.shr_u', group, 1), panel);
        if (vectors > 1) {
          const half = code.op('i32.shl', code.op('i32.and', group, 1), 4);
          code.update(start, 'i32.add', start, half);
        }
        return code.op('i32.add', to!, start);
      };
      const lineAddress = (number: Operand): Local =>
        code.op('i32.add', origin!, emitOffset(code, plan, lines, number));

      /** Calls `body` with the offset of each depth. */
      const eachDepth = (body: (offset: Local) => void): void => {
        if ('stride' in depths) {
          const offset = emitOffset(code, plan, depths, k!);
          code.for(0, depth!, 1, () => {
            body(offset);
            code.update(offset, 'i32.add', offset, depths.stride);
          });
        } else {
          const entry = tableEntry(code, plan, depths.table, k!);
          code.for(0, depth!, 1, () => {
            body(code.load('i32.load', [entry]));
            code.update(entry, 'i32.add', entry, 4);
          });
        }
      };

      /** Lines that are neighbours in memory, `n` groups of them from group number `first` on. */
      const copy = (first: Local, n: number): void => {
        const from = lineAddress(code.op('i32.add', line!, code.op('i32.shl', first, 2)));
        const targets = Array.from({ length: n }, (_, v) => target(code.op('i32.add', first, v)));
        eachDepth((offset) => {
          const at = code.op('i32.add', from, offset);
          targets.forEach((to, v) => {
            const vector = loadVector(code, dtype, v === 0 ? at : code.op('i32.add', at, GROUP * bytes * v));
            code.store('v128.store', to, convert(code, vector));
            code.update(to, 'i32.add', to, step);
          });
        });
      };

      /** The addresses of a group's lines; missing ones are like the last. */
      const groupLines = (group: Local): Local[] => {
        const last = code.op('i32.add', line!, code.op('i32.sub', count!, 1));
        return Array.from({ length: GROUP }, (_, i) => {
          const number = code.op('i32.add', line!, code.op('i32.add', code.op('i32.shl', group, 2), i));
          return lineAddress(code.select(code.op('i32.lt_u', number, last), number, last));
        });
      };

      /** Lines whose elements are neighbours, four by four. */
      const transpose = (group: Local): void => {
        const addresses = groupLines(group);
        const start = emitOffset(code, plan, depths, k!);
        for (const address of addresses) code.update(address, 'i32.add', address, start);
        const at = target(group);
        code.for(0, depth!, 4, () => {
          const loaded = addresses.map((address) => convert(code, loadVector(code, dtype, address)));
          transposed(code, loaded).forEach((vector, i) => {
            code.store('v128.store', at, vector, i * step);
          });
          for (const address of addresses) code.update(address, 'i32.add', address, 4 * bytes);
          code.update(at, 'i32.add', at, 4 * step);
        });
      };

      const gather = (group: Local): void => {
        const addresses = groupLines(group);
        const at = target(group);
        eachDepth((offset) => {
          const elements = addresses.map((address) => code.op('i32.add', address, offset));
          code.store('v128.store', at, convert(code, loadLanes(code, dtype, elements)));
          code.update(at, 'i32.add', at, step);
        });
      };

      const groups = code.op('i32.shr_u', code.op('i32.add', count!, GROUP - 1), 2);
      if (isUnit(lines)) {
        const wide = code.op('i32.and', groups, -(WIDE / GROUP));
        code.for(0, wide, WIDE / GROUP, (first) => copy(first, WIDE / GROUP));
        code.for(wide, groups, 1, (first) => copy(first, 1));
      } else {
        code.for(0, groups, 1, isUnit(depths) ? transpose : gather);
      }
    },
  );
}

function transposed(code: Code, rows: readonly Local[]): Local[] {
  const [a, b, c, d] = rows as [Local, Local, Local, Local];
  const [ab, cd] = [code.shuffle([0, 4, 1, 5], a, b), code.shuffle([0, 4, 1, 5], c, d)];
  const [abHigh, cdHigh] = [code.shuffle([2, 6, 3, 7], a, b), code.shuffle([2, 6, 3, 7], c, d)];
  return [
    code.shuffle([0, 1, 4, 5], ab, cd),
    code.shuffle([2, 3, 6, 7], ab, cd),
    code.shuffle([0, 1, 4, 5], abHigh, cdHigh),
    code.shuffle([2, 3, 6, 7], abHigh, cdHigh),
  ];
}
