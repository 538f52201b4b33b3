import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gradients, type Tensor, tensor } from '../../src/index.ts';
import { inDependencyOrder, Node } from '../../src/ir/node.ts';
import { apply } from '../../src/tensor/apply.ts';
import { operation } from '../../src/tensor/operation.ts';

let walkInBetween: (x: Tensor) => void = () => {};

const twice = operation<{}>({
  name: 'twice',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g, _y, [x]) => {
    walkInBetween(x!);
    return [
      () => {
        walkInBetween(x!);
        return g.mul(2);
      },
    ];
  },
  lower: (_node, b) => b.map(b.input(0)),
});

/** The recursive definition of depth-first order. */
function recursive(roots: readonly Node[], stopsAt: (node: Node) => boolean): Node[] {
  const done = new Set<Node>();
  const visit = (node: Node): void => {
    if (done.has(node)) return;
    if (!stopsAt(node)) node.inputs.forEach(visit);
    done.add(node);
  };
  roots.forEach(visit);
  return [...done];
}

/** For each node its inputs among the earlier ones, and whether the traversal stops there; then the roots. */
const graphs = fc.record({
  nodes: fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 4 }), fc.boolean()), {
    minLength: 1,
    maxLength: 40,
  }),
  roots: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
});

test('nodes come depth first, each once, whatever walks were before', () => {
  fc.assert(
    fc.property(graphs, ({ nodes: plans, roots: picks }) => {
      const nodes: Node[] = [];
      const stops = new Set<Node>();
      for (const [picked, isStop] of plans) {
        const inputs = nodes.length === 0 ? [] : picked.map((k) => nodes[k % nodes.length]!);
        const node = new Node(twice, inputs, [], 'float32');
        nodes.push(node);
        if (isStop) stops.add(node);
      }
      const pick = (k: number): Node => nodes[k % nodes.length]!;
      const roots = picks.map(pick);
      const asked: Node[] = [];
      const stopsAt = (node: Node): boolean => {
        asked.push(node);
        return stops.has(node);
      };
      // A part of the graph, and the whole of it without an end.
      inDependencyOrder([pick(picks[0]! + 1)]);
      inDependencyOrder(roots);
      const order = inDependencyOrder(roots, stopsAt);
      expect(order).toEqual(recursive(roots, (node) => stops.has(node)));
      expect(order.map((node) => node.number)).toEqual(order.map((_, i) => i));
      expect(new Set(asked).size).toBe(asked.length);
    }),
  );
});

test('gradients are right if their rules look at the graph themselves', () => {
  const x = tensor([1, 2]);
  const y = (): Tensor => {
    const a = apply(twice, [x.mul(3)], {});
    return apply(twice, [a.mul(a)], {})
      .add(x)
      .sum();
  };
  const [plain] = gradients(y(), [x]);
  let walks = 0;
  walkInBetween = (input) => {
    // Not in its own gradients.
    if (walks++ > 3) return;
    gradients(input.sum(), [x]);
    // Renumbers the nodes.
    inDependencyOrder([tensor([0]).exp().neg().node, input.node]);
  };
  const [disturbed] = gradients(y(), [x]);
  walkInBetween = () => {};
  expect(disturbed!.toArray()).toEqual(plain!.toArray());
  // The values are copies, y = (3x)^2 + x, and each rule doubles: 2 * 2 * 18x + 1.
  expect(plain!.toArray()).toEqual([73, 145]);
});
