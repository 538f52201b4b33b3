import { binary, compare, constant, type Expr, select } from '../../../ir/expr.ts';
import type { View } from '../../../ir/view.ts';
import { apply } from '../../apply.ts';
import { operation } from '../../operation.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { strided } from './views.ts';

interface DilatedPadParams {
  readonly shape: Shape;
  readonly steps: readonly number[];
  readonly fill: number;
  /** The axes along which x does not fill the result from end to end. */
  readonly moved: readonly number[];
  readonly [key: string]: number | readonly number[];
}

const dilatedPadOperation = operation<DilatedPadParams>({
  name: 'pad',
  shape: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  // dx = g at the places that x went to
  vjp: (g, y, [x], { steps }) => [() => strided(g, y.node.values, x!.node.shape, steps)],
  lower: (_node, b, { shape, steps, fill, moved }) => {
    const indices = moved.map((axis) => {
      const distance = binary('sub', b.index(axis), b.value(axis, 'i32'));
      return steps[axis] === 1 ? distance : exactQuotient(distance, steps[axis]!);
    });
    const layOut = (rest: View): View => {
      const stride = shape.map(() => 0);
      const kept = shape.map((_, i) => i).filter((i) => !moved.includes(i));
      kept.forEach((axis, k) => {
        stride[axis] = rest.stride[k]!;
      });
      return { shape, stride, offset: rest.offset };
    };
    return b.map(b.gather(0, moved, indices, layOut, fill));
  },
});

/** distance / step where that is whole, else -1, which is out of range. */
function exactQuotient(distance: Expr, step: number): Expr {
  const s = constant(step, 'i32');
  const whole = compare('eq', binary('mod', distance, s), constant(0, 'i32'));
  return select(whole, binary('div', distance, s), constant(-1, 'i32'));
}

/**
 * The adjoint of a strided slice: a tensor of the given shape that holds x at start + i * step along each
 * axis and `fill` elsewhere.
 */
export function dilatedPad(
  x: Tensor,
  shape: Shape,
  starts: readonly number[],
  steps: readonly number[],
  fill = 0,
): Tensor {
  const inner = x.node.shape;
  // Starts are values of the plan, but not which of them are 0: of an axis of unchanged size some are not, where a
  // convolution's margins are as wide as what its stride leaves over.
  const moved = [...shape.keys()].filter((i) => shape[i] !== inner[i] || steps[i] !== 1 || starts[i] !== 0);
  return apply(dilatedPadOperation, [x], { shape: [...shape], steps, fill, moved }, starts);
}
