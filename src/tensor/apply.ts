import { checkCount, describe } from '../ir/arguments.ts';
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
  return applyToNodes(
    op,
    inputs.map((t) => t.node),
    params,
    values,
  );
}

/** `apply` to nodes. */
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

/**
 * The border of a public function of tensors: it has got no more arguments than it has, the first of them a Tensor.
 */
export function checkCall(operation: string, count: number, most: number, first: unknown): void {
  checkTensor(operation, first);
  checkCount(operation, count, most);
}

/** @throws DTypeError unless x is a Tensor. */
export function checkTensor(operation: string, x: unknown): void {
  if (x instanceof Tensor) return;
  throw new DTypeError(`[${operation}] got ${describe(x)}, wanted a Tensor. Make one with tensor(values).`);
}
