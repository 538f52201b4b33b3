import { ValueError } from '../../../ir/errors.ts';
import { binary, check, compare, constant, convert, unary } from '../../../ir/expr.ts';
import { MAX_COUNT } from '../../../ir/view.ts';
import { apply } from '../../apply.ts';
import { noGradient, operation } from '../../operation.ts';
import type { Tensor } from '../../tensor.ts';

const checkedOperation = operation<{ name: string }>({
  name: 'checkInt32',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: noGradient,
  lower: (_node, b, { name }) => {
    const failed = b.check({
      error: () =>
        new ValueError(
          `[${name}] the result does not fit int32: it is below ${-MAX_COUNT - 1} or above ${MAX_COUNT}. ` +
            "Convert the tensor with cast('float32') first.",
        ),
    });
    const x = b.input(0);
    const distance = unary('abs', binary('sub', convert(x, 'f32'), b.input(1)));
    // A product of infinity and 0 is NaN; the integer 0 is right.
    const differs = compare('le', constant(2147483648, 'f32'), distance);
    return b.map(check(x, unary('not', differs), failed));
  },
});

/** Sums or products in int32, which must agree with the same in float32: they differ by at least 2^32 if they have wrapped. */
export const checkedInt32 = (name: string, y: Tensor, inFloat: Tensor): Tensor =>
  apply(checkedOperation, [y, inFloat], { name });
