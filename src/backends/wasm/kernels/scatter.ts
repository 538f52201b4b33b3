import { dtypes } from '../../../ir/dtype.ts';
import { convert, load } from '../../../ir/expr.ts';
import type { Kernel, Scatter } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Callable } from '../assembler/code.ts';
import { combineRuleOf } from '../loops/combine.ts';
import type { LoopNest } from '../loops/loop-nest.ts';
import { emitPointLoop } from '../loops/point-loop.ts';
import { AccumulateSink } from '../loops/sinks.ts';
import { emitFailure } from '../module/checks.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';

/** Sums that a unit of work accumulates: they stay in the L1 cache. */
const SUMS_PER_UNIT = 8192;

/**
 * A scatter-add, divided by destination: each unit of work reads all indices in order and adds the updates of its own
 * rows. No two threads write the same sum, and the order of additions is fixed.
 */
export function compileScatter(kernel: Kernel, source: Scatter, plan: PlanCode, stores: Callable): Task[] {
  const { type, axis, indices, check } = source;
  const size = kernel.shape[axis]!;
  const outer = sizeOf(kernel.shape.slice(0, axis));
  const inner = sizeOf(kernel.shape.slice(axis + 1));
  const count = sizeOf(indices.view.shape);
  const isEmpty = sizeOf(kernel.shape) === 0;

  // Without sums the indices are checked all the same.
  const strip = Math.min(inner, SUMS_PER_UNIT);
  const strips = Math.max(1, Math.ceil(inner / Math.max(1, strip)));
  const rows = Math.max(1, Math.min(size, Math.floor(SUMS_PER_UNIT / Math.max(1, strip))));
  const blocks = Math.max(1, Math.ceil(size / rows));
  const pitch = 4 * strip;
  const sums = plan.scratch(rows * pitch + 64);

  const addRow = compileAddRow(source, plan);
  const cost = outer * (size * inner + count * (inner + blocks * strips));
  const units = Math.max(1, outer) * blocks * strips;
  return [
    chunkedTask(plan, units, cost, 1, (code, first, end, scratch) => {
      const at = code.op('i32.add', scratch, sums);
      const indexAddress = plan.address(code, indices);
      const indexStep = 4 * (indices.view.stride[0] ?? 0);
      code.for(first, end, 1, (unit) => {
        const o = code.op('i32.div_u', unit, blocks * strips);
        const firstRow = code.op(
          'i32.mul',
          code.op('i32.div_u', code.op('i32.rem_u', unit, blocks * strips), strips),
          rows,
        );
        const column = code.op('i32.mul', code.op('i32.rem_u', unit, strips), strip);
        const width = code.smaller(code.op('i32.sub', inner, column), strip);
        const height = code.smaller(code.op('i32.sub', size, firstRow), rows);
        code.fillMemory(at, 0, rows * pitch);
        const indexAt = code.copy(indexAddress);
        code.for(0, count, 1, (c) => {
          const given = code.load('i32.load', [indexAt]);
          code.update(indexAt, 'i32.add', indexAt, indexStep);
          const index = code.select(code.op('i32.lt_s', given, 0), code.op('i32.add', given, size), given);
          code.if(code.op('i32.ge_u', index, size), () => emitFailure(code, plan, check, given));
          if (isEmpty) return;
          const row = code.op('i32.sub', index, firstRow);
          const isOwn = code.op(
            'i32.and',
            code.op('i32.lt_u', row, height),
            code.op('i32.lt_u', index, size),
          );
          code.if(isOwn, () => {
            const update = code.op('i32.add', code.op('i32.mul', o, count), c);
            const to = code.op('i32.add', at, code.op('i32.mul', row, pitch));
            code.call(addRow, update, column, width, to, scratch);
          });
        });
        if (isEmpty) return;
        const point = code.op('i32.mul', code.op('i32.add', code.op('i32.mul', o, size), firstRow), inner);
        if (strips === 1) {
          code.call(stores, point, code.op('i32.mul', height, inner), at, scratch);
        } else {
          code.for(0, height, 1, (row) => {
            const start = code.op(
              'i32.add',
              code.op('i32.add', point, code.op('i32.mul', row, inner)),
              column,
            );
            code.call(stores, start, width, code.op('i32.add', at, code.op('i32.mul', row, pitch)), scratch);
          });
        }
      });
    }),
  ];

  /** A function `(update, start, count, to, scratch)` that adds elements of an update to the sums at `to`. */
  function compileAddRow({ updates: { buffer, view } }: Scatter, code: PlanCode): Callable {
    const nest: LoopNest = {
      shape: view.shape,
      inputs: [{ buffer, view, gather: [], fill: null }],
      roots: [convert(load(0, dtypes[code.plan.buffers[buffer]!.dtype].scalar), type)],
      groupAxes: axis + 1,
    };
    return code.module.function(Array(5).fill('i32'), [], (body, group, start, n, to, scratch) => {
      const range = { group: group!, start: start!, count: n!, acc: null, scratch: scratch! };
      emitPointLoop(body, code, nest, range, () => new AccumulateSink(body, combineRuleOf('sum', type), to!));
    });
  }
}
