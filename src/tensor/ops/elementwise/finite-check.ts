import { NonFiniteError } from '../../../ir/errors.ts';
import { check, compare, constant, select, unary } from '../../../ir/expr.ts';
import { apply } from '../../apply.ts';
import { operation } from '../../operation.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

const checkFiniteOperation = operation<{ what: string }>({
  name: 'checkFinite',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // dx = g
  vjp: (g) => [() => g],
  lower: (_node, b, { what }) => {
    const x = b.input(0);
    const failed = b.check({
      error: (step) =>
        new NonFiniteError(`${what} is NaN or infinite at step ${step}. Nothing was overwritten.`),
    });
    // The step is what is checked, so that the error can name it; it never is negative.
    const isFinite = compare('lt', unary('abs', x), constant(Number.POSITIVE_INFINITY, 'f32'));
    const step = check(b.value(0, 'i32'), isFinite, failed);
    return b.map(select(compare('lt', step, constant(0, 'i32')), constant(0, 'f32'), x));
  },
});

/** The same values; if one is NaN or infinite, computing them throws a NonFiniteError that says `what` and the step. */
export function checkFinite<S extends Shape>(x: Tensor<S>, what: string, step: number): Tensor<S> {
  return apply(checkFiniteOperation, [x], { what }, [step]);
}
