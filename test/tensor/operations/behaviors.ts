import { sizeOf } from '../../../src/ir/view.ts';
import { zeros } from '../../../src/tensor/creation.ts';
import { stack } from '../../../src/tensor/ops/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { awayFromZero, type Domain, distinct, ordinary } from '../domains.ts';
import type { Draw } from '../draw.ts';

/** How tests call an operation, and how exact its results are. */
export interface Behavior {
  /** The arguments of one call. */
  readonly arguments: (d: Draw) => readonly unknown[];
  /** Whether the operation has a gradient, to any order. Finite differences check it. */
  readonly differentiable: boolean;
  /**
   * The largest error of float32 results: steps from one float32 number to the next, 2 by default, or a distance, for
   * results that cancel.
   */
  readonly ulps?: number;
  readonly absolute?: number;
  /** false: there are no answers for its gradient; finite differences alone check it. */
  readonly gradientAnswers?: false;
  /** false: a function only, since it is not about its first argument or too large for a method, which every bundle contains. */
  readonly method?: false;
}

export const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const unary = (domain: Domain, differentiable = true): Behavior => ({
  arguments: (d) => [d.number(d.shape(), domain)],
  differentiable,
});

export const binary = (
  first: Domain,
  second: Domain = first,
  differentiable = true,
  numbers = [2, 0.5, -1, 3],
): Behavior => ({
  arguments: (d) => {
    const shape = d.shape();
    const a = d.number(d.part(shape), first);
    if (d.oneIn(6)) return [a, d.pick(numbers)];
    return [a, d.number(d.part(shape), second)];
  },
  differentiable,
});

export const reduction = (domain: Domain, differentiable = true, nonEmpty = false): Behavior => ({
  arguments: (d) => {
    const x = d.number(d.shape(0, 3, nonEmpty), domain);
    return [x, d.axes(x.rank), ...(d.oneIn(2) ? [{ keepDims: true }] : [])];
  },
  differentiable,
  absolute: 1e-6,
});

export const argument: Behavior = {
  arguments: (d) => {
    const x = d.number(d.shape(1, 3, true), distinct);
    return [x, d.oneIn(3) ? undefined : d.axis(x.rank), ...(d.oneIn(2) ? [{ keepDims: true }] : [])];
  },
  differentiable: false,
};

export const alongAxis: Behavior = {
  arguments: (d) => {
    const x = d.number(d.shape(1), ordinary);
    return d.oneIn(2) ? [x, d.axis(x.rank)] : [x];
  },
  differentiable: true,
  absolute: 2e-8,
};

export const cumulative = (domain: Domain, mayExclude: boolean): Behavior => ({
  arguments: (d) => {
    const x = d.number(d.shape(1), domain);
    const options = { ...(mayExclude ? { exclusive: d.oneIn(2) } : {}), reverse: d.oneIn(2) };
    return d.pick([[x, d.axis(x.rank)], [x], [x, d.axis(x.rank), options]]);
  },
  differentiable: true,
  method: false,
});

export const withOption = (name: string, ...values: readonly unknown[]): Behavior => ({
  arguments: (d) => {
    const x = d.number(d.shape(), awayFromZero(0.1));
    const value = d.pick([undefined, ...values]);
    return value === undefined ? [x] : [x, name === '' ? value : { [name]: value }];
  },
  differentiable: true,
});

/** Points in a shape, [...lead, rank], as `gatherND` takes them. */
export const pointsIn = (d: Draw, shape: readonly number[], lead: readonly number[]): Tensor => {
  if (shape.length === 0) return zeros([...lead, 0], 'int32');
  return stack(
    shape.map((size) => d.indices(lead, size).cast('int32')),
    -1,
  );
};

export const someSlice = (d: Draw, size: number): unknown => {
  const how = d.integer(0, size > 0 ? 3 : 2);
  const bound = () => d.pick([null, ...all(2 * size + 3).map((i) => i - size - 1)]);
  if (how === 0) return null;
  if (how === 3) return d.integer(-size, size - 1);
  return how === 1 ? [bound(), bound()] : [bound(), bound(), d.pick([1, -1, 2, -2, 3])];
};

/** Other shapes of the same size. */
export const regrouped = (d: Draw, shape: readonly number[]): number[] => {
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

export const matrices: readonly ((m: number, k: number, n: number, b: number) => [number[], number[]])[] = [
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
