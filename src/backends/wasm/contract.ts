import { type Group, groupsOf } from '../../ir/contract.ts';
import { dtypes } from '../../ir/dtype.ts';
import type { Contract, Kernel, Operand } from '../../ir/kernel.ts';
import { sizeOf } from '../../ir/view.ts';
import type { Callable, Code, Local, Operand as Value } from './assembler/code.ts';
import { unitsTask } from './chunks.ts';
import { costOf } from './cost.ts';
import { emitOffset, type Lines, packFunction, panelBytes, type Steps, stepsOf } from './pack.ts';
import type { PlanCode, Task } from './plan-code.ts';
import { TILE_COLUMNS, TILE_ROWS, tileFunction } from './tile.ts';

/** Elements of k that are added up from zero before they are added to the result; part of the order of accumulation. */
const K_BLOCK = 256;
/** The most rows and columns of the result that are computed together. */
const M_BLOCK = Number(globalThis.process?.env.MB ?? 128);
const N_BLOCK = Number(globalThis.process?.env.NB ?? 256);
/** Columns of the right operand that are packed at a time: as wide as a line of the cache. */
const STRIP = 16;
/** Up to so many rows it does not pay to pack the right operand. */
const FEW_ROWS = Number(globalThis.process?.env.FEW ?? 8);

export function compileContract(kernel: Kernel, source: Contract, plan: PlanCode, stores: Callable): Task[] {
  const { type } = source;
  const groups = groupsOf(source);
  const a = new Side(plan, source.a, type, groups.a.batch, groups.a.m, groups.a.k);
  const b = new Side(plan, source.b, type, groups.b.batch, groups.b.n, groups.b.k);
  const [batches, m, n, k] = [groups.a.batch, groups.a.m, groups.b.n, groups.a.k].map((g) =>
    sizeOf(g.shape),
  ) as [number, number, number, number];
  if (batches * m * n === 0) return [];
  const rowBlock = evenBlock(m, M_BLOCK, TILE_ROWS);
  const columnBlock = evenBlock(n, N_BLOCK, STRIP);
  const [rowBlocks, columnBlocks] = [Math.ceil(m / rowBlock), Math.ceil(n / columnBlock)];
  const pitch = 4 * columnBlock;
  const aDirect = a.runsAlongDepth;
  const bDirect = b.runsAlongLines && rowBlock <= FEW_ROWS;
  const sumsAt = plan.scratch(rowBlock * pitch + 64);
  const aAt = aDirect ? 0 : plan.scratch(4 * K_BLOCK * Math.ceil(rowBlock / TILE_ROWS) * TILE_ROWS);
  const bAt = bDirect ? 0 : plan.scratch(4 * K_BLOCK * STRIP);
  const packA = aDirect ? null : packFunction(plan, a.lines, type, 1);
  const packB = bDirect ? null : packFunction(plan, b.lines, type, 2);
  const form = {
    type,
    ...(aDirect ? { aRow: strideOf(a.lines.lines), aStep: 4 } : { aRow: 4, aStep: 16 }),
    bStep: bDirect ? strideOf(b.lines.depths) : 32,
  };
  const cost =
    batches *
      ((m * n * k) / 25 + 0.3 * k * ((aDirect ? 0 : m * columnBlocks) + (bDirect ? 0 : n * rowBlocks))) +
    costOf(
      batches * m * n,
      kernel.stores.map((store) => store.expr),
    );

  /** All tiles of a panel of columns. */
  const multiply = (
    code: Code,
    {
      at,
      c,
      b: right,
      rows,
      depth,
      later,
      aTile,
    }: Record<'at' | 'c' | 'b' | 'rows' | 'depth' | 'later' | 'aTile', Local>,
    columns: number,
  ): void => {
    const tiles = code.op('i32.shr_u', rows, 2);
    if (m >= TILE_ROWS) {
      const full = tileFunction(plan, { ...form, rows: TILE_ROWS, columns });
      const run = () => code.call(full, at, right, c, tiles, depth, later, aTile, pitch);
      if (m % TILE_ROWS === 0 || rowBlocks === 1) run();
      else code.if(tiles, run);
    }
    const rest = m % TILE_ROWS;
    if (rest === 0) return;
    const part = tileFunction(plan, { ...form, rows: rest, columns });
    code.if(code.op('i32.and', rows, TILE_ROWS - 1), () => {
      const below = code.op('i32.add', at, code.op('i32.mul', tiles, aTile));
      const cBelow = code.op('i32.add', c, code.op('i32.mul', tiles, TILE_ROWS * pitch));
      code.call(part, below, right, cBelow, 1, depth, later, aTile, pitch);
    });
  };

  return [
    unitsTask(plan, batches * rowBlocks * columnBlocks, cost, 1, (code, first, end, scratch) => {
      code.for(first, end, 1, (unit) => {
        const block = code.op('i32.div_u', unit, columnBlocks);
        const g = code.op('i32.div_u', block, rowBlocks);
        const row = code.op('i32.mul', code.op('i32.rem_u', block, rowBlocks), rowBlock);
        const column = code.op('i32.mul', code.op('i32.rem_u', unit, columnBlocks), columnBlock);
        const rows = smaller(code, code.op('i32.sub', m, row), rowBlock);
        const columns = smaller(code, code.op('i32.sub', n, column), columnBlock);
        const [aOrigin, bOrigin] = [a.emitOrigin(code, g), b.emitOrigin(code, g)];
        const sums = code.op('i32.add', scratch, sumsAt);
        if (k === 0) code.fillMemory(sums, 0, rowBlock * pitch);
        code.for(0, k, K_BLOCK, (p) => {
          const depth = smaller(code, code.op('i32.sub', k, p), K_BLOCK);
          let at: Local;
          let aTile: Local;
          if (packA === null) {
            at = code.op('i32.add', aOrigin, code.op('i32.mul', row, form.aRow));
            code.update(at, 'i32.add', at, code.op('i32.mul', p, 4));
            aTile = code.copy(TILE_ROWS * form.aRow);
          } else {
            at = code.op('i32.add', scratch, aAt);
            code.call(packA, aOrigin, row, rows, p, depth, at);
            aTile = panelBytes(code, depth, 1);
          }
          const bPanel = panelBytes(code, depth, 2);
          code.for(0, columns, STRIP, (j) => {
            const width = smaller(code, code.op('i32.sub', columns, j), STRIP);
            const start = code.op('i32.add', column, j);
            let right: Local;
            if (packB === null) {
              right = code.op('i32.add', bOrigin, code.op('i32.mul', start, 4));
              code.update(right, 'i32.add', right, code.op('i32.mul', p, form.bStep));
            } else {
              right = code.op('i32.add', scratch, bAt);
              code.call(packB, bOrigin, start, width, p, depth, right);
            }
            const c = code.op('i32.add', sums, code.op('i32.mul', j, 4));
            code.for(0, width, TILE_COLUMNS, (jj) => {
              const these = { at, c, b: right, rows, depth, later: p, aTile };
              const rest = n % TILE_COLUMNS;
              if (rest === 0) multiply(code, these, TILE_COLUMNS);
              else
                code.if(
                  code.op('i32.ge_u', code.op('i32.sub', width, jj), TILE_COLUMNS),
                  () => multiply(code, these, TILE_COLUMNS),
                  () => multiply(code, these, rest),
                );
              code.update(c, 'i32.add', c, 4 * TILE_COLUMNS);
              code.update(right, 'i32.add', right, packB === null ? 4 * TILE_COLUMNS : bPanel);
            });
          });
        });
        const point = code.op('i32.mul', code.op('i32.add', code.op('i32.mul', g, m), row), n);
        if (columnBlocks === 1) {
          code.call(stores, point, code.op('i32.mul', rows, n), sums, scratch);
        } else {
          code.update(point, 'i32.add', point, column);
          code.for(0, rows, 1, () => {
            code.call(stores, point, columns, sums, scratch);
            code.update(point, 'i32.add', point, n);
            code.update(sums, 'i32.add', sums, pitch);
          });
        }
      });
    }),
  ];
}

const smaller = (code: Code, x: Value, y: number): Local => code.select(code.op('i32.lt_u', x, y), x, y);

/** The size of blocks, none larger than `most`, that share `count` evenly: a multiple of `multiple`, or all. */
function evenBlock(count: number, most: number, multiple: number): number {
  const blocks = Math.ceil(count / most);
  return Math.min(count, Math.ceil(count / blocks / multiple) * multiple);
}

const strideOf = (steps: Steps): number => ('stride' in steps ? steps.stride : 0);

/** One operand. */
class Side {
  readonly lines: Lines;
  readonly #plan: PlanCode;
  readonly #operand: Operand;
  readonly #batches: Steps;
  readonly #asIs: boolean;

  constructor(
    plan: PlanCode,
    operand: Operand,
    type: 'f32' | 'i32',
    batches: Group,
    lines: Group,
    depths: Group,
  ) {
    const { dtype } = plan.plan.buffers[operand.buffer]!;
    const { bytes, scalar } = dtypes[dtype];
    this.#plan = plan;
    this.#operand = operand;
    this.#batches = stepsOf(plan, batches, bytes);
    this.#asIs = scalar === type && bytes === 4;
    this.lines = { dtype, lines: stepsOf(plan, lines, bytes), depths: stepsOf(plan, depths, bytes) };
  }

  /** Can tiles read its rows where they lie? */
  get runsAlongDepth(): boolean {
    return this.#asIs && isEven(this.lines.lines) && strideOf(this.lines.depths) === 4;
  }

  /** Can tiles read its columns where they lie? */
  get runsAlongLines(): boolean {
    return this.#asIs && isEven(this.lines.depths) && strideOf(this.lines.lines) === 4;
  }

  emitOrigin(code: Code, batch: Local): Local {
    const address = this.#plan.address(code, this.#operand);
    return code.op('i32.add', address, emitOffset(code, this.#plan, this.#batches, batch));
  }
}

const isEven = (steps: Steps): boolean => 'stride' in steps && steps.stride >= 0;
