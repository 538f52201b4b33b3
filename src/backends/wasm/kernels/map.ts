import type { Kernel } from '../../../ir/kernel.ts';
import { contiguous, sizeOf } from '../../../ir/view.ts';
import type { Callable } from '../assembler/code.ts';
import { emitPoints } from '../loops/points.ts';
import { StoreSink } from '../loops/sinks.ts';
import { unitsTask } from '../module/chunks.ts';
import { costOf } from '../module/cost.ts';
import { LINE } from '../module/layout.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';

/**
 * The end of every kernel, a function `(start, count, acc, scratch)`: evaluates the stores' expressions at
 * points and writes them. `acc` is the address of the points' values of the reduction, 4 bytes apart.
 */
export function compileStores(kernel: Kernel, plan: PlanCode): Callable {
  const { shape, inputs, source } = kernel;
  return plan.module.function(['i32', 'i32', 'i32', 'i32'], [], (code, start, count, acc, scratch) => {
    const range = {
      start: start!,
      count: count!,
      acc: source.kind === 'map' ? null : acc!,
      scratch: scratch!,
    };
    const roots = kernel.stores.map((store) => store.expr);
    emitPoints(code, plan, { shape, inputs, roots }, range, () => {
      const targets = kernel.stores.map(({ buffer }) => {
        const address = plan.address(code, { buffer, view: contiguous([]) });
        const position = code.op('i32.mul', start!, plan.bytesOf(buffer));
        return {
          dtype: plan.plan.buffers[buffer]!.dtype,
          address: code.op('i32.add', address, position),
        };
      });
      return new StoreSink(code, targets);
    });
  });
}

/** A kernel without a reduction: its stores, in chunks. */
export function compileMap(kernel: Kernel, plan: PlanCode, stores: Callable): Task[] {
  const size = sizeOf(kernel.shape);
  const cost = costOf(
    size,
    kernel.stores.map((store) => store.expr),
  );
  return [
    unitsTask(plan, size, cost, LINE, (code, first, end, scratch) => {
      code.call(stores, first, code.op('i32.sub', end, first), 0, scratch);
    }),
  ];
}
