import type { Callable } from '../assembler/code.ts';
import type { Nest } from '../loops/nest.ts';
import { emitPoints } from '../loops/points.ts';
import { StoreSink } from '../loops/sinks.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { rawType } from '../scalar/lanes.ts';

/**
 * A function `(group, start, count, to, scratch)` that writes the nest's values to memory, 4 bytes each; see
 * `Range`.
 */
export function compileOperand(nest: Nest, plan: PlanCode): Callable {
  return plan.module.function(Array(5).fill('i32'), [], (code, group, start, count, to, scratch) => {
    const range = { group: group!, start: start!, count: count!, acc: null, scratch: scratch! };
    const target = { dtype: rawType(nest.roots[0]!.type), address: to! };
    emitPoints(code, plan, nest, range, () => new StoreSink(code, [target]));
  });
}
