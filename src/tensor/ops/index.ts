export {
  elu,
  type GeluOptions,
  gelu,
  leakyRelu,
  logSoftmax,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
} from './activation.ts';
export { add, div, maximum, minimum, mod, mul, neg, pow, sub } from './arithmetic.ts';
export { cast, detach } from './cast.ts';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  type Margin,
  type Padding,
} from './conv.ts';
export { oneHot, scatterAdd, take } from './indexing.ts';
export { concat, pad, split, stack } from './join.ts';
export { matmul } from './linear.ts';
export {
  clip,
  equal,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  where,
} from './logic.ts';
export {
  abs,
  ceil,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  reciprocal,
  round,
  rsqrt,
  sign,
  sin,
  sqrt,
  square,
  tanh,
} from './math.ts';
export {
  type AveragePoolOptions,
  avgPool,
  maxPool,
  type Pooled,
  type PoolOptions,
} from './pooling.ts';
export {
  all,
  any,
  argmax,
  argmin,
  logSumExp,
  max,
  mean,
  min,
  prod,
  type ReduceOptions,
  sum,
  type VarianceOptions,
  variance,
} from './reduce.ts';
export {
  broadcastTo,
  expandDims,
  flatten,
  flip,
  reshape,
  type SliceSpec,
  slice,
  squeeze,
  transpose,
} from './shaping.ts';
export { type StandardizeOptions, standardize } from './standardize.ts';
export { slidingWindows, type WindowOptions } from './windows.ts';
