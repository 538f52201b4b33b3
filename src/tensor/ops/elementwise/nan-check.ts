import { check, compare, constant, select } from '../../../ir/expr.ts';
import { apply } from '../../apply.ts';
import { operation } from '../../operation.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

const guardOperation = operation<{ what: string }>({
  name: 'guardNaN',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // dx = g
  vjp: (g) => [() => g],
  lower: (_node, b, { what }) => {
    const x = b.input(0);
    const failed = b.check({
      describe: (step) => `${what} is NaN at step ${step}. Nothing was overwritten.`,
    });
    // The step is what is checked, so that the error can name it; it never is negative.
    const step = check(b.value(0, 'i32'), compare('eq', x, x), failed);
    return b.map(select(compare('lt', step, constant(0, 'i32')), constant(0, 'f32'), x));
  },
});

/** The same values; a NaN among them is an error when they are computed, which says `what` and the step. */
export function guardNaN<S extends Shape>(x: Tensor<S>, what: string, step: number): Tensor<S> {
  return apply(guardOperation, [x], { what }, [step]);
}
