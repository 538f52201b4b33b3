import { axisGroupsOf } from '../../../ir/contract-axes.ts';
import type { BufferView, Contract, Kernel } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import { type CombineRule, combineRuleOf, emitCombine } from '../loops/combine.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { costOf } from '../module/cost.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';
import { support } from './loop-support.ts';
import { leftMatrix, type RightMatrix, rightMatrix } from './matrix-access.ts';
import { emitElementOffset, matrixLayoutOf, type StridedRuns, stridedRunsOf } from './strided-runs.ts';
import { TILE_COLUMNS, TILE_ROWS, tileFunction } from './tile.ts';

/** Lengths of blocks and chunks in the order of accumulation of `Contract`. */
export const K_BLOCK = 256;
const K_CHUNK = 4096;
/** Maximum rows and columns of a block of the result. */
const M_BLOCK = 256;
const N_BLOCK = 128;
/** Columns of the right matrix that are packed at a time: two cache lines. */
export const STRIP = 32;
/** Up to this many rows, packing the right matrix costs more than it saves. */
export const FEW_ROWS = 4;
/**
 * The number of blocks that is enough for all threads, and the minimum rows and columns of blocks that are made smaller
 * to reach it.
 */
const ENOUGH_BLOCKS = 16;
const MIN_EXTENT = 16;
/** Maximum bytes of partial sums in temporary memory. */
const MAX_PARTIAL_BYTES = 0x400_0000;
/** Points whose partial sums are combined at a time. */
const COMBINED_POINTS = 1024;

/**
 * A contraction with m >= 2 and n >= 2, block by block of the result (K. Goto and R. A. van de Geijn, "Anatomy of
 * High-Performance Matrix Multiplication", ACM TOMS 34, 2008). For each block of 256 along k, the rows of the left matrix
 * are packed into panels of four, unless tiles can read them in place. The columns of the right matrix are packed strip
 * by strip into panels of eight, which stay in the L1 cache while all rows are multiplied with them. The block's sums are
 * accumulated in scratch memory and then passed to the stores. If there are few blocks with much work, chunks of k are
 * distributed among threads too, and a second task combines their partial sums.
 */
export function compileContract(kernel: Kernel, source: Contract, plan: PlanCode, stores: Callable): Task[] {
  const { a, b } = axisGroupsOf(source);
  const size = { m: sizeOf(a.m.shape), n: sizeOf(b.n.shape), k: sizeOf(a.k.shape) };
  const batches = sizeOf(a.batch.shape);
  const { m, n, k } = size;
  const points = batches * m * n;
  if (points === 0) return [];
  const productCost = (batches * Math.ceil(n / 4) * 4 * m * k) / 25;
  const roots = kernel.stores.map((store) => store.expr);
  const cost = productCost + costOf(points, roots);
  const isLarge = (units: number): boolean => cost / units > 2 * plan.grain;

  const chunks = Math.ceil(k / K_CHUNK);
  const whole = batches * Math.ceil(m / M_BLOCK) * Math.ceil(n / N_BLOCK);
  const splitsK =
    chunks > 1 && whole < ENOUGH_BLOCKS && isLarge(whole) && 4 * points * chunks <= MAX_PARTIAL_BYTES;
  const parts = splitsK ? chunks : 1;
  const { rows, columns } = blockSizeOf(size, batches * parts, isLarge);
  const [rowBlocks, columnBlocks] = [Math.ceil(m / rows), Math.ceil(n / columns)];

  const aBatches = stridedRunsOf(plan, a.batch, plan.bytesOf(source.a.buffer));
  const bBatches = stridedRunsOf(plan, b.batch, plan.bytesOf(source.b.buffer));
  const kept = support.loops?.keptMatrix(plan, source);
  const multiplyBlock = compileBlock(source, plan, size, { rows, columns }, kept?.right);
  const rule = combineRuleOf('sum', source.type);
  const partials = splitsK ? plan.temporary(4 * points * chunks + 64) : 0;
  const blockBytes = splitsK ? 0 : 4 * rows * columns + 64;
  const [sumsAt, chunkAt] = [plan.scratch(blockBytes), plan.scratch(chunks > 1 ? blockBytes : 0)];
  const pitch = 4 * (splitsK ? n : columns);

  const blocks = chunkedTask(
    plan,
    batches * rowBlocks * columnBlocks * parts,
    splitsK ? productCost : cost,
    1,
    (code, first, end, scratch) =>
      code.for(first, end, 1, (unit) => {
        const block = parts === 1 ? unit : code.op('i32.div_u', unit, parts);
        const strip = code.op('i32.div_u', block, columnBlocks);
        const batch = code.op('i32.div_u', strip, rowBlocks);
        const row = code.op('i32.mul', code.op('i32.rem_u', strip, rowBlocks), rows);
        const column = code.op('i32.mul', code.op('i32.rem_u', block, columnBlocks), columns);
        const aOrigin = emitOrigin(code, plan, source.a, aBatches, batch);
        const bOrigin = kept?.origin(code, plan, batch) ?? emitOrigin(code, plan, source.b, bBatches, batch);
        const point = code.op('i32.mul', code.op('i32.add', code.op('i32.mul', batch, m), row), n);
        code.update(point, 'i32.add', point, column);
        const chunk = (from: Operand, to: Local): void => {
          code.call(multiplyBlock, aOrigin, bOrigin, row, column, from, to, pitch, scratch);
        };
        if (splitsK) {
          const part = code.op('i32.rem_u', unit, parts);
          const at = code.op('i32.add', code.op('i32.mul', part, points), point);
          const to = code.op('i32.add', plan.word(code, partials), code.op('i32.shl', at, 2));
          chunk(code.op('i32.mul', part, K_CHUNK), to);
          return;
        }
        const sums = code.op('i32.add', scratch, sumsAt);
        chunk(0, sums);
        if (chunks > 1) {
          const later = code.op('i32.add', scratch, chunkAt);
          code.for(K_CHUNK, k, K_CHUNK, (from) => {
            chunk(from, later);
            emitCombine(code, rule, sums, sums, later, Math.ceil((rows * columns) / 4) * 16);
          });
        }
        const height = code.smaller(code.op('i32.sub', m, row), rows);
        if (columnBlocks === 1) {
          code.call(stores, point, code.op('i32.mul', height, n), sums, scratch);
          return;
        }
        const width = code.smaller(code.op('i32.sub', n, column), columns);
        code.for(0, height, 1, () => {
          code.call(stores, point, width, sums, scratch);
          code.update(point, 'i32.add', point, n);
          code.update(sums, 'i32.add', sums, pitch);
        });
      }),
  );
  if (!splitsK) return [blocks];

  const combineCost = cost - productCost + (points * chunks) / 4;
  return [blocks, combineTask(plan, { partials, points, chunks, rule }, combineCost, stores)];
}

/** The sums of the chunks of k in temporary memory, [chunks, points]. */
interface PartialSums {
  /** The frame word with their address. */
  readonly partials: number;
  readonly points: number;
  readonly chunks: number;
  readonly rule: CombineRule;
}

/** Adds the partial sums of the chunks and passes the results to the stores. */
function combineTask(
  plan: PlanCode,
  { partials, points, chunks, rule }: PartialSums,
  cost: number,
  stores: Callable,
): Task {
  const accAt = plan.scratch(4 * COMBINED_POINTS + 64);
  return chunkedTask(plan, Math.ceil(points / COMBINED_POINTS), cost, 1, (code, first, end, scratch) =>
    code.for(first, end, 1, (unit) => {
      const point = code.op('i32.mul', unit, COMBINED_POINTS);
      const count = code.smaller(code.op('i32.sub', points, point), COMBINED_POINTS);
      const bytes = code.op('i32.and', code.op('i32.add', code.op('i32.shl', count, 2), 15), -16);
      const acc = code.op('i32.add', scratch, accAt);
      const from = code.op('i32.add', plan.word(code, partials), code.op('i32.shl', point, 2));
      code.copyMemory(acc, from, bytes);
      code.for(1, chunks, 1, () => {
        code.update(from, 'i32.add', from, 4 * points);
        emitCombine(code, rule, acc, acc, from, bytes);
      });
      code.call(stores, point, count, acc, scratch);
    }),
  );
}

interface MatrixSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Rows and columns of a block of the result. */
interface BlockSize {
  readonly rows: number;
  readonly columns: number;
}

/** The size of blocks. They are halved while there are too few of them (`perBlock` units for each) and each has much work. */
function blockSizeOf({ m, n }: MatrixSize, perBlock: number, isLarge: (units: number) => boolean): BlockSize {
  let rows = evenExtent(m, M_BLOCK, TILE_ROWS);
  let columns = evenExtent(n, N_BLOCK, MIN_EXTENT);
  for (;;) {
    const count = perBlock * Math.ceil(m / rows) * Math.ceil(n / columns);
    if (count >= ENOUGH_BLOCKS || !isLarge(count)) break;
    if (columns > MIN_EXTENT && (columns >= rows || rows <= MIN_EXTENT))
      columns = evenExtent(n, columns / 2, MIN_EXTENT);
    else if (rows > MIN_EXTENT) rows = evenExtent(m, rows / 2, TILE_ROWS);
    else break;
  }
  return { rows, columns };
}

/** The size of equal blocks of at most about `maximum` that cover `count`: a multiple of `multiple`, or `count`. */
function evenExtent(count: number, maximum: number, multiple: number): number {
  const blocks = Math.ceil(count / maximum);
  return Math.min(count, Math.ceil(count / blocks / multiple) * multiple);
}

/** The address of the matrix of a batch. */
function emitOrigin(
  code: Code,
  plan: PlanCode,
  matrices: BufferView,
  batches: StridedRuns,
  batch: Local,
): Local {
  return code.op('i32.add', plan.address(code, matrices), emitElementOffset(code, plan, batches, batch));
}

/**
 * A function `(a, b, row, column, first, sums, pitch, scratch)` that computes the sums of the chunk of k that starts at
 * `first`, for the block of the result that starts at `row` and `column`. `a` and `b` are the addresses of the matrices.
 */
function compileBlock(
  source: Contract,
  plan: PlanCode,
  { m, n, k }: MatrixSize,
  { rows, columns }: BlockSize,
  kept: RightMatrix | undefined,
): Callable {
  const { type } = source;
  const groups = axisGroupsOf(source);
  const depth = Math.min(K_BLOCK, Math.ceil(k / 4) * 4);
  const aLayout = matrixLayoutOf(plan, source.a, groups.a.m, groups.a.k);
  const a = leftMatrix(plan, aLayout, type, { depth, lines: rows });
  const packed = (): RightMatrix => {
    const layout = matrixLayoutOf(plan, source.b, groups.b.n, groups.b.k);
    return rightMatrix(plan, layout, type, rows <= FEW_ROWS, { depth, lines: Math.min(STRIP, columns) });
  };
  const b = kept ?? packed();
  const form = { type, left: a.rows, bStep: b.step };

  return plan.module.function(
    Array(8).fill('i32'),
    [],
    (code, aOrigin, bOrigin, row, column, first, sums, pitch, scratch) => {
      const height = code.smaller(code.op('i32.sub', m, row!), rows);
      const width = code.smaller(code.op('i32.sub', n, column!), columns);
      const tiles = code.op('i32.div_u', height, TILE_ROWS);
      if (k === 0) code.fillMemory(sums!, 0, 4 * rows * columns);
      const end = k <= K_CHUNK ? k : code.smaller(code.op('i32.add', first!, K_CHUNK), code.copy(k));
      code.for(first!, end, K_BLOCK, (p) => {
        const depth = code.smaller(code.op('i32.sub', end, p), K_BLOCK);
        const later = code.op('i32.ne', p, first!);
        const left = a.emit(code, { origin: aOrigin!, line: row!, count: height, k: p, depth }, scratch!);

        /** Multiplies all rows of the block by a panel of columns. */
        const multiply = (right: Local, c: Local, panelColumns: number): void => {
          const next = code.copy(left.next);
          const tile = (tileRows: number, to: Local, count: Operand): void => {
            const callee = tileFunction(plan, { ...form, rows: tileRows, columns: panelColumns });
            code.call(callee, left.a, next, right, to, count, p, depth, later, left.tile, pitch!);
          };
          if (m >= TILE_ROWS) code.if(tiles, () => tile(TILE_ROWS, c, tiles));
          const rest = m % TILE_ROWS;
          if (rest === 0) return;
          code.if(code.op('i32.rem_u', height, TILE_ROWS), () => {
            a.rows.advance(
              code,
              next,
              code.op('i32.mul', left.tile, tiles),
              code.op('i32.mul', tiles, TILE_ROWS),
            );
            const skipped = code.op('i32.mul', code.op('i32.mul', tiles, TILE_ROWS), pitch!);
            tile(rest, code.op('i32.add', c, skipped), 1);
          });
        };

        code.for(0, width, STRIP, (j) => {
          const count = code.smaller(code.op('i32.sub', width, j), STRIP);
          const line = code.op('i32.add', column!, j);
          const right = b.emit(code, { origin: bOrigin!, line, count, k: p, depth }, scratch!);
          const c = code.op('i32.add', sums!, code.op('i32.mul', j, 4));
          code.for(0, count, TILE_COLUMNS, (jj) => {
            const rest = n % TILE_COLUMNS;
            const whole = code.op('i32.ge_u', code.op('i32.sub', count, jj), TILE_COLUMNS);
            const full = () => multiply(right.at, c, TILE_COLUMNS);
            if (rest === 0) full();
            else if (n < TILE_COLUMNS) multiply(right.at, c, rest);
            else code.if(whole, full, () => multiply(right.at, c, rest));
            code.update(right.at, 'i32.add', right.at, right.panel);
            code.update(c, 'i32.add', c, 4 * TILE_COLUMNS);
          });
        });
      });
    },
  );
}
