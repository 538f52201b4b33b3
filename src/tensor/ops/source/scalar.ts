import { checkDType, type DType, dtypes, fits } from '../../../ir/dtype.ts';
import { ValueError } from '../../../ir/errors.ts';
import { convert } from '../../../ir/expr.ts';
import { Node, noParams } from '../../../ir/node.ts';
import { noGradient, operation } from '../../operation.ts';
import { Tensor } from '../../tensor.ts';

/**
 * A single number. It is an input of the plan, not part of its structure: another number finds the same plan.
 */
const scalarOperation = operation<{}>({
  name: 'scalar',
  shape: () => ({ shape: [], dtype: 'float32' }),
  vjp: noGradient,
  lower: (node, b) => {
    const type = node.dtype === 'float32' ? 'f32' : 'i32';
    return b.map(convert(b.value(0, type), dtypes[node.dtype].scalar));
  },
});

const none: readonly never[] = [];

/** @throws ValueError where an integer data type can't hold the number. */
export const scalar = <D extends DType>(value: number, dtype: D): Tensor<[], D> =>
  new Tensor(scalarNode(value, dtype));

export function scalarNode(value: number, dtype: DType): Node {
  checkDType('scalar', dtype);
  if (typeof value !== 'number' || !fits(value, dtype)) {
    throw new ValueError(
      `[scalar] ${value} does not fit ${dtype}. Use float32, or round and limit the number first.`,
    );
  }
  return new Node(scalarOperation, none, none, dtype, noParams, [value]);
}
