import { sizeOf } from '../../../ir/view.ts';
import type { Callable, Code, Local, Operand } from '../assembler/code.ts';
import type { WasmAlgorithm } from '../kernels/compile.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { perPlan } from '../module/per-plan.ts';
import { compileRead } from './along-axis.ts';

/** Elements that are read at a time. */
const SEGMENT = 1024;
/** The most rows that are sorted at the same time: each needs memory of its own. */
const MAX_PARTS = 16;
/** Candidates for the first `count` elements that are collected before they are sorted. */
const MIN_CANDIDATES = 512;
/** Up to this many elements insertion is faster. */
const INSERTION = 40;
/** Up to this many of the first elements are kept sorted by insertion. */
const FEW = 16;
const BUCKETS = 256;

/**
 * Indices of the first `count` elements of each row in sorted order. Elements become unsigned keys of the same order, which a
 * stable radix sort orders together with their indices. For fewer than all elements, candidates are collected: elements
 * before the last of the best that are known. Each time there are enough, they are sorted and all but the best dropped. A few
 * best ones are kept sorted.
 */
export function compileSort(isFloat: boolean, descending: boolean): WasmAlgorithm {
  return ({ shape }, { operands }, plan, stores) => {
    const axis = shape.length - 1;
    const count = shape[axis]!;
    const rows = sizeOf(shape.slice(0, axis));
    const length = operands[0]!.view.shape[axis]!;
    const isFew = count <= FEW && count < length;
    const capacity = Math.min(length, Math.max(2 * count, MIN_CANDIDATES));
    const read = compileRead(operands[0]!, axis, plan);
    const sort = sortPairs(plan);
    const pitch = 4 * capacity + 64;
    const parts = Math.min(rows, MAX_PARTS);
    const memory = plan.temporary(parts * 4 * pitch);
    const histogram = plan.scratch(4 * 4 * BUCKETS);
    const segment = plan.scratch(4 * SEGMENT + 64);
    return [
      chunkedTask(plan, parts, rows * length * (count < length ? 2 : 20), 1, (code, first, end, scratch) => {
        const counts = code.op('i32.add', scratch, histogram);
        const values = code.op('i32.add', scratch, segment);
        const start = plan.word(code, memory);
        const most = code.local('v128');
        code.for(first, end, 1, (part) => {
          const keys = code.op('i32.add', start, code.op('i32.mul', part, 4 * pitch));
          const indices = code.op('i32.add', keys, pitch);
          const spare = code.op('i32.add', keys, 2 * pitch);
          const spareIndices = code.op('i32.add', keys, 3 * pitch);
          code.for(part, rows, parts, (row) => {
            const found = code.copy(0);
            const sortFound = (): void => {
              code.call(sort, keys, indices, spare, spareIndices, found, counts);
            };
            const add = (key: Operand, index: Operand): void => {
              const at = code.op('i32.shl', found, 2);
              code.store('i32.store', code.op('i32.add', keys, at), key);
              code.store('i32.store', code.op('i32.add', indices, at), index);
              code.update(found, 'i32.add', found, 1);
            };
            const raise = (last: Local): void =>
              code.set(most, code.op('i32x4.splat', code.op('i32.sub', last, 1)));
            const insertFew = (key: Local, index: Local): void => {
              const isFull = code.op('i32.eq', found, count);
              const end = code.select(isFull, count - 1, found);
              const comesBefore = code.op('i32.lt_u', key, get(code, keys, end));
              code.if(code.op('i32.or', code.op('i32.eqz', isFull), comesBefore), () => {
                emitInsertion(code, keys, indices, end, key, index);
                code.set(found, code.op('i32.add', end, 1));
                code.if(code.op('i32.eq', found, count), () => raise(get(code, keys, count - 1)));
              });
            };
            code.set(most, code.literal(new Int32Array(4).fill(-1)));
            code.for(0, length, SEGMENT, (from) => {
              const n = code.smaller(code.op('i32.sub', length, from), SEGMENT);
              code.call(read, row, from, n, values, scratch);
              code.for(0, n, 4, (i) => {
                const at = code.op('i32.add', values, code.op('i32.shl', i, 2));
                const key = emitKeys(code, code.load('v128.load', [at]), isFloat, descending);
                const isCandidate = code.op('i32x4.le_u', key, most);
                code.if(code.op('v128.any_true', isCandidate), () => {
                  for (let l = 0; l < 4; l++) {
                    const exists = l === 0 ? 1 : code.op('i32.lt_u', code.op('i32.add', i, l), n);
                    const passes = code.op(
                      'i32.and',
                      code.lane('i32x4.extract_lane', l, isCandidate),
                      exists,
                    );
                    const own = code.lane('i32x4.extract_lane', l, key);
                    const index = code.op('i32.add', code.op('i32.add', from, i), l);
                    code.if(passes, () => (isFew ? insertFew(own, index) : add(own, index)));
                  }
                  // Room for four more.
                  if (capacity < length && !isFew)
                    code.if(code.op('i32.gt_u', found, capacity - 4), () => {
                      sortFound();
                      code.if(code.op('i32.gt_u', found, count), () => code.set(found, count));
                      // Later elements with the key of the last one come after it.
                      code.if(code.op('i32.eq', found, count), () => raise(get(code, keys, count - 1)));
                    });
                });
              });
            });
            if (!isFew) sortFound();
            code.call(stores, code.op('i32.mul', row, count), count, indices, scratch);
          });
        });
      }),
    ];
  };
}

/** Unsigned integers in the order of the values: -0 is 0, and NaN comes after Infinity. */
function emitKeys(code: Code, values: Local, isFloat: boolean, descending: boolean): Local {
  const sign = code.literal(new Int32Array(4).fill(-2147483648));
  let key = code.op('v128.xor', values, sign);
  if (isFloat) {
    const bits = code.op('f32x4.add', values, code.literal(new Float32Array(4)));
    const flips = code.op('v128.or', code.op('i32x4.shr_s', bits, 31), sign);
    const ordered = code.op('v128.xor', bits, flips);
    const isNaN = code.op('f32x4.ne', values, values);
    key = code.op('v128.bitselect', code.literal(new Int32Array(4).fill(-4194304)), ordered, isNaN);
  }
  return descending ? code.op('v128.not', key) : key;
}

const word = (code: Code, base: Operand, at: Operand): Local =>
  code.op('i32.add', base, code.op('i32.shl', at, 2));
const get = (code: Code, base: Operand, at: Operand): Local => code.load('i32.load', [word(code, base, at)]);
const put = (code: Code, base: Operand, at: Operand, value: Operand): void =>
  code.store('i32.store', word(code, base, at), value);

/** Inserts a pair into the sorted pairs before `end`, after those with its key; the pair at `end` is overwritten. */
function emitInsertion(code: Code, keys: Local, indices: Local, end: Local, key: Local, index: Local): void {
  const at = code.copy(end);
  code.block((leave) => {
    code.loop(() => {
      leave(code.op('i32.eqz', at));
      const before = code.op('i32.sub', at, 1);
      const other = get(code, keys, before);
      leave(code.op('i32.eqz', code.op('i32.gt_u', other, key)));
      put(code, keys, at, other);
      put(code, indices, at, get(code, indices, before));
      code.set(at, before);
      return 1;
    });
  });
  put(code, keys, at, key);
  put(code, indices, at, index);
}

/**
 * The module's function `(keys, indices, spareKeys, spareIndices, count, histogram)` that sorts pairs by their keys (unsigned)
 * and keeps the order of equal ones.
 */
const sortPairs = perPlan(
  (plan): Callable =>
    plan.module.function(
      Array(6).fill('i32'),
      [],
      (code, keys, indices, spareKeys, spareIndices, count, histogram) => {
        const insert = (): void =>
          code.for(1, count!, 1, (i) =>
            emitInsertion(code, keys!, indices!, i, get(code, keys!, i), get(code, indices!, i)),
          );

        const digitOf = (key: Operand, digit: number): Local =>
          code.op('i32.and', code.op('i32.shr_u', key, 8 * digit), BUCKETS - 1);

        const radix = (): void => {
          code.fillMemory(histogram!, 0, 4 * 4 * BUCKETS);
          code.for(0, count!, 1, (i) => {
            const key = get(code, keys!, i);
            for (let digit = 0; digit < 4; digit++) {
              const at = word(code, histogram!, digitOf(key, digit));
              const n = code.load('i32.load', [at], 4 * BUCKETS * digit);
              code.store('i32.store', at, code.op('i32.add', n, 1), 4 * BUCKETS * digit);
            }
          });
          const [fromKeys, fromIndices] = [code.copy(keys!), code.copy(indices!)];
          const [toKeys, toIndices] = [code.copy(spareKeys!), code.copy(spareIndices!)];
          for (let digit = 0; digit < 4; digit++) {
            const counts = code.op('i32.add', histogram!, 4 * BUCKETS * digit);
            const all = get(code, counts, digitOf(code.load('i32.load', [fromKeys]), digit));
            // Nothing moves if all keys have the same digit.
            code.if(code.op('i32.lt_u', all, count!), () => {
              const before = code.copy(0);
              code.for(0, 4 * BUCKETS, 4, (b) => {
                const at = code.op('i32.add', counts, b);
                const n = code.load('i32.load', [at]);
                code.store('i32.store', at, before);
                code.update(before, 'i32.add', before, n);
              });
              code.for(0, count!, 1, (i) => {
                const key = get(code, fromKeys, i);
                const at = word(code, counts, digitOf(key, digit));
                const to = code.load('i32.load', [at]);
                code.store('i32.store', at, code.op('i32.add', to, 1));
                put(code, toKeys, to, key);
                put(code, toIndices, to, get(code, fromIndices, i));
              });
              for (const [from, to] of [
                [fromKeys, toKeys],
                [fromIndices, toIndices],
              ] as const) {
                const old = code.copy(from);
                code.set(from, to);
                code.set(to, old);
              }
            });
          }
          code.if(code.op('i32.ne', fromKeys, keys!), () => {
            const bytes = code.op('i32.shl', count!, 2);
            code.copyMemory(keys!, fromKeys, bytes);
            code.copyMemory(indices!, fromIndices, bytes);
          });
        };

        code.if(code.op('i32.gt_u', count!, INSERTION), radix, insert);
      },
    ),
);
