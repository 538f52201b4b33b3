import { type ColumnOrder, columnOrder } from '../../../ir/column-order.ts';
import { load, postorder, rewrite } from '../../../ir/expr.ts';
import type { Access, Kernel, Reduce } from '../../../ir/kernel.ts';
import { coalesce, MAX_COUNT, sizeOf } from '../../../ir/view.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import {
  type CombineRule,
  combineRuleOf,
  compileChunkReduction,
  emitCombine,
  emitCombineTree,
} from '../loops/combine.ts';
import type { LoopNest } from '../loops/loop-nest.ts';
import { emitPointLoop, isExpensive } from '../loops/point-loop.ts';
import { AccumulateRowsSink, FoldRowsSink } from '../loops/sinks.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { costOf } from '../module/cost.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';
import { compileArgReduceRow } from './arg-reduce.ts';
import { compileMaterialize } from './materialize.ts';

/** Chunk length and lanes in the order of accumulation of `Reduce`. */
const CHUNK = 4096;
const LANES = 8;
/** How many rows are added to an accumulator at a time. */
const TOGETHER = 4;
/** With shorter rows, reading several at a time defeats the prefetcher; it follows a single input. */
const MIN_SIZE = 96;
/** Maximum columns that are reduced together. If that gives few units of much work, it is halved down to the minimum. */
const STRIP = 512;
const MIN_STRIP = 128;
const ENOUGH_UNITS = 4;

/**
 * A reduction, either point by point or, if `columnOrder` is better, over adjacent points at once. If a point's elements
 * form several chunks, a second task combines the chunk results.
 */
export function compileReduce(kernel: Kernel, source: Reduce, plan: PlanCode, stores: Callable): Task[] {
  const { reducer, over, expr, inputs } = source;
  const cost =
    costOf(sizeOf(kernel.shape) * sizeOf(over), [expr]) + costOf(sizeOf(kernel.shape), rootsOf(kernel));
  const nest: LoopNest = {
    shape: [...kernel.shape, ...over],
    inputs,
    roots: [expr],
    groupAxes: kernel.shape.length,
  };
  if (reducer === 'argmax' || reducer === 'argmin') {
    const find = compileArgReduceRow(reducer, nest, sizeOf(over), plan);
    return [
      pointsTask(kernel, plan, stores, cost, 1, (code, point, to, scratch) =>
        code.store('i32.store', to, code.call(find, point, scratch)!),
      ),
    ];
  }
  const rule = combineRuleOf(reducer, expr.type);
  const columns = columnOrder(kernel.shape, over, inputs, true);
  // The points of a strip are numbered with 32 bits.
  if (columns !== null && sizeOf(over) * Math.min(columns.width, STRIP) <= MAX_COUNT)
    return reduceColumns(kernel, source, columns, rule, cost, plan, stores);
  return reducePointByPoint(kernel, nest, sizeOf(over), rule, cost, plan, stores);
}

const rootsOf = (kernel: Kernel) => kernel.stores.map((store) => store.expr);

/** Points whose results are collected in scratch memory before the stores run. */
const RESULTS = 1024;

/**
 * A task over all points: `reduce` writes the results of `together` points, from `point` on, to `to`, 4 bytes each; then
 * the stores run.
 */
function pointsTask(
  kernel: Kernel,
  plan: PlanCode,
  stores: Callable,
  cost: number,
  together: number,
  reduce: (code: Code, point: Local, to: Local, scratch: Local, end: Local) => void,
): Task {
  const results = plan.scratch(4 * RESULTS + 64);
  return chunkedTask(plan, sizeOf(kernel.shape), cost, 1, (code, first, end, scratch) => {
    const acc = code.op('i32.add', scratch, results);
    code.for(first, end, RESULTS, (from) => {
      const upTo = code.smaller(code.op('i32.add', from, RESULTS), end);
      code.for(from, upTo, together, (point) => {
        const to = code.op('i32.add', acc, code.op('i32.shl', code.op('i32.sub', point, from), 2));
        reduce(code, point, to, scratch, upTo);
      });
      code.call(stores, from, code.op('i32.sub', upTo, from), acc, scratch);
    });
  });
}

function reducePointByPoint(
  kernel: Kernel,
  nest: LoopNest,
  length: number,
  rule: CombineRule,
  cost: number,
  plan: PlanCode,
  stores: Callable,
): Task[] {
  const size = sizeOf(kernel.shape);
  const reduceRows = compileFoldRows(nest, rule, plan) ?? compileReduceRows(nest, length, rule, plan);
  const chunks = Math.ceil(length / CHUNK);

  if (chunks <= 1) {
    return [
      pointsTask(kernel, plan, stores, cost, length === 0 ? 1 : RESULTS, (code, point, to, scratch, end) => {
        if (length === 0) {
          code.storeLane('v128.store32_lane', 0, to, code.literal(rule.identity));
          return;
        }
        const count = code.op('i32.mul', code.op('i32.sub', end, point), length);
        code.call(reduceRows, point, 0, count, to, scratch);
      }),
    ];
  }

  const partials = plan.temporary(16 * size * chunks);
  const chunkResults = chunkedTask(plan, size * chunks, cost, 1, (code, first, end, scratch) => {
    const results = plan.word(code, partials);
    code.for(first, end, 1, (unit) => {
      const at = code.op('i32.mul', code.op('i32.rem_u', unit, chunks), CHUNK);
      const count = code.smaller(code.op('i32.sub', length, at), CHUNK);
      const to = code.op('i32.add', results, code.op('i32.shl', unit, 4));
      code.call(reduceRows, code.op('i32.div_u', unit, chunks), at, count, to, scratch);
    });
  });
  const combined = pointsTask(kernel, plan, stores, 2 * size * chunks, 1, (code, point, to) => {
    const from = code.op('i32.add', plan.word(code, partials), code.op('i32.mul', point, 16 * chunks));
    emitCombineTree(code, rule, from, chunks, 16, 16);
    code.storeLane('v128.store32_lane', 0, to, code.load('v128.load', [from]));
  });
  return [chunkResults, combined];
}

/**
 * A function `(point, start, count, to, scratch)` that reduces rows of `length` elements each, or a part of one row in one
 * chunk: `count` elements from element `start` of a point's row on. It writes the results to `to`, 4 bytes each. The
 * elements are first written to scratch memory.
 */
function compileReduceRows(nest: LoopNest, length: number, rule: CombineRule, plan: PlanCode): Callable {
  const materialize = compileMaterialize(nest, plan);
  const foldRow = compileChunkReduction(rule, plan);
  const buffer = plan.scratch(4 * CHUNK + 64);
  return plan.module.function(Array(5).fill('i32'), [], (code, point, start, count, to, scratch) => {
    const x = code.op('i32.add', scratch!, buffer);
    code.for(0, count!, Math.min(length, CHUNK), (at) => {
      const row = code.smaller(code.op('i32.sub', count!, at), Math.min(length, CHUNK));
      code.call(materialize, point!, code.op('i32.add', start!, at), row, x, scratch!);
      code.storeLane('v128.store32_lane', 0, to!, code.call(foldRow, x, row)!);
      code.update(to!, 'i32.add', to!, 4);
    });
  });
}

/**
 * The same without scratch memory, for rows whose elements are adjacent in memory or the same: the vectors of a row are
 * combined with accumulators as they are computed. Null if the rows are others.
 */
function compileFoldRows(nest: LoopNest, rule: CombineRule, plan: PlanCode): Callable | null {
  const { shape, inputs, roots, groupAxes: points = 0 } = nest;
  const merged = coalesce(
    shape,
    inputs.map((input) => input.view.stride),
    [points, shape.length - points],
  );
  const [groupAxes, axes] = merged.groups as [number, number];
  const isFlat =
    axes === 1 &&
    sizeOf(shape) > 0 &&
    inputs.every(({ gather }, k) => gather.length === 0 && (merged.strides[k]!.at(-1)! & -2) === 0) &&
    !postorder(roots).some((e) => e.op === 'check');
  if (!isFlat) return null;
  const rows: LoopNest = {
    shape: merged.shape,
    groupAxes,
    inputs: inputs.map((input, k) => ({ ...input, view: { ...input.view, stride: merged.strides[k]! } })),
    roots,
  };
  return plan.module.function(Array(5).fill('i32'), [], (code, group, start, count, to, scratch) => {
    const range = { group: group!, start: start!, count: count!, acc: null, scratch: scratch! };
    emitPointLoop(code, plan, rows, range, () => new FoldRowsSink(code, rule, to!), true);
  });
}

function reduceColumns(
  kernel: Kernel,
  { over, expr }: Reduce,
  columns: ColumnOrder,
  rule: CombineRule,
  cost: number,
  plan: PlanCode,
  stores: Callable,
): Task[] {
  const { width } = columns;
  let most = STRIP;
  let units = (sizeOf(kernel.shape) / width) * Math.ceil(width / most) * Math.ceil(sizeOf(over) / CHUNK);
  for (; most > MIN_STRIP && units < ENOUGH_UNITS && cost > 25 * plan.grain * units; units *= 2) most /= 2;
  const strip = Math.min(width, most);
  const strips = Math.floor(width / strip);
  const rest = width - strips * strip;
  const partTasks = (at: number, count: number, size: number): Task[] => {
    const partCost = (cost * count * size) / width;
    const inputs = columns.inputs.map((input) => inStrips(input, columns.outer, at, count, size));
    const nest: LoopNest = {
      shape: inputs[0]!.view.shape,
      inputs,
      roots: [expr],
      groupAxes: columns.outer + 1,
    };
    const points = { first: at, strips: count, size, width, total: sizeOf(kernel.shape) / width };
    return stripTasks(nest, points, sizeOf(over), rule, partCost, plan, stores);
  };
  return [...partTasks(0, strips, strip), ...(rest > 0 ? partTasks(strips * strip, 1, rest) : [])];
}

/** Does each row of a nest [..., length, size] begin in memory where the one before it ends? */
const adjoins = ({ shape, inputs, groupAxes }: LoopNest): boolean =>
  shape.length === groupAxes! + 2 &&
  inputs.every(({ view: { stride } }) => stride.at(-2) === shape.at(-1)! * stride.at(-1)!);

/**
 * The nest with several rows of a lane at each point, as one root each: from [..., length, size] to
 * [..., length / (LANES * together), LANES, size]. So their accumulator is read and written once. If rows adjoin, the last two
 * axes are one. Null if that is not faster, because rows are not equally far apart or short, or the expression is long.
 */
function rowsTogether(nest: LoopNest): LoopNest | null {
  const { shape, inputs, roots, groupAxes } = nest;
  const order = postorder(roots);
  const [length, size] = shape.slice(-2) as [number, number];
  const isMerged = adjoins(nest);
  const isNarrow = size < MIN_SIZE;
  const isLong = order.length > 8 || order.some(isExpensive);
  const together = isLong || (isNarrow && inputs.length > 1) ? 1 : TOGETHER;
  if (length < LANES * together || shape.length !== groupAxes! + 2) return null;
  if (isNarrow ? !isMerged : isLong) return null;
  const last = <T>(lanes: T, columns: T, both: T): T[] => (isMerged ? [both] : [lanes, columns]);
  const numbers = Array.from({ length: together }, (_, i) => i);
  return {
    shape: [
      ...shape.slice(0, -2),
      Math.floor(length / (LANES * together)),
      ...last(LANES, size, LANES * size),
    ],
    groupAxes: groupAxes!,
    inputs: numbers.flatMap((i) =>
      inputs.map((input) => {
        const { stride, offset } = input.view;
        const [row, column] = stride.slice(-2) as [number, number];
        const view = {
          shape: [],
          stride: [...stride.slice(0, -2), LANES * together * row, ...last(row, column, column)],
          offset: { ...offset, base: offset.base + i * LANES * row },
        };
        return { ...input, view };
      }),
    ),
    roots: numbers.flatMap((i) =>
      rewrite(roots, (e) => (e.op === 'load' ? load(e.value + i * inputs.length, e.type, e.args) : e)),
    ),
  };
}

/** From the view [outer..., over..., width] to [outer..., strips, over..., size], starting at column `at`. */
function inStrips(input: Access, outer: number, at: number, strips: number, size: number): Access {
  const { shape, stride, offset } = input.view;
  const step = stride[stride.length - 1]!;
  const insert = (list: readonly number[], axis: number, last: number): number[] => [
    ...list.slice(0, outer),
    axis,
    ...list.slice(outer, -1),
    last,
  ];
  return {
    ...input,
    view: {
      shape: insert(shape, strips, size),
      stride: insert(stride, step * size, step),
      offset: { ...offset, base: offset.base + at * step },
    },
  };
}

/**
 * The positions of the strips' results: `total` rows of `width` points, each with `strips` strips of `size` points from
 * column `first` on.
 */
interface StripLayout {
  readonly first: number;
  readonly strips: number;
  readonly size: number;
  readonly width: number;
  readonly total: number;
}

function stripTasks(
  nest: LoopNest,
  { first, strips, size, width, total }: StripLayout,
  length: number,
  rule: CombineRule,
  cost: number,
  plan: PlanCode,
  stores: Callable,
): Task[] {
  const chunks = Math.ceil(length / CHUNK);
  const resultBytes = Math.ceil((4 * size) / 16) * 16;
  // Combining lanes, whole vectors at a time, changes only what has been combined before.
  const pitch = adjoins(nest) ? 4 * size : resultBytes;
  const laneBytes = LANES * pitch;
  const lanes = plan.scratch(laneBytes + 64);
  const accumulator = (nest: LoopNest): Callable =>
    plan.module.function(Array(5).fill('i32'), [], (code, group, start, count, to, scratch) => {
      const range = { group: group!, start: start!, count: count!, acc: null, scratch: scratch! };
      const rowSize = nest.shape.at(-1)!;
      const rows = { size: rowSize, pitch: rowSize === size ? pitch : laneBytes, bytes: laneBytes };
      emitPointLoop(code, plan, nest, range, () => new AccumulateRowsSink(code, rule, to!, rows), true);
    });
  const accumulate = accumulator(nest);
  const together = rowsTogether(nest);
  const accumulateTogether = together && accumulator(together);
  /** Reduces rows `row` to `row + rows - 1` of a strip; the result is in the first of the lanes at `to`. */
  const reduceRows = (
    code: Code,
    strip: Local,
    row: Operand,
    rows: Operand,
    to: Local,
    scratch: Local,
  ): void => {
    const neutral = code.literal(rule.identity);
    code.for(0, laneBytes, 16, (at) => code.store('v128.store', code.op('i32.add', to, at), neutral));
    let [first, left] = [row, rows];
    if (accumulateTogether !== null) {
      const step = LANES * together!.roots.length;
      const [start, count] = [row, rows].map((n) =>
        code.op('i32.mul', code.op('i32.div_u', n, step), LANES * size),
      );
      code.call(accumulateTogether, strip, start!, count!, to, scratch);
      left = code.op('i32.rem_u', rows, step);
      first = code.op('i32.sub', code.op('i32.add', row, rows), left);
    }
    const [start, count] = [first, left].map((n) => code.op('i32.mul', n, size));
    code.call(accumulate, strip, start!, count!, to, scratch);
    for (let half = LANES / 2; half >= 1; half /= 2)
      emitCombine(code, rule, to, to, code.op('i32.add', to, half * pitch), half * pitch);
  };
  const store = (code: Code, strip: Local, acc: Local, scratch: Local): void => {
    const row = code.op('i32.mul', code.op('i32.div_u', strip, strips), width);
    const column = code.op('i32.mul', code.op('i32.rem_u', strip, strips), size);
    code.call(stores, code.op('i32.add', code.op('i32.add', row, column), first), size, acc, scratch);
  };

  const count = total * strips;
  if (chunks <= 1) {
    return [
      chunkedTask(plan, count, cost, 1, (code, from, end, scratch) =>
        code.for(from, end, 1, (strip) => {
          const to = code.op('i32.add', scratch, lanes);
          reduceRows(code, strip, 0, length, to, scratch);
          store(code, strip, to, scratch);
        }),
      ),
    ];
  }
  const partials = plan.temporary(count * chunks * resultBytes + 64);
  return [
    chunkedTask(plan, count * chunks, cost, 1, (code, from, end, scratch) =>
      code.for(from, end, 1, (unit) => {
        const to = code.op('i32.add', scratch, lanes);
        const row = code.op('i32.mul', code.op('i32.rem_u', unit, chunks), CHUNK);
        const rows = code.smaller(code.op('i32.sub', length, row), CHUNK);
        reduceRows(code, code.op('i32.div_u', unit, chunks), row, rows, to, scratch);
        const target = code.op('i32.add', plan.word(code, partials), code.op('i32.mul', unit, resultBytes));
        code.copyMemory(target, to, resultBytes);
      }),
    ),
    chunkedTask(plan, count, (cost * chunks) / length, 1, (code, from, end, scratch) =>
      code.for(from, end, 1, (strip) => {
        const at = code.op('i32.mul', strip, chunks * resultBytes);
        const results = code.op('i32.add', plan.word(code, partials), at);
        emitCombineTree(code, rule, results, chunks, resultBytes, resultBytes);
        store(code, strip, results, scratch);
      }),
    ),
  ];
}
