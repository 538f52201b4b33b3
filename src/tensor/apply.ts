import { Node, type Params } from '../ir/node.ts';
import type { Operation } from './operation.ts';
import type { Shape } from './shape.ts';
import { Tensor } from './tensor.ts';

// Tensor's methods call the operations and these make Tensors: the modules of this folder import each other in a circle. It is safe
// because what they call while they are loaded (`operation`, `elementwise`, ...) are function declarations and classes outside it.

/** The tensor that an operation gives: its shape is worked out now, its values when they are asked for. */
export function apply<S extends Shape = Shape, P extends Params = Params>(
  op: Operation<P>,
  inputs: readonly Tensor[],
  params: P,
  values?: readonly number[],
): Tensor<S> {
  const nodes = inputs.map((t) => t.node);
  const { shape, dtype } = op.record.shape(nodes, params);
  return new Tensor<S>(new Node(op, nodes, shape, dtype, params, values));
}
