import { DTypeError, ShapeError, StateError } from '../ir/errors.ts';
import { assertCurrent, inDependencyOrder, type Node } from '../ir/node.ts';
import { sameShape } from '../ir/view.ts';
import { Operation } from './operation.ts';
import { add } from './ops/arithmetic.ts';
import { sum } from './ops/reduce.ts';
import { scalar } from './ops/scalar.ts';
import { broadcastTo, reshape } from './ops/shaping.ts';
import { show } from './shape.ts';
import { Tensor } from './tensor.ts';

/**
 * The gradients of a scalar with respect to tensors, by reverse accumulation. They are lazy tensors like all
 * others: gradients of gradients are had by calling this again. Where y does not depend on a tensor the
 * gradient is zero.
 *
 * @param y a float32 tensor with one element; sum or average others first.
 * @param xs float32 tensors from which y was computed.
 * @returns one tensor for each of xs, of its shape.
 */
export function gradients(y: Tensor, xs: readonly Tensor[]): Tensor[] {
  return reachedGradients(y, xs).map((g, i) => g ?? broadcastTo(scalar(0, 'float32'), xs[i]!.shape));
}

/** `gradients`, with null for tensors on which y does not depend. */
export function reachedGradients(y: Tensor, xs: readonly Tensor[]): (Tensor | null)[] {
  for (const t of [y, ...xs]) {
    if (!(t instanceof Tensor)) throw new DTypeError(`[gradients] got ${String(t)}, wanted tensors.`);
  }
  if (y.size !== 1) {
    throw new ShapeError(
      `[gradients] got y of shape ${show(y.shape)}, wanted one element. Reduce it with sum or mean first.`,
    );
  }
  for (const t of [y, ...xs]) {
    if (t.dtype !== 'float32') {
      throw new DTypeError(
        `[gradients] got a ${t.dtype} tensor, wanted float32. Use cast before the computation.`,
      );
    }
  }
  const targets = new Set(xs.map((x) => x.node));
  const order = dependents(y.node, targets);
  const found = new Map<Node, Tensor>();
  found.set(y.node, broadcastTo(scalar(1, 'float32'), y.shape));
  const active = new Set(order);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const g = found.get(node);
    if (g === undefined || node.inputs.length === 0) continue;
    if (!targets.has(node)) found.delete(node);
    const op = node.op;
    if (!(op instanceof Operation))
      throw new StateError(`[gradients] ${op.name} is no operation of the catalogue.`);
    const inputs = node.inputs.map((input) => new Tensor(input));
    const shares = op.record.vjp(g, new Tensor(node), inputs, node.params);
    node.inputs.forEach((input, k) => {
      const share = shares[k];
      if (share == null || !active.has(input)) return;
      const gradient = sumToShape(share(), input.shape);
      if (!sameShape(gradient.shape, input.shape)) {
        throw new ShapeError(
          `[gradients] ${op.name} gave a gradient of shape ${show(gradient.shape)} for input ${k} of shape ${show(input.shape)}.`,
        );
      }
      const before = found.get(input);
      found.set(input, before === undefined ? gradient : add(before, gradient));
    });
  }
  return xs.map((x) => found.get(x.node) ?? null);
}

/** Undoes broadcasting: sums a gradient over the axes along which its operand was repeated. */
function sumToShape(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.rank - shape.length;
  const repeated = g.shape
    .map((_, i) => i)
    .filter((i) => i < lead || (shape[i - lead] === 1 && g.shape[i] !== 1));
  return reshape(sum(g, repeated), shape);
}

/** The floating nodes between y and the targets, inputs before their users. */
function dependents(y: Node, targets: ReadonlySet<Node>): Node[] {
  const depends = new Set<Node>();
  return inDependencyOrder([y]).filter((node) => {
    assertCurrent(node);
    const reaches = targets.has(node) || node.inputs.some((input) => depends.has(input));
    if (node.dtype !== 'float32' || !reaches) return false;
    depends.add(node);
    return true;
  });
}
