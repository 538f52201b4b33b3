import { checkDType, type DType, dtypes } from '../../../ir/dtype.ts';
import { binary, compare, constant, convert, select, wrap } from '../../../ir/expr.ts';
import { noParams } from '../../../ir/node.ts';
import { apply, checkCall, unchanged } from '../../apply.ts';
import { operation } from '../../operation.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';

const castOperation = operation<{ dtype: DType }>({
  name: 'cast',
  shape: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  // dx = g where both sides are floating; the walk asks for nothing else.
  vjp: (g) => [() => g],
  lower: (_node, b, { dtype }) => {
    const x = b.input(0);
    if (dtype === 'uint8' && x.type === 'f32') {
      // Saturates: NaN gives 0 through the conversion to i32.
      const zero = constant(0, 'i32');
      const most = constant(255, 'i32');
      const i = convert(x, 'i32');
      return b.map(select(compare('lt', i, zero), zero, binary('min', i, most)));
    }
    return b.map(wrap(convert(x, dtypes[dtype].scalar), dtype));
  },
});

/**
 * The values in another data type. float32 to int32 and uint8 rounds towards zero and saturates, NaN gives 0;
 * int32 to uint8 wraps; to bool asks for `!= 0`.
 */
export function cast<S extends Shape, D extends DType>(x: Tensor<S>, dtype: D): Tensor<S, D> {
  checkCall('cast', arguments.length, 2, x);
  if (x.dtype === dtype) return unchanged(x);
  checkDType('cast', dtype);
  return apply(castOperation, [x], { dtype });
}

const detachOperation = operation<{}>({
  name: 'detach',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: () => [null],
  cutsGraph: true,
  lower: () => ({ kind: 'view', move: (v) => v }),
});

/** The same values, cut off: no gradient flows through, and once computed the graph behind is let go. */
export function detach<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> {
  checkCall('detach', arguments.length, 1, x);
  return apply(detachOperation, [x], noParams);
}

/** `detach` under the name that TensorFlow and JAX give it: the same values, which no gradient flows through. */
export function stopGradient<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> {
  checkCall('stopGradient', arguments.length, 1, x);
  return apply(detachOperation, [x], noParams);
}
