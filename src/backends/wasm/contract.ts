import { groupsOf } from '../../ir/contract.ts';
import type { Contract, Kernel, Operand } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import type { Callable, Code, Local, Operand as Value } from './assembler/code.ts';
import { unitsTask } from './chunks.ts';
import { costOf } from './cost.ts';
import { packedPanels, panelsInPlace } from './panels.ts';
import type { PlanCode, Task } from './plan-code.ts';
import { emitOffset, linesOf, type Steps, stepsOf } from './steps.ts';
import { TILE_COLUMNS, TILE_ROWS, tileFunction } from './tile.ts';

/** Steps of k that are added up from zero before they are added to the result, by the rule of kernel.ts. */
const K_BLOCK = 256;
/** The most rows and columns of the result that are computed together. */
const M_BLOCK = 256;
const N_BLOCK = 128;
/** Columns of the right operand that are packed at a time: two lines of the cache. */
const STRIP = 32;
/**
 * Blocks that are enough to share among threads, and the rows and columns that they keep when they shrink for
 * that.
 */
const MANY = 16;
const FEW = 16;

/**
 * A contraction with m >= 2 and n >= 2, block by block of the result. For 256 steps of k at a time the
 * block's rows of the left operand are packed into panels of four, unless tiles can read them where they lie,
 * and its columns of the right one strip by strip into panels of eight, which stay in the nearest cache while
 * all rows are multiplied with them (Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication", 2008). The sums wait in scratch memory for the stores.
 */
export function compileContract(kernel: Kernel, source: Contract, plan: PlanCode, stores: Callable): Task[] {
  const { a, b } = groupsOf(source);
  const size = { m: sizeOf(a.m.shape), n: sizeOf(b.n.shape), k: sizeOf(a.k.shape) };
  const batches = sizeOf(a.batch.shape);
  const { m, n, k } = size;
  if (batches * m * n === 0) return [];
  const roots = kernel.stores.map((store) => store.expr);
  const cost = (batches * Math.ceil(n / 4) * 4 * m * k) / 25 + costOf(batches * m * n, roots);
  const { rows, columns } = blocksOf(size, (count) => cost / (batches * count) > 2 * plan.grain);
  const [rowBlocks, columnBlocks] = [Math.ceil(m / rows), Math.ceil(n / columns)];

  const aBatches = stepsOf(plan, a.batch, plan.bytesOf(source.a.buffer));
  const bBatches = stepsOf(plan, b.batch, plan.bytesOf(source.b.buffer));
  const sumsAt = plan.scratch(4 * rows * columns + 64);
  const multiply = compileBlock(source, plan, size, { rows, columns });
  return [
    unitsTask(plan, batches * rowBlocks * columnBlocks, cost, 1, (code, first, end, scratch) =>
      code.for(first, end, 1, (unit) => {
        const strip = code.op('i32.div_u', unit, columnBlocks);
        const batch = code.op('i32.div_u', strip, rowBlocks);
        const row = code.op('i32.mul', code.op('i32.rem_u', strip, rowBlocks), rows);
        const column = code.op('i32.mul', code.op('i32.rem_u', unit, columnBlocks), columns);
        const sums = code.op('i32.add', scratch, sumsAt);
        const aOrigin = emitOrigin(code, plan, source.a, aBatches, batch);
        const bOrigin = emitOrigin(code, plan, source.b, bBatches, batch);
        code.call(multiply, aOrigin, bOrigin, row, column, sums, scratch);

        const height = code.smaller(code.op('i32.sub', m, row), rows);
        const point = code.op('i32.mul', code.op('i32.add', code.op('i32.mul', batch, m), row), n);
        if (columnBlocks === 1) {
          code.call(stores, point, code.op('i32.mul', height, n), sums, scratch);
          return;
        }
        const width = code.smaller(code.op('i32.sub', n, column), columns);
        code.update(point, 'i32.add', point, column);
        code.for(0, height, 1, () => {
          code.call(stores, point, width, sums, scratch);
          code.update(point, 'i32.add', point, n);
          code.update(sums, 'i32.add', sums, 4 * columns);
        });
      }),
    ),
  ];
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

/** The size of blocks; they are halved as long as there are too few and `isLarge` holds for their number. */
function blocksOf({ m, n }: Size, isLarge: (blocks: number) => boolean): Block {
  let rows = evenBlock(m, M_BLOCK, TILE_ROWS);
  let columns = evenBlock(n, N_BLOCK, FEW);
  for (;;) {
    const count = Math.ceil(m / rows) * Math.ceil(n / columns);
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
function emitOrigin(code: Code, plan: PlanCode, operand: Operand, batches: Steps, batch: Local): Local {
  return code.op('i32.add', plan.address(code, operand), emitOffset(code, plan, batches, batch));
}

/**
 * A function `(a, b, row, column, sums, scratch)` that computes the block of the product from that row and
 * column on; `a` and `b` are the addresses of the matrices.
 */
function compileBlock(
  source: Contract,
  plan: PlanCode,
  { m, n, k }: Size,
  { rows, columns }: Block,
): Callable {
  const { type } = source;
  const groups = groupsOf(source);
  const most = { depth: Math.min(K_BLOCK, Math.ceil(k / 4) * 4) };
  const aLines = linesOf(plan, source.a, groups.a.m, groups.a.k);
  const bLines = linesOf(plan, source.b, groups.b.n, groups.b.k);
  const aInPlace = panelsInPlace(aLines, type, TILE_ROWS);
  // A right operand that is read only once is not worth packing.
  const bInPlace = rows <= TILE_ROWS ? panelsInPlace(bLines, type, TILE_COLUMNS) : null;
  const a =
    aInPlace?.step === 4 ? aInPlace : packedPanels(plan, aLines, type, TILE_ROWS, { ...most, lines: rows });
  const b =
    bInPlace?.line === 4
      ? bInPlace
      : packedPanels(plan, bLines, type, TILE_COLUMNS, { ...most, lines: Math.min(STRIP, columns) });
  const form = { type, aRow: a.line, aStep: a.step, bStep: b.step };

  return plan.module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, aOrigin, bOrigin, row, column, sums, scratch) => {
      const height = code.smaller(code.op('i32.sub', m, row!), rows);
      const width = code.smaller(code.op('i32.sub', n, column!), columns);
      const tiles = code.op('i32.div_u', height, TILE_ROWS);
      if (k === 0) code.fillMemory(sums!, 0, 4 * rows * columns);
      code.for(0, k, K_BLOCK, (p) => {
        const depth = code.smaller(code.op('i32.sub', k, p), K_BLOCK);
        const left = a.emit(code, { origin: aOrigin!, line: row!, count: height, k: p, depth }, scratch!);

        /** Multiplies all rows with a panel of columns. */
        const multiply = (right: Local, c: Local, panelColumns: number): void => {
          const tile = (tileRows: number, at: Local, to: Local, count: Value): void => {
            const made = tileFunction(plan, { ...form, rows: tileRows, columns: panelColumns });
            code.call(made, at, right, to, count, depth, p, left.panel, 4 * columns);
          };
          if (m >= TILE_ROWS) code.if(tiles, () => tile(TILE_ROWS, left.at, c, tiles));
          const rest = m % TILE_ROWS;
          if (rest === 0) return;
          code.if(code.op('i32.rem_u', height, TILE_ROWS), () => {
            const at = code.op('i32.add', left.at, code.op('i32.mul', tiles, left.panel));
            const to = code.op('i32.add', c, code.op('i32.mul', tiles, 4 * columns * TILE_ROWS));
            tile(rest, at, to, 1);
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
