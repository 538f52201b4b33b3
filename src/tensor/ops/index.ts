export { depthToSpace, spaceToDepth } from './arrangement/blocks.ts';
export { diag, tril, triu } from './arrangement/diagonals.ts';
export {
  booleanMask,
  gatherND,
  type MaskOptions,
  putAlongAxis,
  type ScatterMode,
  type ScatterOptions,
  scatterND,
  takeAlongAxis,
} from './arrangement/gather-scatter.ts';
export { oneHot, scatterAdd, take } from './arrangement/indexing.ts';
export { concat, split, stack, unstack } from './arrangement/join.ts';
export { type PadMode, pad } from './arrangement/padding.ts';
export { type MeshgridOptions, meshgrid, repeat, roll, tile } from './arrangement/repetition.ts';
export { slidingWindows, type WindowOptions } from './arrangement/sliding-windows.ts';
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
} from './arrangement/views.ts';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  type Margin,
  type Padding,
} from './convolution/conv.ts';
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
  softsign,
} from './elementwise/activation.ts';
export { add, div, maximum, minimum, mod, mul, neg, pow, sub } from './elementwise/arithmetic.ts';
export { cast, detach, stopGradient } from './elementwise/cast.ts';
export { floorDiv } from './elementwise/division.ts';
export { acosh, asinh, atanh, cosh, sinh } from './elementwise/hyperbolic.ts';
export { erfinv } from './elementwise/inverse-error.ts';
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
} from './elementwise/logic.ts';
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
} from './elementwise/math.ts';
export { hardSigmoid, hardSwish, hardTanh, prelu, relu6 } from './elementwise/piecewise-activation.ts';
export { isInf, type NanToNumOptions, nanToNum, squaredDifference } from './elementwise/repair.ts';
export {
  celu,
  glu,
  logSigmoid,
  mish,
  selu,
  softmin,
} from './elementwise/smooth-activation.ts';
export { acos, asin, atan, atan2, tan } from './elementwise/trigonometric.ts';
export {
  type LocalResponseNormOptions,
  localResponseNorm,
} from './image/local-response-norm.ts';
export { type ResizeOptions, resize } from './image/resize.ts';
export { matmul } from './matmul.ts';
export { bincount } from './order/bincount.ts';
export { median, type QuantileMethod, type QuantileOptions, quantile } from './order/quantile.ts';
export { type SearchSortedOptions, searchSorted } from './order/search-sorted.ts';
export { argsort, type SortOptions, sort, type TopKOptions, topK } from './order/sort.ts';
export {
  type AveragePoolOptions,
  avgPool,
  maxPool,
  maxPoolWithArgmax,
  type Pooled,
  type PoolOptions,
} from './pooling/pooling.ts';
export { einsum } from './product/einsum.ts';
export { outer, tensordot, trace } from './product/tensordot.ts';
export {
  type CumulativeOptions,
  cummax,
  cummin,
  cumprod,
  cumsum,
  diff,
  type ReverseOptions,
} from './reduction/cumulative.ts';
export { norm, std } from './reduction/norm.ts';
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
} from './reduction/reduce.ts';
export { type StandardizeOptions, standardize } from './reduction/standardize.ts';
