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
    // Not all zeros once a value that must be finite is not.
    const notFinite = kernel.stores.map(({ buffer }) =>
      finiteCheckOf(plan.plan, buffer) === null ? null : code.local('v128'),
    );
    emitPointLoop(code, plan, { shape, inputs, roots }, range, () => {
      const targets = kernel.stores.map(({ buffer }, i) => {
        const address = plan.address(code, { buffer, view: contiguous([]) });
        const position = code.op('i32.mul', start!, plan.bytesOf(buffer));
        return {
          dtype: plan.plan.buffers[buffer]!.dtype,
          address: code.op('i32.add', address, position),
          notFinite: notFinite[i]!,
        };
      });
      return new StoreSink(code, targets);
    });
    kernel.stores.forEach(({ buffer }, i) => {
      if (notFinite[i] === null) return;
      const { location } = plan.plan.buffers[buffer]!;
      const target = location.kind === 'replacement' ? location.index : -1;
      code.if(code.op('v128.any_true', notFinite[i]!), () =>
        emitFailure(code, plan, plan.plan.finiteCheck!, target),
      );
    });
  });
}
