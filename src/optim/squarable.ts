import { binary, compare, constant, select } from '../ir/expr.ts';
import { noParams } from '../ir/node.ts';
import { apply } from '../tensor/apply.ts';
import { elementwise, same } from '../tensor/ops/elementwise/elementwise.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** 2^62. */
const limit = 4.611686018427388e18;

// One operation, since every step builds it for every Parameter.
const squarableOperation = elementwise({
  name: 'squarable',
  dtype: same,
  // dx = g where -limit <= x <= limit
  vjp: (g, y, [x]) => [() => where(y.equal(x!), g, 0)],
  expr: ([x]) => {
    const [low, high] = [constant(-limit, 'f32'), constant(limit, 'f32')];
    // Comparisons cost less than minimum and maximum, which WebAssembly defines for -0 and NaN too.
    const limited = select(compare('lt', high, x!), high, select(compare('lt', x!, low), low, x!));
    // x - x is NaN if x is infinite.
    return binary('sub', limited, binary('sub', x!, x!));
  },
});

/**
 * A gradient for optimizers that keep squares: its elements limited to -2^62 .. 2^62, so that squares and squares of
 * differences are finite. An infinite element becomes NaN: it is a fault, not a large gradient.
 */
export function squarable(g: Tensor): Tensor {
  return apply(squarableOperation, [g], noParams);
}
