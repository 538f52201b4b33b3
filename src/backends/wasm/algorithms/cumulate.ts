import type { Reducer } from '../../../ir/kernel.ts';
import type { Callable, Code, Local } from '../assembler/code.ts';
import type { WasmAlgorithm } from '../kernels/compile.ts';
import { type CombineRule, combineRuleOf } from '../loops/combine.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';
import { compileRead, type Extents, extentsOf } from './along-axis.ts';

/** The chunks in the order of accumulation of `Cumulate`. */
const CHUNK = 4096;
/** Columns that are processed together: the rows of a group stay in the L1 cache. */
const STRIP = 512;

/** Cumulative sums, products or extrema: along the last axis in vectors, along others over adjacent columns. */
export function compileCumulate(
  reducer: Exclude<Reducer, 'argmax' | 'argmin'>,
  axis: number,
  exclusive: boolean,
): WasmAlgorithm {
  return ({ shape }, { type, operands }, plan, stores) => {
    const extents = extentsOf(shape, axis);
    const read = compileRead(operands[0]!, axis, plan);
    const rule = combineRuleOf(reducer, type);
    const compile = extents.inner === 1 ? compileRows : compileColumns;
    return [compile(extents, rule, exclusive, read, plan, stores)];
  };
}

function compileRows(
  { outer, length }: Extents,
  rule: CombineRule,
  exclusive: boolean,
  read: Callable,
  plan: PlanCode,
  stores: Callable,
): Task {
  const buffer = plan.scratch(16 + 4 * CHUNK + 64);
  const cost = 2 * outer * length + 20 * outer;
  return chunkedTask(plan, outer, cost, 1, (code, first, end, scratch) => {
    // The word before the elements holds the result before them.
    const before = code.op('i32.add', scratch, buffer);
    const x = code.op('i32.add', before, 16);
    const identity = code.literal(rule.identity);
    const base = code.local('v128');
    const carry = code.local('v128');
    const previous = code.local('v128');
    code.for(first, end, 1, (row) => {
      code.set(base, identity);
      code.set(previous, identity);
      code.for(0, length, CHUNK, (from) => {
        const count = code.smaller(code.op('i32.sub', length, from), CHUNK);
        code.call(read, row, from, count, x, scratch);
        code.set(carry, identity);
        const stop = code.op('i32.add', x, code.op('i32.shl', count, 2));
        const at = code.copy(x);
        code.loop(() => {
          const values = code.load('v128.load', [at]);
          const pairs = rule.combine(code, values, code.shuffle([4, 0, 1, 2], values, identity));
          const four = rule.combine(code, pairs, code.shuffle([4, 5, 0, 1], pairs, identity));
          const inChunk = rule.combine(code, carry, four);
          code.set(carry, code.shuffle([3, 3, 3, 3], inChunk, inChunk));
          code.store('v128.store', at, length > CHUNK ? rule.combine(code, base, inChunk) : inChunk);
          code.update(at, 'i32.add', at, 16);
          return code.op('i32.lt_u', at, stop);
        });
        if (length > CHUNK) code.set(base, rule.combine(code, base, carry));
        const point = code.op('i32.add', code.op('i32.mul', row, length), from);
        if (exclusive) {
          code.storeLane('v128.store32_lane', 0, before, previous, 12);
          code.loadInto(previous, 'v128.load32_splat', [code.op('i32.sub', stop, 4)]);
          code.call(stores, point, count, code.op('i32.add', before, 12), scratch);
        } else code.call(stores, point, count, x, scratch);
      });
    });
  });
}

/** Four rows at a time; each step is the one of `compileRows` for all columns of a strip. */
function compileColumns(
  { outer, length, inner }: Extents,
  rule: CombineRule,
  exclusive: boolean,
  read: Callable,
  plan: PlanCode,
  stores: Callable,
): Task {
  const strip = Math.min(STRIP, inner);
  const strips = Math.ceil(inner / strip);
  const pitch = 4 * Math.ceil(strip / 16) * 16 + 64;
  const buffer = plan.scratch(7 * pitch);
  return chunkedTask(plan, outer * strips, 2 * outer * length * inner, 1, (code, first, end, scratch) => {
    const before = code.op('i32.add', scratch, buffer);
    const [x0, x1, x2, x3, carry, base] = [1, 2, 3, 4, 5, 6].map((slot) =>
      code.op('i32.add', before, slot * pitch),
    ) as [Local, Local, Local, Local, Local, Local];
    const rows = [x0, x1, x2, x3];
    const identity = code.literal(rule.identity);
    code.for(first, end, 1, (unit) => {
      const group = code.op('i32.div_u', unit, strips);
      const column = code.op('i32.mul', code.op('i32.rem_u', unit, strips), strip);
      const width = code.smaller(code.op('i32.sub', inner, column), strip);
      const bytes = code.op('i32.and', code.op('i32.add', code.op('i32.shl', width, 2), 15), -16);
      const each = (body: (at: (row: Local) => Local) => void): void =>
        code.for(0, bytes, 16, (b) => body((row) => code.op('i32.add', row, b)));
      each((at) => {
        for (const row of [before, carry, base]) code.store('v128.store', at(row), identity);
      });
      code.for(0, length, 4, (i) => {
        const start = code.op('i32.add', code.op('i32.mul', i, inner), column);
        const eachRow = (body: (r: number, from: Local) => void): void => {
          for (let r = 0; r < 4; r++) {
            const run = (): void => body(r, code.op('i32.add', start, r * inner));
            if (r === 0 || length % 4 === 0) run();
            else code.if(code.op('i32.lt_u', code.op('i32.add', i, r), length), run);
          }
        };
        eachRow((r, from) => code.call(read, group, from, width, rows[r]!, scratch));
        if (length > CHUNK)
          code.if(code.op('i32.eqz', code.op('i32.and', i, CHUNK - 1)), () =>
            each((at) => {
              const [b, c] = [at(base), at(carry)];
              code.store('v128.store', b, rule.combine(code, load(code, b), load(code, c)));
              code.store('v128.store', c, identity);
            }),
          );
        each((at) => {
          const at4 = rows.map(at);
          const [v0, v1, v2, v3] = at4.map((a) => load(code, a)) as [Local, Local, Local, Local];
          const combine = (a: Local, b: Local): Local => rule.combine(code, a, b);
          const [p1, p2, p3] = [combine(v1, v0), combine(v2, v1), combine(v3, v2)];
          const c = load(code, at(carry));
          const inChunk = [v0, p1, combine(p2, v0), combine(p3, p1)].map((v) => combine(c, v));
          code.store('v128.store', at(carry), inChunk[3]!);
          const b = length > CHUNK ? load(code, at(base)) : null;
          inChunk.forEach((y, r) => {
            code.store('v128.store', at4[r]!, b === null ? y : combine(b, y));
          });
        });
        const results = exclusive ? [before, x0, x1, x2] : rows;
        const firstPoint = code.op('i32.mul', group, length * inner);
        eachRow((r, from) =>
          code.call(stores, code.op('i32.add', firstPoint, from), width, results[r]!, scratch),
        );
        if (exclusive) code.copyMemory(before, x3, bytes);
      });
    });
  });
}

const load = (code: Code, at: Local): Local => code.load('v128.load', [at]);
