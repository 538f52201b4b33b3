import { inDependencyOrder, type Node } from '../../src/ir/node.ts';

// A second implementation of every operation, as slow and simple as possible: one loop over the points of the result, in double
// precision, without lowering, fusion, views, plans or backends. It shares nothing with the library but the nodes.

/** Values of a node in row-major order. float32 values are not rounded; integers and bools are exact. */
export type Values = Float64Array;

interface Operand {
  readonly shape: readonly number[];
  readonly dtype: Node['dtype'];
  readonly data: ArrayLike<number>;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, d) => size * d, 1);

/** Every index of a shape, in row-major order. */
function* indices(shape: readonly number[]): Generator<number[]> {
  const size = sizeOf(shape);
  for (let i = 0; i < size; i++) {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    yield index;
  }
}

/** The number at an index; undefined outside of the array. */
function at({ shape, data }: Operand, index: readonly number[]): number | undefined {
  let place = 0;
  for (const [axis, i] of index.entries()) {
    if (i < 0 || i >= shape[axis]!) return undefined;
    place = place * shape[axis]! + i;
  }
  return data[place]!;
}

/** The number at an index of an array that broadcasts to `index`. */
function broadcastAt(operand: Operand, index: readonly number[]): number {
  const lead = index.length - operand.shape.length;
  return at(
    operand,
    operand.shape.map((d, axis) => (d === 1 ? 0 : index[lead + axis]!)),
  )!;
}

const map = (shape: readonly number[], f: (index: number[]) => number): Values =>
  Float64Array.from(indices(shape), f);

const sum = (terms: Iterable<number>): number => {
  let total = 0;
  for (const term of terms) total += term;
  return total;
};

type Numbers = readonly number[];

/** Sums of integers wrap, and are exact before they do: up to 600 products of 32 bits each need more than 53 bits. */
function total(terms: Iterable<[number, number]>, dtype: Node['dtype']): number {
  if (dtype === 'float32') {
    let all = 0;
    for (const [a, b] of terms) all += a * b;
    return all;
  }
  let all = 0n;
  for (const [a, b] of terms) all += BigInt(a) * BigInt(b);
  return Number(BigInt.asIntN(32, all));
}

/** Brings an integer into the range of its data type. */
function wrapped(x: number, dtype: Node['dtype']): number {
  if (dtype === 'float32') return x;
  return dtype === 'int32' ? x | 0 : x & 255;
}

function integerPower(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let [result, square] = [1n, BigInt(base)];
  for (const bit of exponent.toString(2).split('').reverse()) {
    if (bit === '1') result = BigInt.asIntN(32, result * square);
    square = BigInt.asIntN(32, square * square);
  }
  return Number(result);
}

/** C99's pow, which JavaScript's differs from where the base is 1 or -1. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY))) return 1;
  return a ** b;
}

/** Python's remainder: with the sign of the divisor. */
function remainder(a: number, b: number, dtype: Node['dtype']): number {
  if (dtype !== 'float32' && b === 0) return 0;
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
}

function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const distance = x - low;
  if (distance === 0.5) return low % 2 === 0 ? low : low + 1;
  return distance < 0.5 ? low : low + 1;
}

/** The error function: its power series near 0, its continued fraction elsewhere. */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let [term, series] = [a, a];
    for (let n = 1; n < 100; n++) {
      term *= (-a * a) / n;
      series += term / (2 * n + 1);
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * series;
  }
  return Math.sign(x) * (1 - erfc(a));
}

/** 1 - erf(x) for x >= 2.5. */
function erfc(x: number): number {
  let fraction = 0;
  for (let n = 200; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** Where the error function has a value: bisection, then Newton's method. */
function erfinv(x: number): number {
  if (Number.isNaN(x) || Math.abs(x) > 1) return Number.NaN;
  if (Math.abs(x) === 1) return x / 0;
  let [low, high] = [0, 6];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (erf(middle) < Math.abs(x)) low = middle;
    else high = middle;
  }
  for (let i = 0; i < 2; i++) {
    const error = low > 2.5 ? 1 - Math.abs(x) - erfc(low) : erf(low) - Math.abs(x);
    low -= (error * Math.sqrt(Math.PI) * Math.exp(low * low)) / 2;
  }
  return x < 0 || Object.is(x, -0) ? -low : low;
}

function cast(x: number, from: Node['dtype'], to: Node['dtype']): number {
  if (to === 'float32') return x;
  if (to === 'bool') return x !== 0 ? 1 : 0;
  if (from !== 'float32') return wrapped(x, to);
  const [low, high] = to === 'int32' ? [-2147483648, 2147483647] : [0, 255];
  return Number.isNaN(x) ? 0 : Math.min(high, Math.max(low, Math.trunc(x)));
}

const elementwise: Record<string, (x: readonly number[], dtype: Node['dtype']) => number> = {
  add: ([a, b], dtype) => wrapped(a! + b!, dtype),
  sub: ([a, b], dtype) => wrapped(a! - b!, dtype),
  mul: ([a, b], dtype) => (dtype === 'float32' ? a! * b! : wrapped(Math.imul(a!, b!), dtype)),
  div: ([a, b]) => a! / b!,
  mod: ([a, b], dtype) => remainder(a!, b!, dtype),
  floorDiv: ([a, b], dtype) => {
    if (b === 0) return dtype === 'float32' ? a! / b! : 0;
    if (dtype !== 'float32') return wrapped(Math.floor(a! / b!), dtype);
    if (Number.isNaN(b)) return NaN;
    if (Number.isFinite(b)) return Math.round((a! - remainder(a!, b!, dtype)) / b!);
    return Number.isFinite(a) && a !== 0 && a! < 0 !== b! < 0 ? -1 : a! / b!;
  },
  isInf: ([x]) => (Math.abs(x!) === Infinity ? 1 : 0),
  maximum: ([a, b]) => Math.max(a!, b!),
  minimum: ([a, b]) => Math.min(a!, b!),
  pow: ([a, b], dtype) => (dtype === 'float32' ? power(a!, b!) : wrapped(integerPower(a!, b!), dtype)),
  neg: ([x], dtype) => wrapped(-x!, dtype),
  exp: ([x]) => Math.exp(x!),
  expm1: ([x]) => Math.expm1(x!),
  log: ([x]) => Math.log(x!),
  log1p: ([x]) => Math.log1p(x!),
  sqrt: ([x]) => Math.sqrt(x!),
  rsqrt: ([x]) => 1 / Math.sqrt(x!),
  reciprocal: ([x]) => 1 / x!,
  sin: ([x]) => Math.sin(x!),
  cos: ([x]) => Math.cos(x!),
  tanh: ([x]) => Math.tanh(x!),
  erf: ([x]) => erf(x!),
  tan: ([x]) => Math.tan(x!),
  asin: ([x]) => Math.asin(x!),
  acos: ([x]) => Math.acos(x!),
  atan: ([x]) => Math.atan(x!),
  atan2: ([y, x]) => Math.atan2(y!, x!),
  sinh: ([x]) => Math.sinh(x!),
  cosh: ([x]) => Math.cosh(x!),
  asinh: ([x]) => Math.asinh(x!),
  acosh: ([x]) => Math.acosh(x!),
  atanh: ([x]) => Math.atanh(x!),
  erfinv: ([x]) => erfinv(x!),
  sigmoid: ([x]) => 1 / (1 + Math.exp(-x!)),
  softplus: ([x]) => Math.max(x!, 0) + Math.log1p(Math.exp(-Math.abs(x!))),
  square: ([x], dtype) => (dtype === 'float32' ? x! * x! : wrapped(Math.imul(x!, x!), dtype)),
  abs: ([x], dtype) => wrapped(Math.abs(x!), dtype),
  sign: ([x]) => Math.sign(x!),
  floor: ([x]) => Math.floor(x!),
  ceil: ([x]) => Math.ceil(x!),
  round: ([x]) => (Number.isFinite(x) ? roundHalfToEven(x!) : x!),
  relu: ([x]) => Math.max(x!, 0),
  equal: ([a, b]) => (a === b ? 1 : 0),
  notEqual: ([a, b]) => (a !== b ? 1 : 0),
  less: ([a, b]) => (a! < b! ? 1 : 0),
  lessEqual: ([a, b]) => (a! <= b! ? 1 : 0),
  greater: ([a, b]) => (a! > b! ? 1 : 0),
  greaterEqual: ([a, b]) => (a! >= b! ? 1 : 0),
  logicalAnd: ([a, b]) => (a !== 0 && b !== 0 ? 1 : 0),
  logicalOr: ([a, b]) => (a !== 0 || b !== 0 ? 1 : 0),
  logicalXor: ([a, b]) => ((a !== 0) !== (b !== 0) ? 1 : 0),
  logicalNot: ([x]) => (x === 0 ? 1 : 0),
  isNaN: ([x]) => (Number.isNaN(x) ? 1 : 0),
  isFinite: ([x]) => (Number.isFinite(x) ? 1 : 0),
  where: ([condition, a, b]) => (condition !== 0 ? a! : b!),
  standardize: ([x, mean, reciprocal, scale = 1, shift = 0]) => (x! - mean!) * (reciprocal! * scale) + shift,
  detach: ([x]) => x!,
  checkInt32: ([x]) => x!,
};

/** Reductions of the values along some axes. */
const reductions: Record<string, (values: Numbers, dtype: Node['dtype']) => number> = {
  sum: (values, dtype) =>
    total(
      values.map((x) => [x, 1]),
      dtype,
    ),
  prod: (values, dtype) =>
    values.reduce((product, x) => (dtype === 'float32' ? product * x : Math.imul(product, x)), 1),
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  argmax: (values) => firstOf(values, Math.max(...values)),
  argmin: (values) => firstOf(values, Math.min(...values)),
};

const firstOf = (values: Numbers, winner: number): number =>
  values.findIndex((x) => x === winner || (Number.isNaN(winner) && Number.isNaN(x)));

function reduce(node: Node, x: Operand, axes: Numbers): Values {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const lengths = axes.map((axis) => x.shape[axis]!);
  return map(node.shape, (index) => {
    const values = Array.from(indices(lengths), (inner) => {
      const place = x.shape.map((_, axis) =>
        axes.includes(axis) ? inner[axes.indexOf(axis)]! : index[kept.indexOf(axis)]!,
      );
      return at(x, place)!;
    });
    return reductions[node.op.name]!(values, node.dtype);
  });
}

interface WindowParams {
  readonly axes: Numbers;
  readonly sizes: Numbers;
  readonly strides: Numbers;
  readonly dilations: Numbers;
}

/** The place in the source of an index of windows: [..., counts, ..., sizes]. */
function windowPlace(index: Numbers, rank: number, { axes, strides, dilations }: WindowParams): number[] {
  const place = index.slice(0, rank);
  axes.forEach((axis, k) => {
    place[axis] = place[axis]! * strides[k]! + index[rank + k]! * dilations[k]!;
  });
  return place;
}

interface PoolParams {
  readonly extents: Numbers;
  readonly sizes: Numbers;
  readonly strides: Numbers;
  readonly dilations: Numbers;
  readonly starts: Numbers;
}

/** The place in x of element `tap` of the window at `index`, [n, ...counts, c]. */
const poolPlace = (index: Numbers, tap: Numbers, { strides, dilations, starts }: PoolParams): number[] =>
  index.map((i, axis) => {
    const k = axis - 1;
    return k < 0 || k >= tap.length ? i : i * strides[k]! + starts[k]! + tap[k]! * dilations[k]!;
  });

/** How `maxPoolWinner` numbers the elements of a window: their distances from its start, some bits for each axis. */
function placeBits({ sizes, strides, dilations }: PoolParams): number[] {
  const spans = sizes.map((size, k) => (size - 1) * dilations[k]! + 1);
  const most = spans.map((span, k) => Math.min(span, Math.ceil(span / strides[k]!) * strides[k]! - 1));
  return most.map((n) => n.toString(2).length * Number(n > 0));
}

function placeNumber(tap: Numbers, params: PoolParams): number {
  const bits = placeBits(params);
  return tap.reduce((number, t, k) => number * 2 ** bits[k]! + t * params.dilations[k]!, 0);
}

interface ConvParams extends PoolParams {
  readonly groups: number;
  readonly depthwise: number;
}

/** The place in `padded` of window element `tap` at spatial position `position`. */
const convPlace = (
  lead: Numbers,
  position: Numbers,
  tap: Numbers,
  channels: Numbers,
  p: ConvParams,
): number[] => [
  ...lead,
  ...position.map((o, k) => o * p.strides[k]! + tap[k]! * p.dilations[k]!),
  ...channels,
];

/** The parameters of all operations; each has some of them. */
interface Params extends WindowParams, ConvParams {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reducer: string;
  readonly descending: boolean;
  readonly count: number;
  readonly right: boolean;
  readonly size: number;
  readonly steps: Numbers;
  readonly fill: number;
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Combines the elements up to each one along an axis, or those before it. */
const cumulated = (
  { shape }: Node,
  x: Operand,
  { axis, exclusive }: Params,
  combine: (before: number[]) => number,
): Values =>
  map(shape, (index) => {
    const count = index[axis]! + (exclusive ? 0 : 1);
    return combine(Array.from({ length: count }, (_, i) => at(x, index.with(axis, i))!));
  });

/** An extremum; of nothing, the other end of the data type. */
function extremum(values: Numbers, dtype: Node['dtype'], best: (...values: number[]) => number): number {
  if (values.length > 0 || dtype === 'float32') return best(...values);
  const [low, high] = dtype === 'int32' ? [-2147483648, 2147483647] : [0, 255];
  return best === Math.max ? low! : high!;
}

const others: Record<string, (node: Node, inputs: readonly Operand[], params: Params) => Values> = {
  reshape: (_, [x]) => Float64Array.from(x!.data),
  broadcastTo: ({ shape }, [x]) => map(shape, (index) => broadcastAt(x!, index)),
  transpose: ({ shape }, [x], { axes }) =>
    map(
      shape,
      (index) =>
        at(
          x!,
          axes.map((_, axis) => index[axes.indexOf(axis)]!),
        )!,
    ),
  slice: ({ shape, values }, [x], { steps }) =>
    map(
      shape,
      (index) =>
        at(
          x!,
          index.map((i, axis) => values[axis]! + i * steps[axis]!),
        )!,
    ),
  pad: ({ shape, values }, [x], { steps, fill }) =>
    map(shape, (index) => {
      const place = index.map((i, axis) => (i - values[axis]!) / steps[axis]!);
      return (place.every(Number.isInteger) ? at(x!, place) : undefined) ?? fill;
    }),
  roll: ({ shape, values }, [x], { axis }) =>
    map(shape, (index) => {
      const size = shape[axis]!;
      return at(x!, index.with(axis, (((index[axis]! - values[0]!) % size) + size) % size))!;
    }),
  concat: ({ shape }, inputs, { axis }) =>
    map(shape, (index) => {
      const place = [...index];
      for (const x of inputs) {
        const value = at(x, place);
        if (value !== undefined) return value;
        place[axis]! -= x.shape[axis]!;
      }
      throw new Error('beyond the last operand');
    }),
  take: ({ shape }, [x, places], { axis }) =>
    map(shape, (index) => {
      const i = places!.data[index[axis]!]!;
      return at(x!, index.with(axis, i < 0 ? i + x!.shape[axis]! : i))!;
    }),
  scatterAdd: (node, [places, updates], { axis, size }) =>
    map(node.shape, (index) => {
      const terms: [number, number][] = [];
      for (let i = 0; i < places!.data.length; i++) {
        const place = places!.data[i]!;
        if ((place < 0 ? place + size : place) === index[axis])
          terms.push([at(updates!, index.with(axis, i))!, 1]);
      }
      return total(terms, node.dtype);
    }),
  bin: (_, [x]) => Float64Array.from(x!.data),
  argsort: ({ shape }, [x], { descending, count }) => {
    const length = x!.shape.at(-1)!;
    const rank = (v: number): number => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : v);
    const result: number[] = [];
    for (let row = 0; row < sizeOf(shape.slice(0, -1)); row++) {
      const values = Array.from({ length }, (_, i) => x!.data[row * length + i]!);
      const pairs = values.map((v, i) => ({ v: rank(v) * (descending ? -1 : 1), nan: Number.isNaN(v), i }));
      const sign = descending ? -1 : 1;
      pairs.sort((a, b) => {
        if (a.v !== b.v) return a.v < b.v ? -1 : 1;
        return sign * (Number(a.nan) - Number(b.nan)) || a.i - b.i;
      });
      result.push(...pairs.slice(0, count).map((p) => p.i));
    }
    return Float64Array.from(result);
  },
  searchSorted: ({ shape }, [sorted, values], { right }) =>
    map(shape, (index) => {
      const v = at(values!, index)!;
      const row = sorted!.shape.length > 1 ? index.slice(0, -1) : [];
      const isBefore = (s: number): boolean => {
        if (Number.isNaN(s)) return right && Number.isNaN(v);
        return Number.isNaN(v) || (right ? s <= v : s < v);
      };
      let n = 0;
      while (n < sorted!.shape.at(-1)! && isBefore(at(sorted!, [...row, n])!)) n++;
      return n;
    }),
  index: ({ shape }, [x], { size }) => map(shape, (index) => (at(x!, index)! + size) % size),
  takeAlongAxis: ({ shape }, [x, places], { axis }) =>
    map(shape, (index) => at(x!, index.with(axis, at(places!, index)!)) ?? 0),
  scatterElements: (node, [places, updates], { reducer }) =>
    map(node.shape, (index) => {
      const values: number[] = [];
      for (let c = 0; c < places!.shape.at(-1)!; c++) {
        const from = index.with(-1, c);
        if (at(places!, from) === index.at(-1)) values.push(at(updates!, from)!);
      }
      if (reducer === 'sum')
        return total(
          values.map((v) => [v, 1]),
          node.dtype,
        );
      return extremum(values, node.dtype, reducer === 'max' ? Math.max : Math.min);
    }),
  cumsum: (node, [x], params) =>
    cumulated(node, x!, params, (before) =>
      total(
        before.map((v) => [v, 1]),
        node.dtype,
      ),
    ),
  cumprod: (node, [x], params) =>
    cumulated(node, x!, params, (before) => reductions.prod!(before, node.dtype)),
  cummax: (node, [x], params) =>
    cumulated(node, x!, params, (before) => extremum(before, node.dtype, Math.max)),
  cummin: (node, [x], params) =>
    cumulated(node, x!, params, (before) => extremum(before, node.dtype, Math.min)),
  recurrence: ({ shape }, [a, b], { axis }) =>
    map(shape, (index) => {
      let y = 0;
      for (let i = 0; i <= index[axis]!; i++)
        y = at(a!, index.with(axis, i))! * y + at(b!, index.with(axis, i))!;
      return y;
    }),
  oneHot: ({ shape }, [labels]) =>
    map(shape, (index) => (at(labels!, [...index.slice(0, -1), 0]) === index.at(-1) ? 1 : 0)),
  slidingWindows: ({ shape }, [x], params) =>
    map(shape, (index) => at(x!, windowPlace(index, x!.shape.length, params))!),
  foldWindows: (node, [g], params) => {
    const result = new Float64Array(sizeOf(node.shape));
    const flat = (index: Numbers) => index.reduce((place, i, axis) => place * node.shape[axis]! + i, 0);
    for (const index of indices(g!.shape))
      result[flat(windowPlace(index, node.shape.length, params))]! += at(g!, index)!;
    return result.map((x) => wrapped(x, node.dtype));
  },
  matmul: (node, [a, b], p) => {
    const inner = a!.shape.slice(p.batch + p.m);
    return map(node.shape, (index) => {
      const [batch, rows] = [index.slice(0, p.batch), index.slice(p.batch, p.batch + p.m)];
      const columns = index.slice(p.batch + p.m);
      return total(
        Array.from(indices(inner), (k) => [
          at(a!, [...batch, ...rows, ...k])!,
          at(b!, [...batch, ...k, ...columns])!,
        ]),
        node.dtype,
      );
    });
  },
  conv: (node, [x, w], p) => {
    const spatial = p.strides.length;
    const kernel = w!.shape.slice(p.groups, p.groups + spatial);
    const lead = p.groups + 1;
    return map(node.shape, (index) => {
      const position = index.slice(lead, lead + spatial);
      const after = index.slice(lead + spatial);
      if (p.depthwise > 0)
        return sum(
          Array.from(
            indices(kernel),
            (tap) =>
              at(x!, convPlace(index.slice(0, lead), position, tap, after, p))! * at(w!, [...tap, ...after])!,
          ),
        );
      const group = index.slice(0, p.groups);
      return sum(
        Array.from(indices([...kernel, x!.shape.at(-1)!]), (inner) => {
          const [tap, channel] = [inner.slice(0, -1), inner.slice(-1)];
          return (
            at(x!, convPlace(index.slice(0, lead), position, tap, channel, p))! *
            at(w!, [...group, ...tap, ...channel, ...after])!
          );
        }),
      );
    });
  },
  convKernel: (node, [x, g], p) => {
    const spatial = p.strides.length;
    const positions = g!.shape.slice(p.groups, p.groups + 1 + spatial);
    return map(node.shape, (index) => {
      const group = index.slice(0, p.groups);
      const tap = index.slice(p.groups, p.groups + spatial);
      const channels = index.slice(p.groups + spatial);
      const [ofX, ofG] = p.depthwise > 0 ? [channels, channels] : [channels.slice(0, 1), channels.slice(1)];
      return sum(
        Array.from(
          indices(positions),
          ([n, ...position]) =>
            at(x!, convPlace([...group, n!], position, tap, ofX, p))! *
            at(g!, [...group, n!, ...position, ...ofG])!,
        ),
      );
    });
  },
  maxPool: ({ shape }, [x], p) =>
    map(shape, (index) =>
      Math.max(
        ...Array.from(
          indices(p.sizes),
          (tap) => at(x!, poolPlace(index, tap, p)) ?? Number.NEGATIVE_INFINITY,
        ),
      ),
    ),
  maxPoolWinner: ({ shape }, [x, y], p) =>
    map(shape, (index) => {
      for (const tap of indices(p.sizes)) {
        const value = at(x!, poolPlace(index, tap, p));
        if (value === undefined) continue;
        if (value === at(y!, index) || Number.isNaN(value)) return placeNumber(tap, p);
      }
      throw new Error('a window without a winner');
    }),
  maxPoolIndex: ({ shape }, [places], p) =>
    map(shape, (index) => {
      const sizes = [...p.extents.slice(1), shape.at(-1)!];
      for (const tap of indices(p.sizes)) {
        if (placeNumber(tap, p) !== at(places!, index)) continue;
        const [first, ...rest] = poolPlace(index, tap, p).slice(1);
        return rest.reduce((number, i, k) => number * sizes[k]! + i, first!);
      }
      throw new Error('a place outside of its window');
    }),
  maxPoolGradient: (node, [g, places], p) => {
    const result = new Float64Array(sizeOf(node.shape));
    for (const index of indices(g!.shape)) {
      for (const tap of indices(p.sizes)) {
        if (placeNumber(tap, p) !== at(places!, index)) continue;
        const place = poolPlace(index, tap, p);
        result[place.reduce((flat, i, axis) => flat * node.shape[axis]! + i, 0)]! += at(g!, index)!;
      }
    }
    return result;
  },
  maxPoolSelect: ({ shape }, [h, places], p) =>
    map(shape, (index) => {
      for (const tap of indices(p.sizes))
        if (placeNumber(tap, p) === at(places!, index)) return at(h!, poolPlace(index, tap, p))!;
      throw new Error('a place outside of its window');
    }),
  sumPool: ({ shape }, [x], p) =>
    map(shape, (index) => sum(Array.from(indices(p.sizes), (tap) => at(x!, poolPlace(index, tap, p)) ?? 0))),
  sumPoolGradient: (node, [g], p) => {
    const result = new Float64Array(sizeOf(node.shape));
    for (const index of indices(g!.shape)) {
      for (const tap of indices(p.sizes)) {
        const place = poolPlace(index, tap, p);
        if (place.some((i, axis) => i < 0 || i >= node.shape[axis]!)) continue;
        result[place.reduce((flat, i, axis) => flat * node.shape[axis]! + i, 0)]! += at(g!, index)!;
      }
    }
    return result;
  },
  scalar: ({ values }) => Float64Array.of(values[0]!),
  iota: ({ shape }) => map(shape, ([i]) => i!),

  uniform: ({ shape, values }) => map([sizeOf(shape)], ([i]) => fraction(i!, values)),
  bernoulli: ({ shape, values }) =>
    map([sizeOf(shape)], ([i]) => (fraction(i!, values) < Math.fround(values[5]!) ? 1 : 0)),
  normal: ({ shape, values }) =>
    map([sizeOf(shape)], ([i]) => {
      const [u, v] = [fraction(2 * i!, values) + 2 ** -24, fraction(2 * i! + 1, values)];
      return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    }),
};

/** Word i of a stream of random bits (Philox 4x32-10), its upper 24 bits as a fraction. */
function fraction(i: number, [key0, key1, c1, c2, c3]: readonly number[]): number {
  const word = (x: number): bigint => BigInt.asUintN(32, BigInt(x));
  let [a, b, c, d] = [word(Math.floor(i / 4)), word(c1!), word(c2!), word(c3!)];
  let [k0, k1] = [word(key0!), word(key1!)];
  for (let round = 0; round < 10; round++) {
    const [first, second] = [0xd2511f53n * a, 0xcd9e8d57n * c];
    [a, b, c, d] = [
      (second >> 32n) ^ b ^ k0,
      BigInt.asUintN(32, second),
      (first >> 32n) ^ d ^ k1,
      BigInt.asUintN(32, first),
    ];
    [k0, k1] = [BigInt.asUintN(32, k0 + 0x9e3779b9n), BigInt.asUintN(32, k1 + 0xbb67ae85n)];
  }
  return Number([a, b, c, d][i % 4]! >> 8n) / 2 ** 24;
}

/** The values of one node for the given values of its inputs. */
export function naiveValues(node: Node, inputs: readonly ArrayLike<number>[]): Values {
  const operands = node.inputs.map(({ shape, dtype }, i): Operand => ({ shape, dtype, data: inputs[i]! }));
  const { name } = node.op;
  if (elementwise[name] !== undefined)
    return map(node.shape, (index) =>
      elementwise[name]!(
        operands.map((x) => broadcastAt(x, index)),
        node.dtype,
      ),
    );
  if (name === 'cast')
    return Float64Array.from(operands[0]!.data, (x) => cast(x, operands[0]!.dtype, node.dtype));
  if (reductions[name] !== undefined) {
    const { axes, axis } = node.params as object as Partial<Params>;
    return reduce(node, operands[0]!, axes ?? [axis!]);
  }
  const operation = others[name];
  if (operation === undefined) throw new Error(`test/tensor/naive.ts lacks the operation '${name}'`);
  return operation(node, operands, node.params as object as Params);
}

/** The values of nodes, computed from the leaves on. */
export function naive(roots: readonly Node[]): Values[] {
  const known = new Map<Node, ArrayLike<number>>();
  for (const node of inDependencyOrder(roots, ({ storage }) => storage !== null)) {
    const inputs = () => node.inputs.map((input) => known.get(input)!);
    known.set(node, node.storage?.array ?? naiveValues(node, inputs()));
  }
  return roots.map((root) => Float64Array.from(known.get(root)!));
}
