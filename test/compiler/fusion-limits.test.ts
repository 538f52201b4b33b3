import { expect, test } from 'vitest';
import { eliminateCommonSubexpressions } from '../../src/compiler/expressions.ts';
import { Generator, scatterAdd, type Tensor, tensor } from '../../src/index.ts';
import { binary, constant } from '../../src/ir/expr.ts';
import { firstDifference } from '../tensor/bits.ts';
import { nodeByNode } from '../tensor/node-by-node.ts';
import { compileVariants } from './compile-variants.ts';
import { compilePlan, runPlan } from './plans.ts';

// Graphs in which two kernels seem to be fusible and are not, or only under conditions.

const random = (...shape: number[]): Tensor => {
  const x = new Generator(shape.length).normal(shape);
  x.dataSync();
  return x;
};
const square = random(2, 2);
const x = random(6, 5);
const y = random(5, 6);
const index = tensor([2, 0, 1], { dtype: 'int32' });

const cases: Record<string, () => Tensor[]> = {
  'the transpose of a square product, then elementwise': () => [square.matmul(square).transpose().mul(2)],
  'a product reversed, then elementwise': () => [x.matmul(y).flip().add(1)],
  'a sum reversed, then elementwise': () => [x.sum(1).flip().add(1), x.sum(0).slice([1, 4]).exp()],
  'a sum plus itself reversed': () => {
    const s = x.sum(1);
    return [s.add(s.flip())];
  },
  'a square product plus its own transpose': () => {
    const s = square.matmul(square);
    return [s.add(s.transpose()), s];
  },
  'a product under another shape': () => [x.matmul(y).reshape([4, 9]).mul(random(4, 9))],
  'a product under another shape, turned': () => [x.matmul(y).reshape([4, 9]).transpose().mul(random(9, 4))],
  'a sum that broadcasts back': () => [x.sub(x.mean(1, { keepDims: true })), x.div(x.sum())],
  'a sum of a sum': () => [x.sum(1).exp().sum(), x.mul(2).sum(0).sum()],
  'a sum of a product': () => [x.matmul(y).sum(0), x.matmul(y).relu().max()],
  'two products in one expression': () => [x.matmul(y).add(y.transpose().matmul(x.transpose()))],
  'a product of products': () => [x.matmul(y).matmul(x).matmul(y)],
  'a product with a computed operand': () => [
    x.exp().matmul(y.add(1)),
    x.matmul(y.exp().slice(null, [0, 6, 2])),
  ],
  'the padding of one tensor with two numbers': () => [
    x
      .pad(
        [
          [1, 0],
          [0, 2],
        ],
        1,
      )
      .add(
        x.pad(
          [
            [1, 0],
            [0, 2],
          ],
          2,
        ),
      ),
  ],
  'the padding with 0 and -0': () => [
    x
      .pad(
        [
          [1, 0],
          [0, 2],
        ],
        0,
      )
      .reciprocal(),
    x
      .pad(
        [
          [1, 0],
          [0, 2],
        ],
        -0,
      )
      .reciprocal(),
  ],
  'parts that start elsewhere': () => [
    x
      .slice([0, 3])
      .add(x.slice([3, 6]))
      .sub(x.slice([1, 4])),
  ],
  'rows of a computed table': () => [x.exp().take(index), x.sum(1).take(index).add(index)],
  'rows at computed places': () => [x.take(x.argmax(0).mod(6)), x.take(index.add(1).mul(2).sub(1))],
  'updates that are computed': () => [scatterAdd(x, index, x.slice([0, 3]).exp()).mul(2)],
  'a value used by a kernel before and one after': () => {
    const e = x.exp();
    const s = e.sum(0, { keepDims: true });
    return [e.div(s).mul(e.add(s)), s.log().add(e.slice(0))];
  },
  'an expensive value as several views': () => {
    const e = x.erf();
    return [e.transpose().matmul(e), e.flip().add(e), e.reshape([5, 6]).add(y)];
  },
  'an expensive row repeated': () => [x.slice(0).erf().broadcastTo([6, 5]).add(x), x.slice(0).exp().add(x)],
  'numbers alone': () => [
    tensor(2).mul(3).broadcastTo([3]),
    tensor(2).add(1).reshape([1, 1]).broadcastTo([2, 2]).sum(0),
  ],
  'nothing at all': () => [
    x.slice([0, 0]).matmul(y).sum(0),
    random(3, 0).matmul(random(0, 2)).add(1),
    random(0, 4).mul(2),
  ],
  'a result that another result is a view of': () => {
    const e = x.exp();
    return [e, e.transpose(), e.flatten(), e.slice(null, 1)];
  },
  'one result twice': () => {
    const e = x.exp();
    return [e, e];
  },
  'leaves and their views as results': () => [x, x.transpose(), x.reshape([30])],
  'integers of one byte that wrap on the way': () => {
    const bytes = tensor([250, 3, 128, 255], { dtype: 'uint8' });
    return [bytes.add(10).cast('float32'), bytes.mul(bytes).greater(100), bytes.neg().add(bytes).sum()];
  },
  'bools as numbers': () => [
    x.greater(0).cast('int32').mul(3),
    x.greater(0).sum(1).mul(x.less(1).sum(1)),
    x.greater(0).mean(),
  ],
};

for (const [what, make] of Object.entries(cases)) {
  test.each(compileVariants)(`${what}, $name`, ({ options }) => {
    const nodes = make().map((t) => t.node);
    const wanted = nodeByNode(nodes);
    const got = runPlan(compilePlan(nodes, options));
    nodes.forEach((node, i) => {
      expect(firstDifference(got.get(node) ?? node.storage!.array, wanted[i]!)).toBeNull();
    });
  });
}

test('0 and -0 are two constants', () => {
  const sum = binary('add', constant(0, 'f32'), constant(-0, 'f32'));
  const [shared] = eliminateCommonSubexpressions([sum]);
  expect(shared!.args.map((e) => Object.is(e.value, -0))).toEqual([false, true]);
  const [same] = eliminateCommonSubexpressions([binary('add', constant(2, 'f32'), constant(2, 'f32'))]);
  expect(same!.args[0]).toBe(same!.args[1]);
});
