import { sizeOf } from '../../../src/ir/view.ts';
import { zeros } from '../../../src/tensor/creation.ts';
import { between, type Domain, distinct, ordinary } from '../domains.ts';
import { all, argument, cumulative, matrices, reduction } from './behaviors.ts';
import { invalid, invalidAxes, invalidAxis, noIdentity, x } from './invalid-calls.ts';
import type { OperationRows } from './row.ts';

/** Magnitudes differ, and none is near 0. */
const awayFromDistinct: Domain = (random, i) => (distinct(random, i) + 6) * (i % 2 === 0 ? 0.2 : -0.2);

export const reductions = {
  sum: { ...reduction(ordinary), ulps: 4, absolute: 1e-5, invalid: invalidAxes, gpu: 'sum' },
  // Of nothing they are NaN and -Infinity.
  mean: { ...reduction(ordinary, true, true), invalid: invalidAxes, gpu: 'sum' },
  prod: {
    ...reduction(between(-1.5, 1.5)),
    invalid: invalidAxes,
    // Products of few numbers: each step rounds once, and nothing cancels.
    gpu: 'arithmetic',
  },
  max: { ...reduction(distinct, true, true), invalid: [...invalidAxes, noIdentity], gpu: 'exact' },
  min: { ...reduction(distinct, true, true), invalid: [...invalidAxes, noIdentity], gpu: 'exact' },
  any: { ...reduction(ordinary, false), invalid: invalidAxes, gpu: 'exact' },
  all: { ...reduction(ordinary, false), invalid: invalidAxes, gpu: 'exact' },
  argmax: {
    ...argument,
    invalid: [...invalidAxis, noIdentity, invalid([zeros([0])], '[0]', 'empty')],
    gpu: 'exact',
  },
  argmin: {
    ...argument,
    invalid: [...invalidAxis, noIdentity, invalid([zeros([0])], '[0]', 'empty')],
    gpu: 'exact',
  },
  cumsum: { ...cumulative(ordinary, true), ulps: 4, absolute: 1e-5, invalid: invalidAxis, gpu: 'sum' },
  cumprod: {
    ...cumulative(between(-1.5, 1.5), true),
    absolute: 1e-6,
    invalid: invalidAxis,
    gpu: 'arithmetic',
  },
  cummax: { ...cumulative(distinct, false), invalid: invalidAxis, gpu: 'exact' },
  cummin: { ...cumulative(distinct, false), invalid: invalidAxis, gpu: 'exact' },
  diff: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      return d.pick([[x], [x, d.integer(0, 3)], [x, d.integer(0, 3), d.axis(x.rank)]]);
    },
    differentiable: true,
    absolute: 1e-6,
    invalid: [invalid([x, 1, 2], 'axis 2', '-2 to 1'), invalid([x, -1], 'n -1', '[2, 3]', 'from 0 up')],
    gpu: 'arithmetic',
    method: false,
  },
  logSumExp: { ...reduction(ordinary, true, true), invalid: invalidAxes, gpu: 'intrinsic' },
  variance: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), ordinary);
      const axes = d.axes(x.rank);
      const list = axes === undefined ? all(x.rank) : [axes].flat();
      const n = sizeOf(list.map((a) => x.shape.at(a)!));
      return [x, axes, { correction: n > 1 ? d.integer(0, 1) : 0, keepDims: d.oneIn(2) }];
    },
    differentiable: true,
    absolute: 1e-6,
    invalid: invalidAxes,
    gpu: 'intrinsic',
  },
  std: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), distinct);
      return [x, d.axes(x.rank), { keepDims: d.oneIn(2) }];
    },
    differentiable: true,
    absolute: 2e-6,
    invalid: invalidAxes,
    gpu: 'intrinsic',
    method: false,
  },
  norm: {
    arguments: (d) => {
      const x = d.number(d.shape(0, 3, true), awayFromDistinct);
      const order = d.pick([2, 1, Infinity, -Infinity, 3, 1.5, -1]);
      return d.oneIn(3) ? [x] : [x, order, d.axes(x.rank), { keepDims: d.oneIn(2) }];
    },
    differentiable: true,
    ulps: 8,
    absolute: 2e-6,
    invalid: [invalid([x, 2, 2], 'axis 2', '-2 to 1'), invalid([x, Number.NaN], 'order NaN', 'a number')],
    gpu: 'intrinsic',
    method: false,
  },
  matmul: {
    arguments: (d) => {
      const size = () => d.pick([2, 3, 1, 4, 0]);
      const [a, b] = d.pick(matrices)(size(), size(), size(), d.pick([2, 1, 3]));
      return [d.number(a, ordinary), d.number(b, ordinary)];
    },
    differentiable: true,
    absolute: 1e-5,
    invalid: [
      invalid([zeros([512, 784]), zeros([512, 10])], 'inner dimensions differ', '[512, 784] x [512, 10]'),
      invalid([zeros([3]), zeros([4])], '[3] x [4]'),
      invalid([zeros([3]), zeros([4, 3])], '[3] x [4, 3]'),
      invalid([zeros([2, 3, 4]), zeros([3, 4, 5])], '[2]', '[3]', '2 against 3'),
      invalid([zeros([]), x], '[]', '[2, 3]', 'mul'),
    ],
    gpu: 'sum',
  },
  einsum: {
    arguments: (d) => {
      const size = () => d.pick([2, 3, 1, 4, 0]);
      const sizes = Object.fromEntries([...'abij'].map((label) => [label, size()]));
      const equation = d.pick([
        'ij->ji',
        'ij',
        'ba',
        'ii->i',
        'iji->j',
        'ij->',
        'i,j',
        'ij,ij->i',
        'ij,ja->ia',
        'ij,ja->ai',
        'bij,bja->bia',
        'bij,bja->ib',
        'a,ab,b',
        'ij,ja,ab->ib',
        'ij,i,ja,jb->ab',
        '...ij,...ja->...ia',
        'i...->...i',
        'a...,a->...',
        'ij,ib,ia->jba',
      ]);
      const terms = equation.split('->')[0]!.split(',');
      const shape = (term: string): number[] =>
        [...term.replace('...', 'ba'.slice(d.integer(0, 2)))].map((label) => sizes[label]!);
      return [equation, ...terms.map((term) => d.number(shape(term), ordinary))];
    },
    differentiable: true,
    absolute: 1e-5,
    invalid: [
      invalid(['ij,jk->il', x, zeros([3, 4])], "'ij,jk->il'", "subscript 'l'", 'no operand'),
      invalid(['ij,jk', x, zeros([4, 4])], "subscript 'j'", 'sizes 3 and 4', '[2, 3] and [4, 4]'),
      invalid(['ii', x], "subscript 'i'", 'sizes 2 and 3'),
      invalid(['ijk', x], "operand 0 has the subscripts 'ijk'", '[2, 3]', '3 axes'),
      invalid(['...ijk', x], "operand 0 has the subscripts '...ijk'", 'at least 3 axes'),
      invalid(['ij,jk', x], 'got 1 operands, wanted 2'),
      invalid(['ij->ii', x], "subscript 'i' is twice in the result"),
      invalid(['i2', x], "subscript '2'"),
      invalid(['...ij->...i...j', x], "'...i...j' has several ellipses"),
      invalid(['......', x], "'......' has several ellipses"),
      invalid(['i->i->i', x], "several '->'"),
      invalid(['i...,...j', zeros([2, 2]), zeros([3, 2])], "an axis of '...'", 'sizes 2 and 3'),
    ],
    gpu: 'sum',
    method: false,
  },
  tensordot: {
    arguments: (d) => {
      const [m, k, l, n] = [d.integer(1, 3), d.integer(1, 3), d.integer(0, 3), d.integer(1, 3)];
      const number = (...shape: number[]) => d.number(shape, ordinary);
      const [a, b, ...axes] = d.pick<readonly [number[], number[], ...unknown[]]>([
        [
          [m, k, l],
          [k, l, n],
        ],
        [[m, k], [k, n], 1],
        [[m], [n, k], 0],
        [
          [k, m, l],
          [l, n, k],
          [
            [2, 0],
            [0, -1],
          ],
        ],
        [
          [k, m],
          [n, k],
          [0, 1],
        ],
      ]);
      return [number(...a), number(...b), ...axes];
    },
    differentiable: true,
    absolute: 1e-5,
    invalid: [
      invalid([x, x, 1], 'axes [1]', '[2, 3]'),
      invalid(
        [
          x,
          x,
          [
            [0, 0],
            [0, 0],
          ],
        ],
        'each once',
      ),
      invalid([x, x, 3], 'axis -3'),
      invalid([x, x, -1], 'axes -1', 'from 0 up'),
      invalid([x, x, [0]], '1 lists of axes'),
    ],
    gpu: 'sum',
    method: false,
  },
  outer: {
    arguments: (d) => [d.number(d.shape(0, 2), ordinary), d.number(d.shape(0, 2), ordinary)],
    differentiable: true,
    invalid: null,
    gpu: 'arithmetic',
    method: false,
  },
  trace: {
    arguments: (d) => {
      const x = d.number(d.shape(2, 3), ordinary);
      const [a, b] = d.shuffled(all(x.rank)) as [number, number];
      return d.pick([[x], [x, d.integer(-2, 2)], [x, d.integer(-2, 2), a, b - x.rank]]);
    },
    differentiable: true,
    ulps: 4,
    absolute: 1e-6,
    invalid: [
      invalid([zeros([3])], 'axis 1', '-1 to 0'),
      invalid([x, 0, 1, -1], 'axis 1 of [2, 3] twice'),
      invalid([x, 0.5], 'offset 0.5', 'whole number'),
    ],
    gpu: 'sum',
    method: false,
  },
  standardize: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), ordinary);
      const operand = () => (d.oneIn(3) ? undefined : d.number(d.part(x.shape), ordinary));
      // Steps of finite differences are small beside this.
      return [x, d.axes(x.rank), operand(), operand(), { epsilon: d.pick([0.5, 1]) }];
    },
    differentiable: true,
    absolute: 2e-6,
    invalid: [
      ...invalidAxes,
      invalid([x, 0, zeros([2])], '[2, 3] and [2]', '3 against 2'),
      invalid([x, 0, undefined, zeros([4, 2, 3])], 'shift [4, 2, 3]', '[2, 3]', 'broadcasts'),
      invalid([x, 0, undefined, undefined, { epsilon: -1 }], 'epsilon -1', 'from 0 up'),
    ],
    gpu: 'intrinsic',
    method: false,
  },
} satisfies OperationRows;
