import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import { perPlan } from '../module/per-plan.ts';
import type { PlanCode } from '../module/plan-code.ts';

/** Rows and columns of a tile: more than eight accumulators would spill, since x86-64 has 16 vector registers. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;

/** How often the innermost loop over k is unrolled, for whole tiles and for those at the edges. */
const UNROLL = 12;
const UNROLL_EDGE = 4;

/** The address of a row: `at + offset`. */
export interface RowAddress {
  readonly at: Local;
  readonly offset: number;
}

/** How tiles read rows of the left matrix. */
export interface LeftRows {
  /** Bytes from one k to the next within a run. */
  readonly step: number;
  /** Identifies this access pattern among those of the plan. */
  readonly key: string;
  /** The addresses of the rows of tile `next`. */
  begin(code: Code, origin: Local, next: Local, count: number): RowAddress[];
  /** Emits a loop over the runs along k: `body` gets the byte offset of a run from the rows' start, or null for 0. */
  eachRun(code: Code, k: Local, depth: Local, body: (offset: Local | null, count: Local) => void): void;
  /** Advances `next`, which is an address or a row number: by `bytes` or by `rows`. */
  advance(code: Code, next: Local, bytes: Local, rows: Operand): void;
}

/** A variant of the tile function: type, size, and access to the matrices. */
export interface TileForm {
  readonly type: 'f32' | 'i32';
  /** 1 to TILE_ROWS. */
  readonly rows: number;
  /** 1 to TILE_COLUMNS. */
  readonly columns: number;
  readonly left: LeftRows;
  /** Bytes from one k to the next in the right matrix, whose columns are adjacent. */
  readonly bStep: number;
}

const known = perPlan(() => new Map<string, Callable>());

/**
 * A function `(a, next, b, c, tiles, k, depth, later, tile, pitch)` that computes `tiles` tiles of a product, one below
 * the other. `left` reads the left matrix at `a` and `next`; `tile` is the bytes from one tile to the next. The right
 * matrix is at `b`. For each element of the result, `depth` >= 1 products from `k` on are added one by one to a sum that
 * starts at +0. The sum is stored to the result at `c`, whose rows are `pitch` bytes apart, or added to it if `later` is
 * not 0. Up to 12 bytes beyond the last column of the right matrix and of the result are read.
 */
export function tileFunction(plan: PlanCode, form: TileForm): Callable {
  const { type, rows, columns, left, bStep } = form;
  const key = [type, rows, columns, left.key, bStep].join();
  const made = known(plan);
  const tile = made.get(key) ?? compileTile(plan, form);
  made.set(key, tile);
  return tile;
}

function compileTile(plan: PlanCode, form: TileForm): Callable {
  const { type, rows, columns, left } = form;
  const vectors = Math.ceil(columns / 4);
  return plan.module.function(
    Array(10).fill('i32'),
    [],
    (code, a, next, b, c, tiles, k, depth, later, tile, pitch) => {
      const sums = Array.from({ length: rows * vectors }, () => code.local('v128'));
      const zero = code.literal(new Int32Array(4));
      const count = code.copy(tiles!);
      code.loop(() => {
        const rowAddresses = left.begin(code, a!, next!, rows);
        for (const sum of sums) code.set(sum, zero);
        const right = code.copy(b!);
        left.eachRun(code, k!, depth!, (offset, steps) => {
          const from = rowAddresses.map(({ at, offset: o }) => ({
            at: offset === null ? at : code.op('i32.add', at, offset),
            offset: o,
          }));
          emitProducts(code, form, sums, from, right, steps);
        });
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
        left.advance(code, next!, tile!, rows);
        code.update(c!, 'i32.add', rowsAt[rows - 1]!, pitch!);
        code.update(count, 'i32.sub', count, 1);
        return count;
      });
    },
  );
}

/** The innermost loop, over the products of a run. It advances `b` to the end of the run. */
function emitProducts(
  code: Code,
  { type, rows, left: { step }, bStep }: TileForm,
  sums: readonly Local[],
  rowAddresses: readonly RowAddress[],
  b: Local,
  count: Local,
): void {
  const vectors = sums.length / rows;
  const end = code.op('i32.add', b, code.op('i32.mul', count, bStep));
  const right = Array.from({ length: vectors }, () => code.local('v128'));
  const [left, product] = [code.local('v128'), code.local('v128')];
  /** One step along k, `aOffset` bytes from the row addresses and `bOffset` from `b`. */
  const emitStep = (at: readonly RowAddress[], aOffset: number, bOffset: number): void => {
    right.forEach((vector, v) => {
      code.loadInto(vector, 'v128.load', [b], bOffset + 16 * v);
    });
    for (let i = 0; i < rows; i++) {
      code.loadInto(left, 'v128.load32_splat', [at[i]!.at], at[i]!.offset + aOffset);
      right.forEach((vector, v) => {
        const sum = sums[i * vectors + v]!;
        code.update(product, `${type}x4.mul`, left, vector);
        code.update(sum, `${type}x4.add`, sum, product);
      });
    }
  };
  // The conditional exit between any two steps makes each step a basic block. V8 in Node 20 schedules all loads of a
  // basic block before its arithmetic, and the loads of several steps would not fit into the registers.
  code.block((leave) => {
    const unroll = 4 * sums.length === TILE_ROWS * TILE_COLUMNS ? UNROLL : UNROLL_EDGE;
    const distinct = [...new Set(rowAddresses.map(({ at }) => at))];
    const moving = distinct.map((at) => code.copy(at));
    const from = rowAddresses.map(({ at, offset }) => ({ at: moving[distinct.indexOf(at)]!, offset }));
    const steps = code.copy(count);
    code.loop(() => {
      for (let i = 0; i < unroll; i++) {
        if (i > 0) leave(code.op('i32.eq', steps, i));
        emitStep(from, i * step, i * bStep);
      }
      for (const at of moving) code.update(at, 'i32.add', at, unroll * step);
      code.update(b, 'i32.add', b, unroll * bStep);
      code.update(steps, 'i32.sub', steps, unroll);
      return steps;
    });
  });
  code.set(b, end);
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
