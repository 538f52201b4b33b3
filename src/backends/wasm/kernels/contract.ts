import { groupsOf } from '../../../ir/contract-axes.ts';
import type { Contract, Kernel, BufferView as Matrices } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import { emitJoin, type Fold, foldOf } from '../loops/fold.ts';
import { unitsTask } from '../module/chunks.ts';
import { costOf } from '../module/cost.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';
import { leftOperand, rightOperand } from './panels.ts';
import { emitOffset, linesOf, type Steps, stepsOf } from './steps.ts';
import { TILE_COLUMNS, TILE_ROWS, tileFunction } from './tile.ts';

/** Lengths of the order of accumulation that kernel.ts states. */
const K_BLOCK = 256;
const K_CHUNK = 4096;
/** The most rows and columns of the result that are computed together. */
const M_BLOCK = 256;
const N_BLOCK = 128;
/** Columns of the right operand that are packed at a time: two lines of the cache. */
const STRIP = 32;
/** Rows for which it is not worth to pack the right operand. */
const FEW_ROWS = 4;
/**
 * Blocks that are enough to share among threads, and the rows and columns that they keep when they shrink for
 * that.
 */
const MANY = 16;
const FEW = 16;
/** The most bytes of sums that wait to be joined. */
const MOST_SUMS = 0x400_0000;
/** Points whose sums are joined at a time. */
const JOINED = 1024;

/**
 * A contraction with m >= 2 and n >= 2, block by block of the result. For 256 steps of k at a time the
 * block's rows of the left operand are packed into panels of four, unless tiles can read them where they lie,
 * and its columns of the right one strip by strip into panels of eight, which stay in the nearest cache while
 * all rows are multiplied with them (Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication", 2008). The sums wait in scratch memory for the stores. Where there is much to do for few
 * blocks, chunks of k are shared among threads too, and a second task joins their sums.
 */
export function compileContract(kernel: Kernel, source: Contract, plan: PlanCode, stores: Callable): Task[] {
  const { a, b } = groupsOf(source);
  const size = { m: sizeOf(a.m.shape), n: sizeOf(b.n.shape), k: sizeOf(a.k.shape) };
  const batches = sizeOf(a.batch.shape);
  const { m, n, k } = size;
  const points = batches * m * n;
  if (points === 0) return [];
  const products = (batches * Math.ceil(n / 4) * 4 * m * k) / 25;
  const roots = kernel.stores.map((store) => store.expr);
  const cost = products + costOf(points, roots);
  const isLarge = (units: number): boolean => cost / units > 2 * plan.grain;

  const chunks = Math.ceil(k / K_CHUNK);
  const whole = batches * Math.ceil(m / M_BLOCK) * Math.ceil(n / N_BLOCK);
  const apart = chunks > 1 && whole < MANY && isLarge(whole) && 4 * points * chunks <= MOST_SUMS;
  const parts = apart ? chunks : 1;
  const { rows, columns } = blocksOf(size, batches * parts, isLarge);
  const [rowBlocks, columnBlocks] = [Math.ceil(m / rows), Math.ceil(n / columns)];

  const aBatches = stepsOf(plan, a.batch, plan.bytesOf(source.a.buffer));
  const bBatches = stepsOf(plan, b.batch, plan.bytesOf(source.b.buffer));
  const multiply = compileBlock(source, plan, size, { rows, columns });
  const fold = foldOf('sum', source.type);
  const partials = apart ? plan.temporary(4 * points * chunks + 64) : 0;
  const blockBytes = apart ? 0 : 4 * rows * columns + 64;
  const [sumsAt, chunkAt] = [plan.scratch(blockBytes), plan.scratch(chunks > 1 ? blockBytes : 0)];
  const pitch = 4 * (apart ? n : columns);

  const blocks = unitsTask(
    plan,
    batches * rowBlocks * columnBlocks * parts,
    apart ? products : cost,
    1,
    (code, first, end, scratch) =>
      code.for(first, end, 1, (unit) => {
        const block = parts === 1 ? unit : code.op('i32.div_u', unit, parts);
        const strip = code.op('i32.div_u', block, columnBlocks);
        const batch = code.op('i32.div_u', strip, rowBlocks);
        const row = code.op('i32.mul', code.op('i32.rem_u', strip, rowBlocks), rows);
        const column = code.op('i32.mul', code.op('i32.rem_u', block, columnBlocks), columns);
        const aOrigin = emitOrigin(code, plan, source.a, aBatches, batch);
        const bOrigin = emitOrigin(code, plan, source.b, bBatches, batch);
        const point = code.op('i32.mul', code.op('i32.add', code.op('i32.mul', batch, m), row), n);
        code.update(point, 'i32.add', point, column);
        const chunk = (from: Operand, to: Local): void => {
          code.call(multiply, aOrigin, bOrigin, row, column, from, to, pitch, scratch);
        };
        if (apart) {
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
            emitJoin(code, fold, sums, sums, later, Math.ceil((rows * columns) / 4) * 16);
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
  if (!apart) return [blocks];

  const joinCost = cost - products + (points * chunks) / 4;
  return [blocks, joinTask(plan, { partials, points, chunks, fold }, joinCost, stores)];
}

/** Sums of chunks of k, in temporary memory: those of all points, chunk after chunk. */
interface Partials {
  /** The word of their address. */
  readonly partials: number;
  readonly points: number;
  readonly chunks: number;
  readonly fold: Fold;
}

/** Adds the sums of chunks up and hands them to the stores. */
function joinTask(
  plan: PlanCode,
  { partials, points, chunks, fold }: Partials,
  cost: number,
  stores: Callable,
): Task {
  const accAt = plan.scratch(4 * JOINED + 64);
  return unitsTask(plan, Math.ceil(points / JOINED), cost, 1, (code, first, end, scratch) =>
    code.for(first, end, 1, (unit) => {
      const point = code.op('i32.mul', unit, JOINED);
      const count = code.smaller(code.op('i32.sub', points, point), JOINED);
      const bytes = code.op('i32.and', code.op('i32.add', code.op('i32.shl', count, 2), 15), -16);
      const acc = code.op('i32.add', scratch, accAt);
      const from = code.op('i32.add', plan.word(code, partials), code.op('i32.shl', point, 2));
      code.copyMemory(acc, from, bytes);
      code.for(1, chunks, 1, () => {
        code.update(from, 'i32.add', from, 4 * points);
        emitJoin(code, fold, acc, acc, from, bytes);
      });
      code.call(stores, point, count, acc, scratch);
    }),
  );
}

interface Size {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Rows and columns of a block of the result. */
interface Block {
  readonly rows: number;
  readonly columns: number;
}

/** The size of blocks; they are halved as long as there are too few, `times` each, and work is large. */
function blocksOf({ m, n }: Size, times: number, isLarge: (units: number) => boolean): Block {
  let rows = evenBlock(m, M_BLOCK, TILE_ROWS);
  let columns = evenBlock(n, N_BLOCK, FEW);
  for (;;) {
    const count = times * Math.ceil(m / rows) * Math.ceil(n / columns);
    if (count >= MANY || !isLarge(count)) break;
    if (columns > FEW && (columns >= rows || rows <= FEW)) columns = evenBlock(n, columns / 2, FEW);
    else if (rows > FEW) rows = evenBlock(m, rows / 2, TILE_ROWS);
    else break;
  }
  return { rows, columns };
}

/** The size of blocks of about `most` that share `count` evenly: a multiple of `multiple`, or all. */
function evenBlock(count: number, most: number, multiple: number): number {
  const blocks = Math.ceil(count / most);
  return Math.min(count, Math.ceil(count / blocks / multiple) * multiple);
}

/** The address of a batch's matrix. */
function emitOrigin(code: Code, plan: PlanCode, operand: Matrices, batches: Steps, batch: Local): Local {
  return code.op('i32.add', plan.address(code, operand), emitOffset(code, plan, batches, batch));
}

/**
 * A function `(a, b, row, column, first, sums, pitch, scratch)` that computes the sums of one chunk of k, from
 * `first` on, for the block from that row and column on; `a` and `b` are the addresses of the matrices.
 */
function compileBlock(
  source: Contract,
  plan: PlanCode,
  { m, n, k }: Size,
  { rows, columns }: Block,
): Callable {
  const { type } = source;
  const groups = groupsOf(source);
  const depth = Math.min(K_BLOCK, Math.ceil(k / 4) * 4);
  const aLines = linesOf(plan, source.a, groups.a.m, groups.a.k);
  const bLines = linesOf(plan, source.b, groups.b.n, groups.b.k);
  const a = leftOperand(plan, aLines, type, { depth, lines: rows });
  const b = rightOperand(plan, bLines, type, rows <= FEW_ROWS, { depth, lines: Math.min(STRIP, columns) });
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

        /** Multiplies all rows with a panel of columns. */
        const multiply = (right: Local, c: Local, panelColumns: number): void => {
          const next = code.copy(left.next);
          const tile = (tileRows: number, to: Local, count: Operand): void => {
            const made = tileFunction(plan, { ...form, rows: tileRows, columns: panelColumns });
            code.call(made, left.a, next, right, to, count, p, depth, later, left.tile, pitch!);
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
