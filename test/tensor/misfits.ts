import { ones, tensor, zeros } from '../../src/tensor/creation.ts';
import type { OperationName } from './invoke.ts';

/** A call that can't work, and what its error must say besides the name of the operation: what it got, what it wanted. */
export interface Misfit {
  readonly args: readonly unknown[];
  readonly says: readonly string[];
}

const misfit = (args: readonly unknown[], ...says: readonly string[]): Misfit => ({ args, says });

const x = zeros([2, 3]);
const mask = ones([2, 3], 'bool');
const at = tensor([0, 1], { dtype: 'int32' });

const pair: readonly Misfit[] = [
  misfit([x, zeros([4])], '[2, 3]', '[4]', '3 against 4'),
  misfit([x, zeros([2])], '[2, 3]', '[2]'),
  misfit([zeros([0]), x], '[0]', '[2, 3]', '0 against 3'),
  misfit([zeros([2, 1, 3]), zeros([4, 3, 3])], '[2, 1, 3]', '[4, 3, 3]', 'axis 0'),
];
const axes: readonly Misfit[] = [
  misfit([x, 2], 'axis 2', 'rank 2', '-2 to 1'),
  misfit([x, [0, -3]], 'axis -3', '-2 to 1'),
  misfit([x, [1, -1]], 'axis 1 is named twice'),
  misfit([x, 0.5], 'axis 0.5'),
];
const axis: readonly Misfit[] = [misfit([x, 2], 'axis 2', '-2 to 1'), misfit([zeros([]), 0], 'scalar')];
const image = zeros([1, 5, 4, 2]);
const kernel = zeros([3, 3, 2, 2]);
/** What both kinds of convolution refuse; the kernel fits both. */
const convolutions: readonly Misfit[] = [
  misfit([image, kernel, { stride: 0 }], 'stride 0', 'from 1 up', '2 spatial axes'),
  misfit([image, kernel, { stride: [1, 2, 1] }], 'stride [1,2,1]', '2 spatial axes'),
  misfit([image, kernel, { dilation: 1.5 }], 'dilation 1.5', 'whole number'),
  misfit([image, kernel, { dilation: Number.NaN }], 'dilation NaN', 'whole number'),
  misfit([image, kernel, { groups: 0 }], 'groups 0', 'from 1 up'),
  misfit([image, kernel, { groups: 1.5 }], 'groups 1.5', 'whole number'),
  misfit([image, kernel, { padding: -1 }], 'padding -1', "'valid', 'same'", 'from 0 up'),
  misfit([image, kernel, { padding: 0.5 }], 'padding 0.5'),
  misfit([image, kernel, { padding: 'full' }], 'padding "full"', "'valid', 'same'"),
  misfit([image, kernel, { padding: [1] }], 'padding [1]', '2 spatial axes'),
  misfit([image, kernel, { padding: [1, [1, -1]] }], 'padding [1,[1,-1]]', '[before, after]'),
  misfit([image, kernel, { padding: [1, [1, 1, 1]] }], 'padding [1,[1,1,1]]', '[before, after]'),
  misfit([image, zeros([3, 2, 4])], '[1, 5, 4, 2]', '[3, 2, 4]', 'as many axes'),
  misfit([zeros([5, 2]), zeros([2, 4])], '[5, 2]', '[N, ...spatial, channels]'),
  misfit([image, zeros([0, 3, 2, 2])], 'empty kernel [0, 3, 2, 2]', 'from 1 up'),
  misfit([zeros([1, 0, 4, 2]), zeros([3, 3, 2, 2])], '[1, 0, 4, 2]', 'from 1 up'),
  misfit([zeros([1, 5, 4, 2], 'uint8'), kernel], 'uint8', 'float32', 'Cast'),
  misfit([image, ones([3, 3, 2, 2], 'int32')], 'int32', 'float32', 'Cast'),
  misfit([[1, 2], kernel], 'an array', 'Tensor'),
  misfit([image, undefined], 'undefined', 'Tensor'),
];
/** What poolings refuse. */
const poolings: readonly Misfit[] = [
  misfit([zeros([5, 2]), 2], '[5, 2]', '[N, ...spatial, C]'),
  misfit([image, 0], 'size 0', 'from 1 up'),
  misfit([image, [2, 2, 2]], 'size [2,2,2]', '2 spatial axes'),
  misfit([image, 2, { stride: 0 }], 'stride 0', 'from 1 up'),
  misfit([image, 2, { dilation: [1, 0.5] }], 'dilation [1,0.5]', 'whole number'),
  misfit([image, 2, { padding: 'full' }], 'padding "full"', "'valid', 'same'"),
  misfit([image, 6], 'spans 6', 'axis 1', '[1, 5, 4, 2]', 'has 5'),
  misfit([image, [2, 3], { dilation: 2 }], 'spans 5', 'axis 2', 'has 4'),
  misfit([image, 2, { padding: 2 }], 'window 0', 'axis 1', '[1, 5, 4, 2]', 'padding', '[2, 2]'),
  misfit([image, 2, { stride: 1, padding: [0, [0, 2]] }], 'window 4', 'axis 2', '[0, 2]'),
  misfit([[1, 2], 2], 'an array', 'Tensor'),
];
const noIdentity = misfit([zeros([2, 0, 3]), 1], 'axis 1', '[2, 0, 3]', 'empty');

/** For every operation; null where it takes tensors of every shape. */
export const misfits: Record<OperationName, readonly Misfit[] | null> = {
  add: pair,
  sub: pair,
  mul: pair,
  div: pair,
  mod: pair,
  maximum: pair,
  minimum: pair,
  pow: pair,
  neg: null,

  equal: pair,
  notEqual: pair,
  less: pair,
  lessEqual: pair,
  greater: pair,
  greaterEqual: pair,
  logicalAnd: pair,
  logicalOr: pair,
  logicalXor: pair,
  logicalNot: null,
  isNaN: null,
  isFinite: null,
  where: [
    misfit([mask, x, zeros([4])], '[2, 3]', '[4]'),
    misfit([ones([4], 'bool'), x, x], '[4]', '[2, 3]'),
    misfit([x, x, x], 'float32', 'bool'),
  ],
  clip: [misfit([x, zeros([4]), 1], '[2, 3]', '[4]'), misfit([x, 0, zeros([2])], '[2, 3]', '[2]')],

  exp: null,
  expm1: null,
  log: null,
  log1p: null,
  sqrt: null,
  rsqrt: null,
  reciprocal: null,
  square: null,
  abs: null,
  sign: null,
  floor: null,
  ceil: null,
  round: null,
  sin: null,
  cos: null,
  tanh: null,
  erf: null,
  sigmoid: null,
  softplus: null,
  silu: null,
  relu: null,
  leakyRelu: null,
  elu: null,
  gelu: null,
  softmax: axis,
  logSoftmax: axis,

  sum: axes,
  mean: axes,
  prod: axes,
  max: [...axes, noIdentity],
  min: [...axes, noIdentity],
  any: axes,
  all: axes,
  argmax: [...axis, noIdentity, misfit([zeros([0])], '[0]', 'empty')],
  argmin: [...axis, noIdentity, misfit([zeros([0])], '[0]', 'empty')],
  logSumExp: axes,
  variance: axes,
  matmul: [
    misfit([zeros([512, 784]), zeros([512, 10])], 'inner dimensions differ', '[512, 784] x [512, 10]'),
    misfit([zeros([3]), zeros([4])], '[3] x [4]'),
    misfit([zeros([3]), zeros([4, 3])], '[3] x [4, 3]'),
    misfit([zeros([2, 3, 4]), zeros([3, 4, 5])], '[2]', '[3]', '2 against 3'),
    misfit([zeros([]), x], '[]', '[2, 3]', 'mul'),
  ],

  standardize: [
    ...axes,
    misfit([x, 0, zeros([2])], '[2, 3] and [2]', '3 against 2'),
    misfit([x, 0, undefined, zeros([4, 2, 3])], 'shift [4, 2, 3]', '[2, 3]', 'broadcasts'),
    misfit([x, 0, undefined, undefined, { epsilon: -1 }], 'epsilon -1', 'from 0 up'),
  ],

  conv: [
    ...convolutions,
    misfit([image, zeros([3, 3, 4, 2])], '[3, 3, 4, 2]', '[1, 5, 4, 2]', 'wanted [...sizes, 2, F]'),
    misfit([image, zeros([3, 3, 2, 4]), { groups: 2 }], '[3, 3, 2, 4]', 'wanted [...sizes, 2 / 2 groups, F]'),
    misfit([image, zeros([3, 3, 1, 3]), { groups: 2 }], '[3, 3, 1, 3]', 'F a multiple of 2'),
    misfit([image, zeros([3, 5, 2, 4])], 'spans 5', 'axis 2', '[1, 5, 4, 2]', 'has 4'),
    misfit([image, kernel, { dilation: [3, 1], padding: [[0, 1], 0] }], 'spans 7', 'axis 1', 'has 6'),
  ],
  maxPool: [
    ...poolings,
    misfit(
      [zeros([1, 1100, 1100, 1100, 1]), 1100],
      '[1100, 1100, 1100]',
      '31 bits',
      'one axis after the other',
    ),
  ],
  avgPool: poolings,
  convTranspose: [
    ...convolutions,
    misfit([image, zeros([3, 3, 2, 4])], '[3, 3, 2, 4]', '[1, 5, 4, 2]', 'wanted [...sizes, F, 2]'),
    misfit([image, zeros([3, 3, 2, 4]), { groups: 2 }], 'in 2 groups', 'wanted [...sizes, F / groups, 2]'),
    misfit([image, zeros([3, 3, 1, 2]), { groups: 3 }], '[1, 5, 4, 2]', 'in 3 groups', 'multiple of 3'),
    misfit([image, zeros([3, 3, 4, 2]), { outputPadding: 1 }], 'outputPadding 1', 'axis 1', 'stride 1'),
    misfit([image, zeros([3, 3, 4, 2]), { outputPadding: [0, -1] }], 'outputPadding [0,-1]', 'from 0 up'),
    misfit(
      [image, kernel, { outputPadding: 1, stride: 2, padding: 'same' }],
      'outputPadding [1, 1]',
      "'same'",
    ),
    misfit([image, zeros([1, 3, 4, 2]), { padding: 3 }], 'leaves nothing', '[-1, 0]', '[1, 5, 4, 2]'),
  ],

  reshape: [
    misfit([x, [4]], '[2, 3]', '6 elements', '4'),
    misfit([x, [-1, 4]], '[2, 3]', 'multiple of 4'),
    misfit([x, [-1, -1]], '-1'),
    misfit([x, [6.5]], '6.5'),
    misfit([zeros([0]), [-1, 0]], '[-1, 0]'),
  ],
  flatten: [misfit([x, 3], 'axis 3', 'rank 2')],
  transpose: [
    misfit([x, [0]], '[0]', '[2, 3]'),
    misfit([x, [0, 0]], '[0,0]', '2 axes'),
    misfit([x, [0, 2]], 'axis 2', '-2 to 1'),
  ],
  expandDims: [misfit([x, 3], 'axis 3', '-3 to 2')],
  squeeze: [misfit([x, 0], 'axis 0', '[2, 3]', 'size 2', 'wanted 1'), misfit([x, 2], 'axis 2', '-2 to 1')],
  broadcastTo: [
    misfit([x, [2, 4]], '[2, 3]', '[2, 4]'),
    misfit([x, [3]], '[2, 3]', '[3]'),
    misfit([x, [2, 1]], '[2, 3]', '[2, 1]'),
    misfit([x, [-2, 3]], '[-2, 3]', '-2'),
  ],
  slice: [
    misfit([x, 2], 'index 2', 'axis 0', '[2, 3]', '-2 to 1'),
    misfit([x, null, null, null], '3 axes', '[2, 3]', 'at most 2'),
    misfit([x, [0, 2, 0]], 'step 0', '[2, 3]'),
    misfit([x, [0.5]], '0.5'),
  ],
  flip: axes,
  concat: [
    misfit([[]], 'no tensors'),
    misfit([[zeros([]), zeros([])]], 'stack'),
    misfit([[x, zeros([2, 4])]], '[2, 4]', '[2, 3]', 'axis 0'),
    misfit([[x, zeros([3])]], '[3]', '[2, 3]'),
    misfit([[x, x], 2], 'axis 2', '-2 to 1'),
  ],
  stack: [
    misfit([[]], 'no tensors'),
    misfit([[x, zeros([3, 2])]], '[2, 3]', '[3, 2]'),
    misfit([[x, x], 3], 'axis 3', '-3 to 2'),
  ],
  pad: [misfit([x, [[1, 1]]], '[1,1]', '[2, 3]', '2 pairs'), misfit([zeros([2]), [[-1, 0]]], '-1', '[2]')],
  split: [
    misfit([x, 4, 1], 'axis 1', 'size 3', '4 equal parts'),
    misfit([x, 0], '0 equal parts'),
    misfit([x, [1, 1], 1], '[1, 1]', '[2, 3]', '3'),
    misfit([x, [-1, 4], 1], '[-1, 4]'),
    misfit([x, 2, 2], 'axis 2', '-2 to 1'),
  ],
  slidingWindows: [
    misfit([x, [4]], 'spans 4', 'axis 1', '[2, 3]', 'has 3'),
    misfit([x, [2], { dilations: [3] }], 'spans 4', '[2, 3]'),
    misfit([x, [1, 1, 1]], '[1, 1, 1]', '[2, 3]'),
    misfit([x, [2], { strides: [0] }], '[0]'),
    misfit([x, [2, 2], { strides: [1] }], '[2, 2]', '[1]'),
    misfit([x, [2, 2], { axes: [1, 1] }], '[1, 1]'),
  ],

  take: [
    misfit([x, at, 2], 'axis 2', '-2 to 1'),
    misfit([x, zeros([2])], 'float32', 'int32'),
    misfit([zeros([]), at], 'scalar'),
  ],
  scatterAdd: [
    misfit([x, at, zeros([2, 2])], '[2, 2]', '[2, 3]'),
    misfit([x, at, zeros([3]), 1], '[3]', 'wanted updates [2, 2]'),
    misfit([x, zeros([2]), x], 'float32', 'int32'),
    misfit([x, at, x, 2], 'axis 2', '-2 to 1'),
  ],
  oneHot: [misfit([zeros([2]), 3], 'float32', 'int32'), misfit([at, -1], '-1'), misfit([at, 2.5], '2.5')],
  cast: [misfit([x, 'float64'], 'float64', 'float32')],
  detach: null,
};
