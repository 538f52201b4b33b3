import { ones, scalar, tensor, zeros } from '../../../src/tensor/creation.ts';
import { apart, ordinary } from '../domains.ts';
import { all, pointsIn, regrouped, someSlice } from './behaviors.ts';
import { at, invalid, invalidAxes, mask, x } from './invalid-calls.ts';
import type { OperationRows } from './row.ts';

export const arrangement = {
  // Arrangement
  reshape: {
    arguments: (d) => {
      const shape = d.shape();
      return [d.number(shape, ordinary), regrouped(d, shape)];
    },
    differentiable: true,
    invalid: [
      invalid([x, [4]], '[2, 3]', '6 elements', '4'),
      invalid([x, [-1, 4]], '[2, 3]', 'multiple of 4'),
      invalid([x, [-1, -1]], '-1'),
      invalid([x, [6.5]], '6.5'),
      invalid([zeros([0]), [-1, 0]], '[-1, 0]'),
    ],
    gpu: 'exact',
  },
  flatten: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      return d.oneIn(2) ? [x, d.axis(x.rank)] : [x];
    },
    differentiable: true,
    invalid: [invalid([x, 3], 'axis 3', 'rank 2')],
    gpu: 'exact',
  },
  transpose: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return d.oneIn(3) ? [x] : [x, d.shuffled(all(x.rank))];
    },
    differentiable: true,
    invalid: [
      invalid([x, [0]], '[0]', '[2, 3]'),
      invalid([x, [0, 0]], '[0,0]', '2 axes'),
      invalid([x, [0, 2]], 'axis 2', '-2 to 1'),
    ],
    gpu: 'exact',
  },
  expandDims: {
    arguments: (d) => {
      const x = d.number(d.shape(0, 2), ordinary);
      return [x, d.axis(x.rank + 1)];
    },
    differentiable: true,
    invalid: [invalid([x, 3], 'axis 3', '-3 to 2')],
    gpu: 'exact',
  },
  squeeze: {
    arguments: (d) => {
      const shape = d.shape(0, 2);
      const axis = d.integer(0, shape.length);
      const x = d.number([...shape.slice(0, axis), 1, ...shape.slice(axis)], ordinary);
      return d.pick([[x], [x, axis], [x, [axis - x.rank]]]);
    },
    differentiable: true,
    invalid: [
      invalid([x, 0], 'axis 0', '[2, 3]', 'size 2', 'wanted 1'),
      invalid([x, 2], 'axis 2', '-2 to 1'),
    ],
    gpu: 'exact',
  },
  broadcastTo: {
    arguments: (d) => {
      const shape = d.shape();
      return [d.number(d.part(shape), ordinary), shape];
    },
    differentiable: true,
    invalid: [
      invalid([x, [2, 4]], '[2, 3]', '[2, 4]'),
      invalid([x, [3]], '[2, 3]', '[3]'),
      invalid([x, [2, 1]], '[2, 3]', '[2, 1]'),
      invalid([x, [-2, 3]], '[-2, 3]', '-2'),
    ],
    gpu: 'exact',
  },
  slice: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return [x, ...x.shape.slice(0, d.integer(0, x.rank)).map((size) => someSlice(d, size))];
    },
    differentiable: true,
    invalid: [
      invalid([x, 2], 'index 2', 'axis 0', '[2, 3]', '-2 to 1'),
      invalid([x, null, null, null], '3 axes', '[2, 3]', 'at most 2'),
      invalid([x, [0, 2, 0]], 'step 0', '[2, 3]'),
      invalid([x, [0.5]], '0.5'),
    ],
    gpu: 'exact',
  },
  flip: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return [x, d.axes(x.rank)];
    },
    differentiable: true,
    invalid: invalidAxes,
    gpu: 'exact',
  },
  concat: {
    arguments: (d) => {
      const shape = d.shape(1, 3);
      const axis = d.axis(shape.length);
      const part = () => d.number(shape.with(axis, d.integer(0, 3)), ordinary);
      return [Array.from({ length: d.integer(1, 3) }, part), axis];
    },
    differentiable: true,
    invalid: [
      invalid([[]], 'no tensors'),
      invalid([[zeros([]), zeros([])]], 'stack'),
      invalid([[x, zeros([2, 4])]], '[2, 4]', '[2, 3]', 'axis 0'),
      invalid([[x, zeros([3])]], '[3]', '[2, 3]'),
      invalid([[x, x], 2], 'axis 2', '-2 to 1'),
    ],
    gpu: 'exact',
    method: false,
  },
  stack: {
    arguments: (d) => {
      const shape = d.shape(0, 2);
      return [
        Array.from({ length: d.integer(1, 3) }, () => d.number(shape, ordinary)),
        d.axis(shape.length + 1),
      ];
    },
    differentiable: true,
    invalid: [
      invalid([[]], 'no tensors'),
      invalid([[x, zeros([3, 2])]], '[2, 3]', '[3, 2]'),
      invalid([[x, x], 3], 'axis 3', '-3 to 2'),
    ],
    gpu: 'exact',
    method: false,
  },
  pad: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      const widths = x.shape.map(() => [d.integer(0, 2), d.integer(0, 2)]);
      return d.oneIn(2) ? [x, widths, d.pick([1, -2, 7])] : [x, widths];
    },
    differentiable: true,
    invalid: [
      invalid([x, [[1, 1]]], '[1,1]', '[2, 3]', '2 pairs'),
      invalid([zeros([2]), [[-1, 0]]], '-1', '[2]'),
      invalid([zeros([2]), [[2, 2, 2]]], '[[2,2,2]]', 'pairs [before, after]'),
      invalid([zeros([2]), [[2]]], '[[2]]', 'pairs [before, after]'),
      invalid([x, [[1, 1]], 'edge'], '[1,1]', '[2, 3]', '2 pairs'),
      invalid(
        [
          x,
          [
            [1, 1],
            [0, 0],
          ],
          'wrap',
        ],
        'wrap',
        "'reflect', 'symmetric' or 'edge'",
      ),
      invalid([zeros([0]), [[1, 0]], 'edge'], '[0]', 'axis 0 is empty'),
      invalid([zeros([2]), [[1e10, 0]], 'edge'], '[10000000002]', 'too large'),
    ],
    gpu: 'exact',
  },
  split: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      const axis = d.axis(x.rank);
      const size = x.shape.at(axis)!;
      const counts = all(5).filter((n) => n > 0 && size % n === 0);
      const first = d.integer(0, size);
      return [x, d.oneIn(2) ? d.pick(counts) : [first, size - first], axis];
    },
    differentiable: true,
    invalid: [
      invalid([x, 4, 1], 'axis 1', 'size 3', '4 equal parts'),
      invalid([x, 0], '0 equal parts'),
      invalid([x, [1, 1], 1], '[1, 1]', '[2, 3]', '3'),
      invalid([x, [-1, 4], 1], '[-1, 4]'),
      invalid([x, [-1, -1], 1], '[-1, -1]'),
      invalid([x, 2, 2], 'axis 2', '-2 to 1'),
    ],
    gpu: 'exact',
  },
  unstack: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), ordinary);
      return d.oneIn(2) ? [x] : [x, d.axis(x.rank)];
    },
    differentiable: true,
    invalid: [invalid([x, 2], 'axis 2', '-2 to 1'), invalid([zeros([])], 'scalar')],
    gpu: 'exact',
    method: false,
  },
  tile: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      const counts = all(d.integer(0, x.rank + 1)).map(() => d.integer(0, 2));
      return [x, d.oneIn(3) ? d.integer(0, 3) : counts];
    },
    differentiable: true,
    invalid: [
      invalid([x, -1], '-1', 'from 0 up'),
      invalid([x, [1, 0.5]], '0.5', 'whole numbers'),
      invalid([x, 1e10], '[2, 30000000000]', 'too large'),
    ],
    gpu: 'exact',
    method: false,
  },
  repeat: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      if (x.rank === 0 || d.oneIn(3)) return [x, d.integer(0, 3)];
      const axis = d.axis(x.rank);
      if (d.oneIn(2)) return [x, d.integer(0, 3), axis];
      return [x, all(x.shape.at(axis)!).map(() => d.integer(0, 2)), axis];
    },
    differentiable: true,
    invalid: [
      invalid([x, -1], '-1', 'from 0 up'),
      invalid([x, [1, 2], 1], '[1, 2]', '[2, 3]', '3 of them'),
      invalid([x, 2, 2], 'axis 2', '-2 to 1'),
      invalid([x, 1e10, 1], '[2, 30000000000]', 'too large'),
      invalid([x, [1, 1e10], 0], '[10000000001, 3]', 'too large'),
    ],
    gpu: 'sum',
    method: false,
  },
  roll: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      if (x.rank === 0 || d.oneIn(3)) return [x, d.integer(-7, 7)];
      if (d.oneIn(2)) return [x, d.integer(-7, 7), d.axis(x.rank)];
      return [x, [d.integer(-7, 7), d.integer(-2, 2)], [d.axis(x.rank), d.axis(x.rank)]];
    },
    differentiable: true,
    invalid: [
      invalid([x, 1, 2], 'axis 2', '-2 to 1'),
      invalid([x, 0.5], '0.5', 'whole numbers'),
      invalid([x, [1, 2], 0], '2 shifts', '1 axes', 'one axis for each shift'),
      invalid([x, [1, 2]], '2 shifts', 'one axis for each shift'),
    ],
    gpu: 'exact',
    method: false,
  },
  meshgrid: {
    arguments: (d) => {
      const tensors = all(d.integer(1, 3)).map(() => d.number(d.shape(0, 1), ordinary));
      const indexing = d.pick([undefined, 'xy', 'ij']);
      return indexing === undefined ? [tensors] : [tensors, { indexing }];
    },
    differentiable: true,
    invalid: [
      invalid([[zeros([2]), x]], '[2, 3]', 'rank 0 or 1'),
      invalid([[zeros([2])], { indexing: 'yx' }], "'yx'", "'xy' or 'ij'"),
    ],
    gpu: 'exact',
    method: false,
  },
  tril: {
    arguments: (d) => {
      const x = d.number(d.shape(2), ordinary);
      return d.oneIn(3) ? [x] : [x, d.integer(-3, 3)];
    },
    differentiable: true,
    invalid: [invalid([zeros([3])], '[3]', '[..., rows, columns]'), invalid([x, 0.5], '0.5', 'whole number')],
    gpu: 'exact',
    method: false,
  },
  triu: {
    arguments: (d) => {
      const x = d.number(d.shape(2), ordinary);
      return d.oneIn(3) ? [x] : [x, d.integer(-3, 3)];
    },
    differentiable: true,
    invalid: [invalid([zeros([3])], '[3]', '[..., rows, columns]'), invalid([x, 0.5], '0.5', 'whole number')],
    gpu: 'exact',
    method: false,
  },
  diag: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 2), ordinary);
      return d.oneIn(3) ? [x] : [x, d.integer(-3, 3)];
    },
    differentiable: true,
    invalid: [
      invalid([zeros([])], '[]', 'a vector'),
      invalid([zeros([2, 2, 2])], '[2, 2, 2]', 'a matrix'),
      invalid([zeros([2]), 2 ** 40], '[2147483649, 2147483649]', 'too large'),
      invalid([x, 0.5], '0.5', 'whole number'),
    ],
    gpu: 'exact',
    method: false,
  },
  depthToSpace: {
    arguments: (d) => {
      const block = d.integer(1, 2);
      const shape = [d.integer(0, 2), d.integer(1, 2), d.integer(1, 2), block * block * d.integer(1, 2)];
      return [d.number(shape, ordinary), block];
    },
    differentiable: true,
    invalid: [
      invalid([x, 2], '[2, 3]', '[N, height, width, channels]'),
      invalid([zeros([1, 2, 2, 6]), 2], '[1, 2, 2, 6]', 'multiple of 4'),
      invalid([zeros([1, 2, 2, 4]), 0], 'blockSize 0', 'from 1 up'),
    ],
    gpu: 'exact',
    method: false,
  },
  spaceToDepth: {
    arguments: (d) => {
      const block = d.integer(1, 2);
      const shape = [d.integer(0, 2), block * d.integer(1, 2), block * d.integer(1, 2), d.integer(1, 2)];
      return [d.number(shape, ordinary), block];
    },
    differentiable: true,
    invalid: [
      invalid([x, 2], '[2, 3]', '[N, height, width, channels]'),
      invalid([zeros([1, 2, 3, 1]), 2], '[1, 2, 3, 1]', 'multiples'),
      invalid([zeros([1, 2, 2, 4]), 0.5], 'blockSize 0.5', 'from 1 up'),
    ],
    gpu: 'exact',
    method: false,
  },
  slidingWindows: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), ordinary);
      const axes = d.shuffled(d.some(all(x.rank)));
      const dilations = axes.map(() => d.integer(1, 2));
      const sizes = axes.map((axis, k) => d.integer(1, Math.floor((x.shape[axis]! - 1) / dilations[k]!) + 1));
      return [x, sizes, { axes, strides: axes.map(() => d.integer(1, 3)), dilations }];
    },
    differentiable: true,
    invalid: [
      invalid([x, [4]], 'spans 4', 'axis 1', '[2, 3]', 'has 3'),
      invalid([x, [2], { dilations: [3] }], 'spans 4', '[2, 3]'),
      invalid([x, [1, 1, 1]], '[1, 1, 1]', '[2, 3]'),
      invalid([x, [2], { strides: [0] }], '[0]'),
      invalid([x, [2, 2], { strides: [1] }], '[2, 2]', '[1]'),
      invalid([x, [2, 2], { axes: [1, 1] }], '[1, 1]'),
    ],
    gpu: 'exact',
    method: false,
  },
  // Indices
  take: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      const axis = d.axis(x.rank);
      const size = x.shape.at(axis)!;
      const shape = size === 0 ? [0] : d.pick([[2], [3], [], [2, 2], [0]]);
      return [x, d.indices(shape, size), axis];
    },
    differentiable: true,
    invalid: [
      invalid([x, at, 2], 'axis 2', '-2 to 1'),
      invalid([x, zeros([2])], 'float32', 'int32'),
      invalid([zeros([]), at], 'scalar'),
    ],
    gpu: 'exact',
  },
  scatterAdd: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      const axis = d.axis(x.rank);
      const size = x.shape.at(axis)!;
      const shape = size === 0 ? [0] : d.pick([[2], [3], [], [2, 2], [0]]);
      const at = axis < 0 ? axis + x.rank : axis;
      const updates = [...x.shape.slice(0, at), ...shape, ...x.shape.slice(at + 1)];
      return [x, d.indices(shape, size), d.number(updates, ordinary), axis];
    },
    differentiable: true,
    invalid: [
      invalid([x, at, zeros([2, 2])], '[2, 2]', '[2, 3]'),
      invalid([x, at, zeros([3]), 1], '[3]', 'wanted updates [2, 2]'),
      invalid([x, zeros([2]), x], 'float32', 'int32'),
      invalid([x, at, x, 2], 'axis 2', '-2 to 1'),
    ],
    gpu: 'sum',
    method: false,
  },
  takeAlongAxis: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), ordinary);
      const axis = d.axis(x.rank);
      const shape = x.shape.map((size, a) => (a === (axis + x.rank) % x.rank ? d.pick([2, 1, 5, 0]) : size));
      return [x, d.indices(shape, x.shape.at(axis)!), axis];
    },
    differentiable: true,
    invalid: [
      invalid([x, at, 0], '[2]', 'axis 0', '[2, 3]'),
      invalid([x, zeros([2, 2], 'int32'), 2], 'axis 2', '-2 to 1'),
      invalid([x, zeros([2, 2]), 1], 'float32', 'int32'),
    ],
    gpu: 'exact',
    method: false,
  },
  putAlongAxis: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), apart(0));
      const axis = d.axis(x.rank);
      const shape = x.shape.map((size, a) => (a === (axis + x.rank) % x.rank ? d.pick([2, 1, 4, 0]) : size));
      const values = d.number(d.oneIn(3) ? shape.map(() => 1) : shape, apart(0.031));
      const mode = d.pick([undefined, 'set', 'add', 'max', 'min']);
      return [
        x,
        d.indices(shape, x.shape.at(axis)!),
        values,
        axis,
        ...(mode === undefined ? [] : [{ mode }]),
      ];
    },
    differentiable: true,
    invalid: [
      invalid([x, at, x, 0], '[2]', 'axis 0', '[2, 3]'),
      invalid([x, zeros([2, 2], 'int32'), x, 1], '[2, 3]', 'wanted [2, 2]'),
      invalid([x, zeros([2, 2], 'int32'), x, 2], 'axis 2', '-2 to 1'),
      invalid([x, zeros([2, 2]), x, 1], 'float32', 'int32'),
      invalid([x, zeros([2, 3], 'int32'), x, 1, { mode: 'mean' }], "mode 'mean'", "'set'"),
    ],
    gpu: 'sum',
    method: false,
  },
  gatherND: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), ordinary);
      const k = d.integer(0, x.rank);
      const lead = d.pick([[2], [3], [], [2, 2], [0]]);
      return [x, pointsIn(d, x.shape.slice(0, k), lead)];
    },
    differentiable: true,
    invalid: [
      invalid([x, tensor([[0, 0, 0]], { dtype: 'int32' })], '[1, 3]', '[2, 3]', 'at most 2'),
      invalid([x, scalar(1, 'int32')], '[]', 'wanted [..., k]'),
      invalid([x, zeros([1, 2])], 'float32', 'int32'),
    ],
    gpu: 'exact',
    method: false,
  },
  scatterND: {
    arguments: (d) => {
      const x = d.number(d.shape(1, 3, true), apart(0));
      const k = d.integer(1, x.rank);
      const lead = d.pick([[2], [3], [], [2, 2], [0]]);
      const updates = d.number([...lead, ...x.shape.slice(k)], apart(0.031));
      const mode = d.pick([undefined, 'set', 'add', 'max', 'min']);
      const points = pointsIn(d, x.shape.slice(0, k), lead);
      return [x, points, updates, ...(mode === undefined ? [] : [{ mode }])];
    },
    differentiable: true,
    invalid: [
      invalid([x, tensor([[0, 0, 0]], { dtype: 'int32' }), x], '[1, 3]', '[2, 3]', 'at most 2'),
      invalid([x, tensor([[0]], { dtype: 'int32' }), x], '[1, 1]', 'updates [2, 3]', 'wanted updates [1, 3]'),
      invalid([x, tensor([[0]], { dtype: 'int32' }), zeros([1, 3]), { mode: 'sum' }], "mode 'sum'", "'add'"),
    ],
    gpu: 'sum',
    method: false,
  },
  booleanMask: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      const mask = d.bool(x.shape.slice(0, d.integer(1, x.rank)));
      const options = d.pick([
        {},
        { size: d.integer(0, 5) },
        { size: d.integer(0, 5), fill: d.pick([1, -2]) },
      ]);
      return d.oneIn(3) ? [x, mask] : [x, mask, options];
    },
    differentiable: true,
    invalid: [
      invalid([x, x], 'float32', 'bool'),
      invalid([x, ones([3], 'bool')], '[3]', '[2, 3]', 'first axes'),
      invalid([x, mask, { size: -1 }], 'size -1', 'from 0 up'),
      invalid([x, mask, { size: 1e10 }], '[10000000000]', 'too large'),
    ],
    gpu: 'exact',
    method: false,
  },
  oneHot: {
    arguments: (d) => {
      const depth = d.integer(1, 4);
      return [d.indices(d.shape(0, 2), depth, false), depth, d.dtype()];
    },
    differentiable: false,
    invalid: [
      invalid([zeros([2]), 3], 'float32', 'int32'),
      invalid([at, -1], '-1'),
      invalid([at, 2.5], '2.5'),
    ],
    gpu: 'exact',
  },
  cast: {
    arguments: (d) => [d.number(d.shape(), ordinary), d.dtype()],
    differentiable: true,
    invalid: [invalid([x, 'float64'], 'float64', 'float32')],
    gpu: 'exact',
  },
  detach: {
    arguments: (d) => [d.number(d.shape(), ordinary)],
    differentiable: false,
    invalid: null,
    gpu: 'exact',
  },
  stopGradient: {
    arguments: (d) => [d.number(d.shape(), ordinary)],
    differentiable: false,
    invalid: null,
    gpu: 'exact',
    method: false,
  },
} satisfies OperationRows;
