import type { Callable } from '../assembler/code.ts';
import type { LoopNest } from '../loops/loop-nest.ts';
import { emitPointLoop } from '../loops/point-loop.ts';
import { StoreSink } from '../loops/sinks.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { laneDType } from '../scalar/vector-access.ts';

/**
 * A function `(group, start, count, to, scratch)` that evaluates the nest's only expression at the points of a
 * `PointRange` and writes the values to `to`, 4 bytes each.
 */
export function compileMaterialize(nest: LoopNest, plan: PlanCode): Callable {
  return plan.module.function(Array(5).fill('i32'), [], (code, group, start, count, to, scratch) => {
    const range = { group: group!, start: start!, count: count!, acc: null, scratch: scratch! };
    const target = { dtype: laneDType(nest.roots[0]!.type), address: to!, notFinite: null };
    emitPointLoop(code, plan, nest, range, () => new StoreSink(code, [target]));
  });
}
