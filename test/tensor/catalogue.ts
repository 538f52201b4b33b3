import { sizeOf } from '../../src/ir/view.ts';
import { convCall, convTransposeCall } from './convolutions.ts';
import { awayFromZero, between, type Domain, distinct, grid, oneOf, ordinary } from './domains.ts';
import type { Draw } from './draw.ts';
import type { OperationName } from './invoke.ts';
import { avgPoolCall, maxPoolCall } from './poolings.ts';

/** What the tests know of an operation. */
export interface OperationSpec {
  /** The arguments of one call. */
  readonly arguments: (d: Draw) => readonly unknown[];
  /** Is there a gradient, to any order? */
  readonly differentiable: boolean;
  /**
   * How far float32 results may lie from the true ones: steps from one float32 number to the next, 2 by default, or a distance,
   * for results that cancel.
   */
  readonly ulps?: number;
  readonly absolute?: number;
}

const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

const unary = (domain: Domain, differentiable = true): OperationSpec => ({
  arguments: (d) => [d.number(d.shape(), domain)],
  differentiable,
});

const binary = (
  first: Domain,
  second: Domain = first,
  differentiable = true,
  numbers = [2, 0.5, -1, 3],
): OperationSpec => ({
  arguments: (d) => {
    const shape = d.shape();
    const a = d.number(d.part(shape), first);
    if (d.oneIn(6)) return [a, d.pick(numbers)];
    return [a, d.number(d.part(shape), second)];
  },
  differentiable,
});

const reduction = (domain: Domain, differentiable = true, nonEmpty = false): OperationSpec => ({
  arguments: (d) => {
    const x = d.number(d.shape(0, 3, nonEmpty), domain);
    return [x, d.axes(x.rank), ...(d.oneIn(2) ? [{ keepDims: true }] : [])];
  },
  differentiable,
  absolute: 1e-6,
});

const winner: OperationSpec = {
  arguments: (d) => {
    const x = d.number(d.shape(1, 3, true), distinct);
    return [x, d.oneIn(3) ? undefined : d.axis(x.rank), ...(d.oneIn(2) ? [{ keepDims: true }] : [])];
  },
  differentiable: false,
};

const alongAxis: OperationSpec = {
  arguments: (d) => {
    const x = d.number(d.shape(1), ordinary);
    return d.oneIn(2) ? [x, d.axis(x.rank)] : [x];
  },
  differentiable: true,
  absolute: 2e-8,
};

const withOption = (name: string, ...values: readonly unknown[]): OperationSpec => ({
  arguments: (d) => {
    const x = d.number(d.shape(), awayFromZero(0.1));
    const value = d.pick([undefined, ...values]);
    return value === undefined ? [x] : [x, name === '' ? value : { [name]: value }];
  },
  differentiable: true,
});

const someSlice = (d: Draw, size: number): unknown => {
  const how = d.integer(0, size > 0 ? 3 : 2);
  const bound = () => d.pick([null, ...all(2 * size + 3).map((i) => i - size - 1)]);
  if (how === 0) return null;
  if (how === 3) return d.integer(-size, size - 1);
  return how === 1 ? [bound(), bound()] : [bound(), bound(), d.pick([1, -1, 2, -2, 3])];
};

/** Other shapes of the same size. */
const regrouped = (d: Draw, shape: readonly number[]): number[] => {
  const size = sizeOf(shape);
  const cut = d.integer(0, shape.length);
  const options = [
    [size],
    [...shape].reverse(),
    [1, ...shape],
    [...shape, 1],
    [sizeOf(shape.slice(0, cut)), sizeOf(shape.slice(cut))],
    size % 2 === 0 ? [2, size / 2] : [size, 1],
  ];
  return d.pick(size > 0 ? [...options, [-1], [-1, ...shape.slice(1)]] : options);
};

const matrices: readonly ((m: number, k: number, n: number, b: number) => [number[], number[]])[] = [
  (m, k, n) => [
    [m, k],
    [k, n],
  ],
  (_m, k) => [[k], [k]],
  (_m, k, n) => [[k], [k, n]],
  (m, k) => [[m, k], [k]],
  (m, k, n, b) => [
    [b, m, k],
    [k, n],
  ],
  (m, k, n, b) => [
    [m, k],
    [b, k, n],
  ],
  (m, k, n, b) => [
    [b, 1, m, k],
    [2, k, n],
  ],
  (m, k, n, b) => [
    [1, m, k],
    [b, k, n],
  ],
  (m, k, _n, b) => [[b, m, k], [k]],
];

export const catalogue: Record<OperationName, OperationSpec> = {
  // Arithmetic
  add: binary(ordinary),
  sub: binary(ordinary),
  mul: binary(ordinary),
  div: binary(ordinary, awayFromZero(0.4)),
  // Quotients away from whole numbers.
  mod: binary(oneOf(between(0.5, 2.5), between(-2.5, -0.5), between(3.5, 5.5)), awayFromZero(2.9, 3.1)),
  maximum: binary(grid(0), grid(0.25), true, [0.25, -1.75]),
  minimum: binary(grid(0), grid(0.25), true, [0.25, -1.75]),
  pow: binary(between(0.3, 3), ordinary),
  neg: unary(ordinary),

  // Comparison and logic
  equal: binary(ordinary, ordinary, false),
  notEqual: binary(ordinary, ordinary, false),
  less: binary(ordinary, ordinary, false),
  lessEqual: binary(ordinary, ordinary, false),
  greater: binary(ordinary, ordinary, false),
  greaterEqual: binary(ordinary, ordinary, false),
  logicalAnd: binary(ordinary, ordinary, false),
  logicalOr: binary(ordinary, ordinary, false),
  logicalXor: binary(ordinary, ordinary, false),
  logicalNot: unary(ordinary, false),
  isNaN: unary(ordinary, false),
  isFinite: unary(ordinary, false),
  where: {
    arguments: (d) => {
      const shape = d.shape();
      const condition = d.bool(d.part(shape));
      const a = d.number(d.part(shape), ordinary);
      const b = d.number(d.part(shape), ordinary);
      return d.pick([
        [condition, a, b],
        [condition, a, b],
        [condition, b, a],
      ]);
    },
    differentiable: true,
  },
  clip: {
    arguments: (d) => {
      const shape = d.shape();
      const x = d.number(shape, oneOf(between(-3, -2), between(-1, 1), between(2, 3)));
      if (d.oneIn(2)) return [x, -1.5, 1.5];
      return [x, d.float(d.part(shape), between(-1.7, -1.3)), d.float(d.part(shape), between(1.3, 1.7))];
    },
    differentiable: true,
  },

  // Functions
  exp: unary(ordinary),
  expm1: unary(ordinary),
  log: unary(between(0.3, 4)),
  log1p: unary(between(-0.6, 3)),
  sqrt: unary(between(0.3, 4)),
  rsqrt: unary(between(0.3, 4)),
  reciprocal: unary(awayFromZero(0.4)),
  square: unary(ordinary),
  abs: unary(awayFromZero(0.1)),
  sign: unary(awayFromZero(0.1), false),
  floor: unary(ordinary, false),
  ceil: unary(ordinary, false),
  round: unary(ordinary, false),
  sin: unary(between(-4, 4)),
  cos: unary(between(-4, 4)),
  tanh: unary(ordinary),
  erf: unary(ordinary),
  sigmoid: unary(between(-4, 4)),
  softplus: unary(between(-4, 4)),
  silu: unary(between(-4, 4)),
  relu: unary(awayFromZero(0.1)),
  leakyRelu: withOption('', 0.2),
  elu: withOption('', 0.5),
  // 1 + erf(x) cancels below 0.
  gelu: { ...withOption('approximate', 'none', 'tanh'), absolute: 2e-7 },
  softmax: alongAxis,
  logSoftmax: alongAxis,

  // Reductions
  sum: { ...reduction(ordinary), ulps: 4, absolute: 1e-5 },
  // Of nothing they are NaN and -Infinity.
  mean: reduction(ordinary, true, true),
  prod: reduction(between(-1.5, 1.5)),
  max: reduction(distinct, true, true),
  min: reduction(distinct, true, true),
  any: reduction(ordinary, false),
  all: reduction(ordinary, false),
  argmax: winner,
  argmin: winner,
  logSumExp: reduction(ordinary, true, true),
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
  },
  matmul: {
    arguments: (d) => {
      const size = () => d.pick([2, 3, 1, 4, 0]);
      const [a, b] = d.pick(matrices)(size(), size(), size(), d.pick([2, 1, 3]));
      return [d.number(a, ordinary), d.number(b, ordinary)];
    },
    differentiable: true,
    absolute: 1e-5,
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
  },

  // Convolution
  conv: { arguments: convCall, differentiable: true, absolute: 1e-5 },
  convTranspose: { arguments: convTransposeCall, differentiable: true, absolute: 1e-5 },
  maxPool: { arguments: maxPoolCall, differentiable: true },
  avgPool: { arguments: avgPoolCall, differentiable: true, absolute: 1e-6 },

  // Arrangement
  reshape: {
    arguments: (d) => {
      const shape = d.shape();
      return [d.number(shape, ordinary), regrouped(d, shape)];
    },
    differentiable: true,
  },
  flatten: {
    arguments: (d) => {
      const x = d.number(d.shape(1), ordinary);
      return d.oneIn(2) ? [x, d.axis(x.rank)] : [x];
    },
    differentiable: true,
  },
  transpose: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return d.oneIn(3) ? [x] : [x, d.shuffled(all(x.rank))];
    },
    differentiable: true,
  },
  expandDims: {
    arguments: (d) => {
      const x = d.number(d.shape(0, 2), ordinary);
      return [x, d.axis(x.rank + 1)];
    },
    differentiable: true,
  },
  squeeze: {
    arguments: (d) => {
      const shape = d.shape(0, 2);
      const axis = d.integer(0, shape.length);
      const x = d.number([...shape.slice(0, axis), 1, ...shape.slice(axis)], ordinary);
      return d.pick([[x], [x, axis], [x, [axis - x.rank]]]);
    },
    differentiable: true,
  },
  broadcastTo: {
    arguments: (d) => {
      const shape = d.shape();
      return [d.number(d.part(shape), ordinary), shape];
    },
    differentiable: true,
  },
  slice: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return [x, ...x.shape.slice(0, d.integer(0, x.rank)).map((size) => someSlice(d, size))];
    },
    differentiable: true,
  },
  flip: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return [x, d.axes(x.rank)];
    },
    differentiable: true,
  },
  concat: {
    arguments: (d) => {
      const shape = d.shape(1, 3);
      const axis = d.axis(shape.length);
      const part = () => d.number(shape.with(axis, d.integer(0, 3)), ordinary);
      return [Array.from({ length: d.integer(1, 3) }, part), axis];
    },
    differentiable: true,
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
  },
  pad: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      const widths = x.shape.map(() => [d.integer(0, 2), d.integer(0, 2)]);
      return d.oneIn(2) ? [x, widths, d.pick([1, -2, 7])] : [x, widths];
    },
    differentiable: true,
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
  },
  oneHot: {
    arguments: (d) => {
      const depth = d.integer(1, 4);
      return [d.indices(d.shape(0, 2), depth, false), depth, d.dtype()];
    },
    differentiable: false,
  },
  cast: { arguments: (d) => [d.number(d.shape(), ordinary), d.dtype()], differentiable: true },
  detach: { arguments: (d) => [d.number(d.shape(), ordinary)], differentiable: false },
};
