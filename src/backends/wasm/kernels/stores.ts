import { finiteCheckOf } from '../../../ir/buffer-use.ts';
import type { Kernel } from '../../../ir/kernel.ts';
import { contiguous } from '../../../ir/view.ts';
import type { Callable } from '../assembler/code.ts';
import { emitPointLoop } from '../loops/point-loop.ts';
import { StoreSink } from '../loops/sinks.ts';
import { emitFailure } from '../module/checks.ts';
import type { PlanCode } from '../module/plan-code.ts';

/**
 * The last part of every kernel, a function `(start, count, acc, scratch)`: evaluates the stores' expressions at points
 * and writes the values. `acc` is the address of the values of `acc` at these points, 4 bytes each.
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
    // `bits` are not all zeros once a value that must be finite is not.
    const finite = kernel.stores.map(({ buffer }) => {
      const found = finiteCheckOf(plan.plan, buffer);
      return found === null ? null : { ...found, bits: code.local('v128') };
    });
    emitPointLoop(code, plan, { shape, inputs, roots }, range, () => {
      const targets = kernel.stores.map(({ buffer, offset }, i) => {
        const view = offset === undefined ? contiguous([]) : { offset };
        const address = plan.address(code, { buffer, view });
        const position = code.op('i32.mul', start!, plan.bytesOf(buffer));
        return {
          dtype: plan.plan.buffers[buffer]!.dtype,
          address: code.op('i32.add', address, position),
          notFinite: finite[i]?.bits ?? null,
        };
      });
      return new StoreSink(code, targets);
    });
    for (const found of finite) {
      if (found === null) continue;
      const { check, target, bits } = found;
      code.if(code.op('v128.any_true', bits), () => emitFailure(code, plan, check, target));
    }
  });
}
