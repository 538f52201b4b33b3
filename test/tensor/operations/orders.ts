import { tensor, zeros } from '../../../src/tensor/creation.ts';
import { sort as sorted } from '../../../src/tensor/ops/order/sort.ts';
import { between, distinct, grid } from '../domains.ts';
import { at, invalid, invalidAxes, invalidAxis, x } from './invalid-calls.ts';
import type { OperationRows } from './row.ts';

export const orders = {
  sort: {
    arguments: (d) => {
      const x = d.number(d.shape(1), distinct);
      return d.pick([[x], [x, d.axis(x.rank)], [x, d.axis(x.rank), { descending: true }]]);
    },
    differentiable: true,
    invalid: invalidAxis,
    gpu: 'exact',
    method: false,
  },
  argsort: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), grid(0));
      return d.pick([[x], [x, d.axis(x.rank)], [x, d.axis(x.rank), { descending: true }]]);
    },
    differentiable: false,
    invalid: invalidAxis,
    gpu: 'exact',
    method: false,
  },
  topK: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), distinct);
      const axis = d.axis(x.rank);
      const k = d.integer(0, x.shape.at(axis)!);
      const last = d.integer(0, x.shape.at(-1)!);
      return d.pick([
        [x, last],
        [x, k, { axis }],
        [x, k, { axis, largest: false }],
      ]);
    },
    differentiable: true,
    invalid: [
      invalid([x, 4], 'k 4', 'axis 1', '[2, 3]', '0 to 3'),
      invalid([x, 1.5], 'k 1.5'),
      invalid([x, 1, { axis: 2 }], 'axis 2', '-2 to 1'),
    ],
    gpu: 'exact',
    method: false,
  },
  median: {
    arguments: (d) => {
      const x = d.number(d.shape(0, 3, true), distinct);
      return [x, d.axes(x.rank), ...(d.oneIn(2) ? [{ keepDims: true }] : [])];
    },
    differentiable: true,
    absolute: 1e-6,
    invalid: [...invalidAxes, invalid([zeros([2, 0]), 1], '[2, 0]', 'empty')],
    gpu: 'arithmetic',
    method: false,
  },
  quantile: {
    arguments: (d) => {
      const x = d.number(d.shape(0, 3, true), distinct);
      const q = d.pick([0.3, 0, 1, 0.5, [0.25, 0.9], [0.1]]);
      const method = d.pick([undefined, 'linear', 'lower', 'higher', 'midpoint', 'nearest']);
      return [x, q, d.axes(x.rank), ...(method === undefined ? [] : [{ method, keepDims: d.oneIn(2) }])];
    },
    differentiable: true,
    absolute: 1e-6,
    invalid: [
      invalid([x, 1.5], 'q 1.5', '0 to 1'),
      invalid([x, [0.5, -1]], 'q [0.5, -1]', '0 to 1'),
      invalid([x, 0.5, 2], 'axis 2', '-2 to 1'),
      invalid([x, 0.5, 0, { method: 'best' }], "method 'best'", 'linear'),
      invalid([zeros([2, 0]), 0.5, 1], '[2, 0]', 'empty'),
    ],
    gpu: 'arithmetic',
    method: false,
  },
  searchSorted: {
    arguments: (d) => {
      const n = d.integer(0, 6);
      const lead = d.shape(0, 1);
      const side = d.pick([undefined, 'left', 'right']);
      const options = side === undefined ? [] : [{ side }];
      const values = d.number([...lead, 4], grid(0));
      return [sorted(d.number(d.oneIn(2) ? [n] : [...lead, n], grid(0))), values, ...options];
    },
    differentiable: false,
    invalid: [
      invalid([zeros([]), x], '[]', '[2, 3]'),
      invalid([zeros([3, 4]), x], '[3, 4]', '[2, 3]'),
      invalid([zeros([3]), x, { side: 'both' }], "side 'both'", "'left' or 'right'"),
    ],
    gpu: 'exact',
    method: false,
  },
  bincount: {
    arguments: (d) => {
      const size = d.integer(1, 5);
      const x = d.indices(d.shape(0, 2), size, false);
      return [x, size, d.float(x.shape, between(-2, 2))];
    },
    differentiable: true,
    invalid: [
      invalid([x, 3], 'float32', 'int32'),
      invalid([at, -1], 'size -1', 'from 0 up'),
      invalid([at, 2 ** 31], '[2147483648]', 'too large'),
      invalid([at, 3, x], '[2, 3]', '[2]', 'one for each'),
      invalid([at, 3, tensor([true, false])], 'bool', 'float32'),
    ],
    gpu: 'sum',
    method: false,
  },
} satisfies OperationRows;
