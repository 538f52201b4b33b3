import { expect, test } from 'vitest';
import { Generator, type Tensor } from '../../src/index.ts';
import { firstDifference } from '../tensor/bits.ts';
import { nodeByNode } from '../tensor/node-by-node.ts';

// The order of accumulation depends on the operation and its logical shape only, not on strides or fusion. `nodeByNode` computes the same from operands in row-major order and with nothing around it.

const random = (shape: readonly number[]): Tensor => {
  const x = new Generator(7).normal(shape);
  x.dataSync();
  return x.detach();
};

/** The same logical shape over memory in other orders. */
const layouts: Record<string, (shape: readonly number[]) => Tensor> = {
  'row-major': random,
  transposed: (shape) => random([...shape].reverse()).transpose(),
  flipped: (shape) => random(shape).flip(),
  'every second': (shape) =>
    random([...shape.slice(0, -1), 2 * shape.at(-1)!]).slice(...shape.slice(1).map(() => null), [1, null, 2]),
  broadcast: (shape) => random([1, ...shape.slice(1)]).broadcastTo(shape),
};

const computations: Record<string, (of: (shape: readonly number[]) => Tensor) => Tensor[]> = {
  'sums of long columns': (of) => [of([9000, 40]).sum(0), of([9000, 40]).mul(2).exp().mean(0).sqrt()],
  'sums of long rows': (of) => [of([7, 9000]).sum(1), of([7, 9000]).sub(1).square().sum(1).neg()],
  'a sum of everything': (of) => [of([33, 500]).sum(), of([5, 40, 70]).abs().sum().log()],
  'sums over several axes': (of) => [of([30, 40, 50]).sum([0, 2]), of([30, 40, 50]).mean([0, 1])],
  products: (of) => [of([50, 60]).mul(0.1).add(1).prod(0), of([50, 60]).prod(1)],
  softmax: (of) => [of([40, 300]).softmax(), of([300, 40]).logSoftmax(0)],
  'products of matrices': (of) => [
    of([70, 600]).matmul(of([600, 50])),
    of([70, 600])
      .relu()
      .matmul(of([600, 50]).mul(0.5))
      .add(of([50]))
      .relu(),
  ],
  'products of one row': (of) => [
    of([1, 700]).matmul(of([700, 50])),
    of([700])
      .matmul(of([700, 50]))
      .tanh(),
  ],
  'products of one column': (of) => [of([50, 700]).matmul(of([700, 1])), of([50, 700]).matmul(of([700]))],
  'products of batches': (of) => [
    of([3, 20, 300]).matmul(of([300, 10])),
    of([3, 20, 300]).matmul(of([3, 300, 10])),
  ],
};

for (const [what, compute] of Object.entries(computations)) {
  test.each(Object.keys(layouts))(`${what}, %s`, (layout) => {
    const outputs = compute(layouts[layout]!);
    const wanted = nodeByNode(outputs.map((t) => t.node));
    outputs.forEach((t, i) => {
      expect(firstDifference(t.dataSync(), wanted[i]!)).toBeNull();
    });
  });
}
