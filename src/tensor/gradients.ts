import { checkArray, checkCount } from '../ir/arguments.ts';
import { DTypeError, ShapeError, StateError } from '../ir/errors.ts';
import { assertCurrent, inDependencyOrder, type Node } from '../ir/node.ts';
import { sameShape } from '../ir/view.ts';
import { checkTensor } from './apply.ts';
import { Operation } from './operation.ts';
import { broadcastTo, reshape } from './ops/arrangement/views.ts';
import { add } from './ops/elementwise/arithmetic.ts';
import { sum } from './ops/reduction/reduce.ts';
import { scalar } from './ops/source/scalar.ts';
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
  checkCount('gradients', arguments.length, 2);
  return reachedGradients('gradients', y, xs).map(
    (g, i) => g ?? broadcastTo(scalar(0, 'float32'), xs[i]!.shape),
  );
}

/** `gradients`, with null for tensors on which y does not depend. */
export function reachedGradients(name: string, y: Tensor, xs: readonly Tensor[]): (Tensor | null)[] {
  checkTensor(name, y);
  checkArray(name, 'xs', xs, '[x]');
  for (const t of xs) checkTensor(name, t);
  if (y.size !== 1) {
    throw new ShapeError(
      `[${name}] got y of shape ${show(y.shape)}, wanted one element. Reduce it with sum or mean first.`,
    );
  }
  for (const t of [y, ...xs]) {
    if (t.dtype !== 'float32') {
      throw new DTypeError(
        `[${name}] got a ${t.dtype} tensor, wanted float32. Use cast before the computation.`,
      );
    }
  }
  return pullBack(y, broadcastTo(scalar(1, 'float32'), y.node.shape), xs, false);
}

/**
 * The products of `seed`, a gradient by y, with the Jacobians of y by xs; null for tensors on which y does not depend.
 * If `isPartial`, xs are independent: what y depends on only through others of them does not count.
 */
export function pullBack(
  y: Tensor,
  seed: Tensor,
  xs: readonly Tensor[],
  isPartial: boolean,
): (Tensor | null)[] {
  const places = new Map(xs.map((x) => [x.node, -1]));
  const endsAt = (node: Node): boolean => isPartial && places.has(node);
  const { nodes, active, edges, starts } = dependents(y.node, places, endsAt);
  const found: (Tensor | undefined)[] = nodes.map(() => undefined);
  found[nodes.length - 1] = seed;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const g = found[i];
    const node = nodes[i]!;
    if (g === undefined || !active[i] || node.inputs.length === 0 || endsAt(node)) continue;
    if (!places.has(node)) found[i] = undefined;
    const op = node.op;
    if (!(op instanceof Operation))
      throw new StateError(`[gradients] ${op.name} is no operation of the catalogue.`);
    const inputs = node.inputs.map((input) => new Tensor(input));
    const shares = op.record.vjp(g, new Tensor(node), inputs, node.params);
    for (let k = 0; k < inputs.length; k++) {
      const share = shares[k];
      const input = edges[starts[i]! + k]!;
      if (share == null || !active[input]) continue;
      const { shape } = nodes[input]!;
      const gradient = sumToShape(share(), shape);
      if (!sameShape(gradient.node.shape, shape)) {
        throw new ShapeError(
          `[gradients] ${op.name} gave a gradient of shape ${show(gradient.shape)} for input ${k} of shape ${show(shape)}.`,
        );
      }
      const before = found[input];
      found[input] = before === undefined ? gradient : add(before, gradient);
    }
  }
  return xs.map((x) => found[places.get(x.node)!] ?? null);
}

/** Undoes broadcasting: sums a gradient over the axes along which its operand was repeated. */
function sumToShape(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.node.shape, shape)) return g;
  const lead = g.rank - shape.length;
  const repeated = g.node.shape
    .map((_, i) => i)
    .filter((i) => i < lead || (shape[i - lead] === 1 && g.node.shape[i] !== 1));
  return reshape(sum(g, repeated), shape);
}

/** The nodes behind y, inputs before their users. */
interface Dependents {
  readonly nodes: readonly Node[];
  /** Which of them are floating and depend on a target. */
  readonly active: readonly boolean[];
  /** The numbers of all inputs, those of node i from `starts[i]` on: later walks give the nodes others. */
  readonly edges: readonly number[];
  readonly starts: readonly number[];
}

/** `places` takes in the numbers of the targets; what is behind nodes for which `endsAt` is true is left out. */
function dependents(y: Node, places: Map<Node, number>, endsAt: (node: Node) => boolean): Dependents {
  const nodes = inDependencyOrder([y], endsAt);
  const active: boolean[] = [];
  const edges: number[] = [];
  const starts: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    assertCurrent(node);
    let depends = places.has(node);
    if (depends) places.set(node, i);
    starts.push(edges.length);
    const inputs = endsAt(node) ? [] : node.inputs;
    for (let k = 0; k < inputs.length; k++) {
      const input = inputs[k]!.number;
      edges.push(input);
      depends ||= active[input]!;
    }
    active.push(depends && node.dtype === 'float32');
  }
  return { nodes, active, edges, starts };
}
