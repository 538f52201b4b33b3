import type { Callable, Code, Local } from './assembler/code.ts';
import { perPlan } from './per-plan.ts';
import type { PlanCode } from './plan-code.ts';

/** Rows and columns of a tile: with more than eight accumulators engines run out of their 16 registers. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;

/** Steps of k in one round of the innermost loop, for whole tiles and for those at the edges. */
const UNROLL = 12;
const UNROLL_EDGE = 4;

/** Tiles of the result: which operation, how large, and the bytes between what they read. */
export interface TileForm {
  readonly type: 'f32' | 'i32';
  /** 1 to TILE_ROWS. */
  readonly rows: number;
  /** 1 to TILE_COLUMNS. */
  readonly columns: number;
  /** From one row of the left operand to the next, and from one k to the next. */
  readonly aRow: number;
  readonly aStep: number;
  /** From one k of the right operand to the next; its columns are neighbours. */
  readonly bStep: number;
}

const known = perPlan(() => new Map<string, Callable>());

/**
 * A function `(a, b, c, tiles, depth, later, aTile, pitch)` that computes `tiles` tiles of a product, one
 * below the other. The left operand lies at `a`, `aTile` bytes from tile to tile, the right one at `b`. Each
 * element's `depth` (at least 1) products are added one by one to a sum that starts at +0; it goes to the
 * result at `c`, whose rows are `pitch` bytes apart, and where `later` holds it is added to what is there. Up
 * to 12 bytes beyond the last column are read of the right operand and of the result.
 */
export function tileFunction(plan: PlanCode, form: TileForm): Callable {
  const { type, rows, columns, aRow, aStep, bStep } = form;
  const key = [type, rows, columns, aRow, aStep, bStep].join();
  const made = known(plan);
  const tile = made.get(key) ?? compileTile(plan, form);
  made.set(key, tile);
  return tile;
}

function compileTile(plan: PlanCode, form: TileForm): Callable {
  const { type, rows, columns } = form;
  const vectors = Math.ceil(columns / 4);
  return plan.module.function(
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (code, a, b, c, tiles, depth, later, aTile, pitch) => {
      const sums = Array.from({ length: rows * vectors }, () => code.local('v128'));
      const zero = code.literal(new Int32Array(4));
      const left = code.copy(tiles!);
      code.loop(() => {
        for (const sum of sums) code.set(sum, zero);
        emitProducts(code, form, sums, a!, b!, depth!);
        const rowsAt: Local[] = [code.copy(c!)];
        for (let i = 1; i < rows; i++) rowsAt.push(code.op('i32.add', rowsAt[i - 1]!, pitch!));
        code.if(later!, () => {
          sums.forEach((sum, i) => {
            const [at, v] = [rowsAt[Math.floor(i / vectors)]!, i % vectors];
            code.update(sum, `${type}x4.add`, code.load('v128.load', [at], 16 * v), sum);
          });
        });
        sums.forEach((sum, i) => {
          const [at, v] = [rowsAt[Math.floor(i / vectors)]!, i % vectors];
          emitStore(code, at, 16 * v, sum, Math.min(4, columns - 4 * v));
        });
        code.update(a!, 'i32.add', a!, aTile!);
        code.update(c!, 'i32.add', rowsAt[rows - 1]!, pitch!);
        code.update(left, 'i32.sub', left, 1);
        return left;
      });
    },
  );
}

/** The innermost loop. */
function emitProducts(
  code: Code,
  { type, rows, aRow, aStep, bStep }: TileForm,
  sums: readonly Local[],
  aStart: Local,
  bStart: Local,
  depth: Local,
): void {
  const vectors = sums.length / rows;
  const unroll = 4 * sums.length === TILE_ROWS * TILE_COLUMNS ? UNROLL : UNROLL_EDGE;
  const a = code.copy(aStart);
  const b = code.copy(bStart);
  const end = code.op('i32.add', a, code.op('i32.mul', depth, aStep));
  const right = Array.from({ length: vectors }, () => code.local('v128'));
  const [left, product] = [code.local('v128'), code.local('v128')];
  // A way out of the loop between any two steps makes each one a basic block. V8 of Node 20 moves all loads
  // of a block before its arithmetic, and those of several steps do not fit in the registers.
  code.block((leave) => {
    code.loop(() => {
      for (let step = 0; step < unroll; step++) {
        if (step > 0) leave(code.op('i32.eq', a, end));
        right.forEach((vector, v) => {
          code.loadInto(vector, 'v128.load', [b], step * bStep + 16 * v);
        });
        for (let i = 0; i < rows; i++) {
          code.loadInto(left, 'v128.load32_splat', [a], i * aRow);
          right.forEach((vector, v) => {
            const sum = sums[i * vectors + v]!;
            code.update(product, `${type}x4.mul`, left, vector);
            code.update(sum, `${type}x4.add`, sum, product);
          });
        }
        code.update(a, 'i32.add', a, aStep);
      }
      code.update(b, 'i32.add', b, unroll * bStep);
      return code.op('i32.ne', a, end);
    });
  });
}

/** Stores the first `count` lanes. */
function emitStore(code: Code, address: Local, offset: number, vector: Local, count: number): void {
  if (count === 4) {
    code.store('v128.store', address, vector, offset);
    return;
  }
  const pairs = count >> 1;
  if (pairs > 0) code.storeLane('v128.store64_lane', 0, address, vector, offset);
  if (count & 1) code.storeLane('v128.store32_lane', 2 * pairs, address, vector, offset + 8 * pairs);
}
