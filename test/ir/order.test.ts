import { expect, test } from 'vitest';
import { gradients, Tensor, tensor } from '../../src/index.ts';
import { inDependencyOrder, leafNode, Node, noParams, Storage } from '../../src/ir/node.ts';
import { apply } from '../../src/tensor/apply.ts';
import { operation } from '../../src/tensor/operation.ts';
import { draws } from '../tensor/draw.ts';

const copy = operation<{}>({
  name: 'copy',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  vjp: (g) => [() => g],
  lower: (_node, b) => b.map(b.input(0)),
});

/** Depth first, as one would say it. */
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
