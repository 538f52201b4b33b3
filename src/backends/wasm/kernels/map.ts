import type { Kernel } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Callable } from '../assembler/code.ts';
import { chunkedTask } from '../module/chunked-task.ts';
import { costOf } from '../module/cost.ts';
import { CACHE_LINE } from '../module/frame-layout.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';

/** A map has no `acc`: its stores, in chunks. Chunks are multiples of a cache line, to avoid false sharing. */
export function compileMap(kernel: Kernel, plan: PlanCode, stores: Callable): Task[] {
  const size = sizeOf(kernel.shape);
  const cost = costOf(
    size,
    kernel.stores.map((store) => store.expr),
  );
  return [
    chunkedTask(plan, size, cost, CACHE_LINE, (code, first, end, scratch) => {
      code.call(stores, first, code.op('i32.sub', end, first), 0, scratch);
    }),
  ];
}
