import type { DType } from '../ir/dtype.ts';
import { DTypeError } from '../ir/errors.ts';
import { Node, type Params } from '../ir/node.ts';
import type { Operation } from './operation.ts';
import { checkSize, type Shape } from './shape.ts';
import { Tensor } from './tensor.ts';

// Tensor's methods call the operations and these make Tensors: the modules of this folder import each other
// in a circle. It is safe because what they call while they are loaded (`operation`, `elementwise`, ...) are
// function declarations and classes outside it.

/**
 * The tensor itself, where there is nothing to do; a Parameter gives its present values, for it will change.
 */
export function unchanged<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> {
  return x.constructor === Tensor ? x : new Tensor<S, D>(x.node);
}

/** The tensor that an operation gives: its shape is worked out now, its values when they are asked for. */
export function apply<S extends Shape = Shape, P extends Params = Params>(
  op: Operation<P>,
  inputs: readonly Tensor[],
  params: P,
  values?: readonly number[],
): Tensor<S> {
  const nodes = inputs.map((t) => {
    if (!(t instanceof Tensor)) throw notATensor(op.name, t);
    return t.node;
  });
  return applyToNodes(op, nodes, params, values);
}

/** `apply`, where the operands are known to be tensors. */
export function applyToNodes<S extends Shape = Shape, P extends Params = Params>(
  op: Operation<P>,
  nodes: readonly Node[],
  params: P,
  values?: readonly number[],
): Tensor<S> {
  const { shape, dtype } = op.record.shape(nodes, params);
  checkSize(op.name, shape);
  return new Tensor<S>(new Node(op, nodes, shape, dtype, params, values));
}

export function notATensor(operation: string, got: unknown): DTypeError {
  const what = Array.isArray(got) ? 'an array' : typeof got === 'object' ? 'an object' : String(got);
  return new DTypeError(`[${operation}] got ${what}, wanted a Tensor. Make one with tensor(values).`);
}
