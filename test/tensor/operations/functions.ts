import { zeros } from '../../../src/tensor/creation.ts';
import { awayFrom, awayFromZero, between, ordinary } from '../domains.ts';
import { alongAxis, binary, unary, withOption } from './behaviors.ts';
import { invalid, invalidAxis, mismatchedShapes, x } from './invalid-calls.ts';
import type { OperationRows } from './row.ts';

export const functions = {
  exp: { ...unary(ordinary), invalid: null, gpu: 'intrinsic' },
  expm1: { ...unary(ordinary), invalid: null, gpu: 'intrinsic' },
  log: { ...unary(between(0.3, 4)), invalid: null, gpu: 'intrinsic' },
  log1p: { ...unary(between(-0.6, 3)), invalid: null, gpu: 'intrinsic' },
  sqrt: { ...unary(between(0.3, 4)), invalid: null, gpu: 'arithmetic' },
  rsqrt: { ...unary(between(0.3, 4)), invalid: null, gpu: 'arithmetic' },
  reciprocal: { ...unary(awayFromZero(0.4)), invalid: null, gpu: 'arithmetic' },
  square: { ...unary(ordinary), invalid: null, gpu: 'arithmetic' },
  abs: { ...unary(awayFromZero(0.1)), invalid: null, gpu: 'exact' },
  sign: { ...unary(awayFromZero(0.1), false), invalid: null, gpu: 'exact' },
  floor: { ...unary(ordinary, false), invalid: null, gpu: 'exact' },
  ceil: { ...unary(ordinary, false), invalid: null, gpu: 'exact' },
  round: { ...unary(ordinary, false), invalid: null, gpu: 'exact' },
  sin: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic' },
  cos: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic' },
  tanh: { ...unary(ordinary), invalid: null, gpu: 'intrinsic' },
  erf: { ...unary(ordinary), invalid: null, gpu: 'intrinsic' },
  sigmoid: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic' },
  softplus: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic' },
  softsign: { ...unary(awayFromZero(0.1)), invalid: null, gpu: 'arithmetic', gradientAnswers: false },
  silu: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic' },
  relu: { ...unary(awayFromZero(0.1)), invalid: null, gpu: 'exact' },
  leakyRelu: { ...withOption('', 0.2), invalid: null, gpu: 'arithmetic' },
  elu: { ...withOption('', 0.5), invalid: null, gpu: 'intrinsic' },
  // 1 + erf(x) cancels below 0.
  gelu: { ...withOption('approximate', 'none', 'tanh'), absolute: 2e-7, invalid: null, gpu: 'intrinsic' },
  softmax: { ...alongAxis, invalid: invalidAxis, gpu: 'intrinsic' },
  logSoftmax: { ...alongAxis, invalid: invalidAxis, gpu: 'intrinsic' },
  relu6: { ...unary(awayFrom(0, 6)), invalid: null, gpu: 'exact', method: false },
  hardTanh: {
    ...unary(awayFrom(-1, 1)),
    invalid: [invalid([x, 1, -1], 'low 1', 'high -1')],
    gpu: 'exact',
    method: false,
  },
  hardSigmoid: { ...unary(awayFrom(-3, 3)), invalid: null, gpu: 'arithmetic', method: false },
  hardSwish: { ...unary(awayFrom(-3, 3)), invalid: null, gpu: 'arithmetic', method: false },
  logSigmoid: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic', method: false },
  mish: { ...unary(between(-4, 4)), invalid: null, gpu: 'intrinsic', method: false },
  selu: { ...unary(awayFromZero(0.1)), invalid: null, gpu: 'intrinsic', method: false },
  celu: {
    ...withOption('', 0.5),
    invalid: [invalid([x, 0], 'alpha 0', 'above 0')],
    gpu: 'intrinsic',
    method: false,
  },
  tan: { ...unary(between(-1.3, 1.3)), ulps: 4, invalid: null, gpu: 'intrinsic', method: false },
  asin: { ...unary(between(-0.9, 0.9)), ulps: 3, invalid: null, gpu: 'intrinsic', method: false },
  acos: { ...unary(between(-0.9, 0.9)), ulps: 2, invalid: null, gpu: 'intrinsic', method: false },
  atan: { ...unary(between(-4, 4)), ulps: 2, invalid: null, gpu: 'intrinsic', method: false },
  atan2: {
    ...binary(awayFromZero(0.4), awayFromZero(0.4)),
    ulps: 2,
    invalid: mismatchedShapes,
    gpu: 'intrinsic',
    method: false,
  },
  sinh: { ...unary(ordinary), ulps: 3, invalid: null, gpu: 'intrinsic', method: false },
  cosh: { ...unary(ordinary), ulps: 3, invalid: null, gpu: 'intrinsic', method: false },
  asinh: { ...unary(between(-4, 4)), ulps: 3, invalid: null, gpu: 'intrinsic', method: false },
  acosh: { ...unary(between(1.3, 5)), ulps: 3, invalid: null, gpu: 'intrinsic', method: false },
  atanh: { ...unary(between(-0.8, 0.8)), ulps: 3, invalid: null, gpu: 'intrinsic', method: false },
  erfinv: { ...unary(between(-0.9, 0.9)), ulps: 5, invalid: null, gpu: 'intrinsic', method: false },
  prelu: {
    arguments: (d) => {
      const shape = d.shape();
      const x = d.number(shape, awayFromZero(0.1));
      return [x, d.number(d.part(x.shape), ordinary)];
    },
    differentiable: true,
    invalid: [
      invalid([x, zeros([2])], '[2, 3]', '[2]'),
      invalid([zeros([3]), x], '[2, 3]', '[3]', 'broadcasts to'),
    ],
    gpu: 'arithmetic',
    method: false,
  },
  softmin: { ...alongAxis, invalid: invalidAxis, gpu: 'intrinsic', method: false },
  glu: {
    arguments: (d) => {
      const shape = d.shape(1);
      const axis = d.axis(shape.length);
      const at = axis < 0 ? axis + shape.length : axis;
      return [
        d.number(
          shape.map((size, i) => (i === at ? 2 * size : size)),
          ordinary,
        ),
        axis,
      ];
    },
    differentiable: true,
    invalid: [invalid([x, 1], '[2, 3]', 'axis 1', 'even')],
    gpu: 'intrinsic',
    method: false,
  },
} satisfies OperationRows;
