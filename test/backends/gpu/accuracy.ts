import { catalogue } from '../../tensor/catalogue.ts';
import type { OperationName } from '../../tensor/invoke.ts';
import type { Goal } from './evaluate.ts';

/**
 * - `exact`: nothing is rounded, or what is rounded is so by IEEE 754's rules in WGSL and GLSL too.
 * - `arithmetic`: 1e-6. Devices divide and take roots within 2.5 units in the last place (WGSL, 15.7.4),
 *   which is 3e-7.
 * - `intrinsic`: 1e-5, the project's promise for elementary functions on a GPU.
 * - `sum`: 1e-5 of the sum of magnitudes, its promise for sums and contractions of up to 4,096 terms.
 */
export type Accuracy = 'exact' | 'arithmetic' | 'intrinsic' | 'sum';

export const accuracy: Record<OperationName, Accuracy> = {
  add: 'arithmetic',
  sub: 'arithmetic',
  mul: 'arithmetic',
  div: 'arithmetic',
  mod: 'arithmetic',
  maximum: 'exact',
  minimum: 'exact',
  pow: 'intrinsic',
  neg: 'exact',
  equal: 'exact',
  notEqual: 'exact',
  less: 'exact',
  lessEqual: 'exact',
  greater: 'exact',
  greaterEqual: 'exact',
  logicalAnd: 'exact',
  logicalOr: 'exact',
  logicalXor: 'exact',
  logicalNot: 'exact',
  isNaN: 'exact',
  isFinite: 'exact',
  where: 'exact',
  clip: 'exact',
  exp: 'intrinsic',
  expm1: 'intrinsic',
  log: 'intrinsic',
  log1p: 'intrinsic',
  sqrt: 'arithmetic',
  rsqrt: 'arithmetic',
  reciprocal: 'arithmetic',
  square: 'arithmetic',
  abs: 'exact',
  sign: 'exact',
  floor: 'exact',
  ceil: 'exact',
  round: 'exact',
  sin: 'intrinsic',
  cos: 'intrinsic',
  tanh: 'intrinsic',
  erf: 'intrinsic',
  sigmoid: 'intrinsic',
  softplus: 'intrinsic',
  silu: 'intrinsic',
  relu: 'exact',
  leakyRelu: 'arithmetic',
  elu: 'intrinsic',
  gelu: 'intrinsic',
  softmax: 'intrinsic',
  logSoftmax: 'intrinsic',
  sum: 'sum',
  mean: 'sum',
  // Products of few numbers: each step rounds once, and nothing cancels.
  prod: 'arithmetic',
  max: 'exact',
  min: 'exact',
  any: 'exact',
  all: 'exact',
  argmax: 'exact',
  argmin: 'exact',
  logSumExp: 'intrinsic',
  variance: 'intrinsic',
  matmul: 'sum',
  standardize: 'intrinsic',
  conv: 'sum',
  convTranspose: 'sum',
  maxPool: 'exact',
  avgPool: 'sum',
  reshape: 'exact',
  flatten: 'exact',
  transpose: 'exact',
  expandDims: 'exact',
  squeeze: 'exact',
  broadcastTo: 'exact',
  slice: 'exact',
  flip: 'exact',
  concat: 'exact',
  stack: 'exact',
  pad: 'exact',
  split: 'exact',
  slidingWindows: 'exact',
  take: 'exact',
  scatterAdd: 'sum',
  oneHot: 'exact',
  cast: 'exact',
  detach: 'exact',
};

export const RELATIVE: Record<Accuracy, number> = { exact: 0, arithmetic: 1e-6, intrinsic: 1e-5, sum: 1e-5 };

/**
 * How far an operation's results may be off. Where they cancel (`absolute` in the catalogue, the error
 * that a CPU's float32 makes) an error of elementary functions four times as large may show.
 */
export function toleranceOf(name: OperationName): Pick<Goal, 'relative' | 'scale'> {
  const kind = accuracy[name];
  const relative = RELATIVE[kind];
  if (kind === 'sum') return { relative, scale: 'magnitudes' };
  const { absolute } = catalogue[name];
  if (kind !== 'intrinsic' || absolute === undefined) return { relative };
  return { relative, scale: (4 * absolute) / relative };
}
