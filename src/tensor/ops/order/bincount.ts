import type { DType } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { binary, check, compare, constant } from '../../../ir/expr.ts';
import { apply, checkCall, checkTensor } from '../../apply.ts';
import { noGradient, operation } from '../../operation.ts';
import { checkSize, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { scatterAlong } from '../arrangement/along-axis.ts';
import { broadcastTo, flatten } from '../arrangement/views.ts';
import { cast } from '../elementwise/cast.ts';
import { expectDType } from '../elementwise/elementwise.ts';
import { scalar } from '../source/scalar.ts';

const binOperation = operation<{ size: number }>({
  name: 'bin',
  shape: ([x]) => ({ shape: x!.shape, dtype: 'int32' as DType }),
  vjp: noGradient,
  lower: (_node, b, { size }) => {
    const x = b.input(0);
    const inRange = binary(
      'and',
      compare('le', constant(0, 'i32'), x),
      compare('lt', x, constant(size, 'i32')),
    );
    const failed = b.check({
      error: (value) =>
        new ValueError(`[bincount] got the number ${value}, wanted 0 to ${size - 1}. Give a larger size.`),
    });
    return b.map(check(x, inRange, failed));
  },
});

/**
 * How often each number from 0 to size - 1 occurs (int32), as `np.bincount`; or the sums of the weights of each number. The
 * shape is [size], whatever the values; a number out of range is an error when they are computed.
 *
 * @param x int32 or uint8, of any shape.
 * @param weights of x's shape; float32 or int32.
 */
export function bincount(x: Tensor, size: number): Tensor<[number], 'int32'>;
export function bincount<D extends DType>(
  x: Tensor,
  size: number,
  weights: Tensor<Shape, D> | undefined,
): Tensor<[number], D>;
export function bincount(x: Tensor, size: number, weights?: Tensor): Tensor {
  checkCall('bincount', arguments.length, 3, x);
  expectDType('bincount', x, ['int32', 'uint8']);
  if (!Number.isInteger(size) || size < 0)
    throw new ShapeError(`[bincount] got size ${String(size)}, wanted a whole number from 0 up.`);
  checkSize('bincount', [size]);
  if (weights !== undefined) {
    checkTensor('bincount', weights);
    expectDType('bincount', weights, ['float32', 'int32']);
    if (show(weights.shape) !== show(x.shape))
      throw new ShapeError(
        `[bincount] got weights ${show(weights.shape)} for ${show(x.shape)}, wanted one for each number.`,
      );
  }
  const bins = apply(binOperation, [cast(flatten(x), 'int32')], { size });
  const counted = weights === undefined ? broadcastTo(scalar(1, 'int32'), [x.size]) : flatten(weights);
  return scatterAlong('sum', bins, counted, 0, size);
}
