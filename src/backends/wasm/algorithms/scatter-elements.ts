import { sizeOf } from '../../../ir/view.ts';
import type { WasmAlgorithm } from '../kernels/compile.ts';
import { combineRuleOf } from '../loops/combine.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { compileRead } from './along-axis.ts';

/** Elements that are read at a time. */
const SEGMENT = 1024;

/** Combines the updates of each row with the row's accumulators, one by one. */
export function compileScatterElements(reducer: 'sum' | 'max' | 'min'): WasmAlgorithm {
  return ({ shape }, { type, operands }, plan, stores) => {
    const axis = shape.length - 1;
    const size = shape[axis]!;
    const outer = sizeOf(shape.slice(0, axis));
    const count = operands[0]!.view.shape[axis]!;
    const [readIndices, readUpdates] = operands.map((operand) => compileRead(operand, axis, plan));
    const rule = combineRuleOf(reducer, type);
    const pitch = Math.ceil((4 * size) / 16) * 16;
    const rows = plan.temporary(outer * pitch + 64);
    const bytes = 4 * SEGMENT + 64;
    const buffer = plan.scratch(2 * bytes);
    const cost = outer * (size + 4 * count);
    return [
      chunkedTask(plan, outer, cost, 1, (code, first, end, scratch) => {
        const indices = code.op('i32.add', scratch, buffer);
        const updates = code.op('i32.add', indices, bytes);
        const start = plan.word(code, rows);
        const identity = code.literal(rule.identity);
        code.for(first, end, 1, (row) => {
          const acc = code.op('i32.add', start, code.op('i32.mul', row, pitch));
          code.for(0, pitch, 16, (at) => code.store('v128.store', code.op('i32.add', acc, at), identity));
          code.for(0, count, SEGMENT, (from) => {
            const n = code.smaller(code.op('i32.sub', count, from), SEGMENT);
            code.call(readIndices!, row, from, n, indices, scratch);
            code.call(readUpdates!, row, from, n, updates, scratch);
            code.for(0, code.op('i32.shl', n, 2), 4, (at) => {
              const index = code.load('i32.load', [code.op('i32.add', indices, at)]);
              code.if(code.op('i32.lt_u', index, size), () => {
                const to = code.op('i32.add', acc, code.op('i32.shl', index, 2));
                const before = code.load('v128.load32_splat', [to]);
                const update = code.load('v128.load32_splat', [code.op('i32.add', updates, at)]);
                code.storeLane('v128.store32_lane', 0, to, rule.combine(code, before, update));
              });
            });
          });
          code.call(stores, code.op('i32.mul', row, size), size, acc, scratch);
        });
      }),
    ];
  };
}
