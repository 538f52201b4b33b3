import type { WasmAlgorithm } from '../kernels/compile.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { compileRead, extentsOf } from './along-axis.ts';

/** Elements that are read at a time: along the last axis, or adjacent columns. */
const SEGMENT = 1024;

/** The linear recurrence y[i] = a[i] y[i - 1] + b[i]: element by element along the last axis, else over adjacent columns. */
export function compileRecurrence(axis: number): WasmAlgorithm {
  return ({ shape }, { operands }, plan, stores) => {
    const [a, b] = operands;
    const { outer, length, inner } = extentsOf(shape, axis);
    const readA = compileRead(a!, axis, plan);
    const readB = compileRead(b!, axis, plan);
    const pitch = 4 * SEGMENT + 64;
    const buffer = plan.scratch(3 * pitch);
    const isRow = inner === 1;
    const strips = Math.ceil(inner / SEGMENT);
    return [
      chunkedTask(plan, outer * strips, 4 * outer * length * inner, 1, (code, first, end, scratch) => {
        const y = code.op('i32.add', scratch, buffer);
        const [atA, atB] = [1, 2].map((k) => code.op('i32.add', y, k * pitch));
        const state = code.local('v128');
        code.for(first, end, 1, (unit) => {
          const group = code.op('i32.div_u', unit, strips);
          const column = code.op('i32.mul', code.op('i32.rem_u', unit, strips), SEGMENT);
          const width = code.smaller(code.op('i32.sub', inner, column), SEGMENT);
          code.set(state, code.literal(new Float32Array(4)));
          code.fillMemory(y, 0, pitch);
          code.for(0, length, isRow ? SEGMENT : 1, (i) => {
            const count = isRow ? code.smaller(code.op('i32.sub', length, i), SEGMENT) : width;
            const start = code.op('i32.add', code.op('i32.mul', i, inner), column);
            code.call(readA, group, start, count, atA!, scratch);
            code.call(readB, group, start, count, atB!, scratch);
            const bytes = code.op('i32.shl', count, 2);
            code.for(0, bytes, isRow ? 4 : 16, (at) => {
              const to = code.op('i32.add', y, at);
              const load = isRow ? 'v128.load32_splat' : 'v128.load';
              const before = isRow ? state : code.load('v128.load', [to]);
              const product = code.op('f32x4.mul', code.load(load, [code.op('i32.add', atA!, at)]), before);
              const next = code.op('f32x4.add', product, code.load(load, [code.op('i32.add', atB!, at)]));
              code.set(state, next);
              if (isRow) code.storeLane('v128.store32_lane', 0, to, next);
              else code.store('v128.store', to, next);
            });
            const point = code.op('i32.add', code.op('i32.mul', group, length * inner), start);
            code.call(stores, point, count, y, scratch);
          });
        });
      }),
    ];
  };
}
