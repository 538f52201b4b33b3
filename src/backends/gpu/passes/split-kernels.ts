import { axisGroupsOf } from '../../../ir/contract-axes.ts';
import { dtypes, type ScalarType } from '../../../ir/dtype.ts';
import { binary, compare, constant, type Expr, load, postorder, select } from '../../../ir/expr.ts';
import type { Access, Contract, Kernel, KernelStore, Reduce, Scatter } from '../../../ir/kernel.ts';
import { rowMajorStrides, sizeOf } from '../../../ir/view.ts';
import { floatsOf } from '../device/encoding.ts';
import { accType, counter, type PlanDraft, prune, splitSource, whole } from './plan-draft.ts';

/** What a device supports in one program. */
export interface DeviceLimits {
  /** The most buffers that a program may read, besides the values. */
  readonly maxBuffers: number;
  readonly maxStores: number;
  /** The longest array. The outputs of one program share an array. */
  readonly maxFloats: number;
  /** Does it have workgroup memory? */
  readonly tiles: boolean;
}

/** A kernel that fits the device and becomes one program. Its threads divide the points of `shape` among them. */
export interface DeviceKernel {
  readonly kind: 'kernel';
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: DeviceSource;
  readonly inputs: readonly Access[];
  readonly stores: readonly KernelStore[];
}

export type DeviceSource = { readonly kind: 'map' } | DeviceReduce | DeviceContract | DeviceScatter;

/**
 * A reduction in parts, which a second kernel combines. The results of the parts lie as [parts, points] (`sideBySide`) or
 * as [points, parts].
 */
export interface Parts {
  readonly count: number;
  readonly sideBySide: boolean;
}

export interface DeviceReduce extends Reduce {
  /** The elements of a point are divided among `count` threads; null if one thread reduces them all. */
  readonly parts: Parts | null;
  /** For argmax and argmin: this buffer holds the numbers of the elements to choose from; null for all elements. */
  readonly candidates: (Parts & { readonly buffer: number }) | null;
}

export interface DeviceContract extends Contract {
  /** The number of parts of the sum over k, computed by different threads or workgroups and stored as [parts, points]. */
  readonly parts: number;
  /** Is it computed in tiles, each by a workgroup? */
  readonly tiled: boolean;
}

export interface DeviceScatter extends Scatter {
  /** The number of segments of the updates. Each segment has its own lists. */
  readonly segments: number;
  /** Buffers: for each destination the number of its first update, and for each update the next one of its destination. */
  readonly first: number;
  readonly next: number;
}

/** Splits a kernel into kernels that fit the device. Long reductions and sums are divided into parts. */
export function splitKernel(kernel: Kernel, draft: PlanDraft, limits: DeviceLimits): DeviceKernel[] {
  if (sizeOf(kernel.shape) === 0) return [];
  const type = accType(kernel.source);
  if (type === null) return splitMap(kernel, draft, limits);
  const { source } = kernel;
  if (source.kind === 'algorithm') {
    const add = (of: ScalarType, size: number): number => draft.add(of, size);
    const kernels = source.algorithm.rewrite(kernel, source, add);
    return kernels.flatMap((k) => splitKernel(k, draft, limits));
  }
  if (!fitsOneProgram(kernel, draft, limits)) {
    if (source.kind === 'reduce' && buffersOf(source.inputs).length > limits.maxBuffers - 1)
      return precomputeValues(kernel, source, draft, limits);
    const [core, map] = splitSource(kernel, draft, type);
    return [...splitKernel(core, draft, limits), ...splitKernel(map, draft, limits)];
  }
  if (source.kind === 'reduce') return splitReduction(kernel, source, draft, limits);
  if (source.kind === 'contract') return splitContraction(kernel, source, draft, limits);
  if (source.kind === 'scatter') return splitScatter(kernel, source, draft, limits);
  return [];
}

/** Offsets of bindings are multiples of this, in numbers (256 bytes). */
const ALIGNMENT = 64;

const buffersOf = (inputs: readonly Access[]): number[] =>
  inputs.flatMap(({ buffer }) => (buffer === null ? [] : [buffer]));

/** Can one program compute the kernel? Several stores need one number per element. */
function fitsOneProgram(
  kernel: Kernel,
  draft: PlanDraft,
  { maxBuffers, maxStores, maxFloats }: DeviceLimits,
): boolean {
  const { shape, source, inputs, stores } = kernel;
  const read = new Set(buffersOf(inputs));
  if (source.kind === 'reduce') for (const b of buffersOf(source.inputs)) read.add(b);
  // Further buffers: the operands of a contraction, the updates and two lists of a scatter, the candidates of an argmax.
  const more = { map: 0, reduce: 1, contract: 2, scatter: 3, algorithm: 0 }[source.kind];
  if (read.size + more > maxBuffers || stores.length > maxStores) return false;
  if (stores.length === 1) return true;
  // The stores share a buffer, each at an offset that can be bound.
  const size = Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
  if (size * stores.length > maxFloats) return false;
  return stores.every(({ buffer }) => floatsOf[draft.buffers[buffer]!.dtype] === 1);
}

/** Splits a reduction whose expression reads too many buffers: a map computes its values into a buffer first. */
function precomputeValues(
  kernel: Kernel,
  source: Reduce,
  draft: PlanDraft,
  limits: DeviceLimits,
): DeviceKernel[] {
  const shape = [...kernel.shape, ...source.over];
  const { type } = source.expr;
  const buffer = draft.add(type, sizeOf(shape));
  const stores = [{ buffer, expr: source.expr }];
  const values: Kernel = {
    kind: 'kernel',
    name: kernel.name,
    shape,
    source: { kind: 'map' },
    inputs: source.inputs,
    stores,
  };
  const rest = { ...source, inputs: [whole(buffer, shape)], expr: load(0, type) };
  return [...splitKernel(values, draft, limits), ...splitKernel({ ...kernel, source: rest }, draft, limits)];
}

// Maps

function splitMap(kernel: Kernel, draft: PlanDraft, limits: DeviceLimits): DeviceKernel[] {
  if (fitsOneProgram(kernel, draft, limits)) return [{ ...kernel, source: { kind: 'map' } }];
  const { stores } = kernel;
  if (stores.length > 1) {
    return stores.flatMap((store) => {
      const { inputs, exprs } = prune(kernel.inputs, [store.expr]);
      return splitMap({ ...kernel, inputs, stores: [{ ...store, expr: exprs[0]! }] }, draft, limits);
    });
  }
  return splitExpression(kernel, draft, limits);
}

/** Splits a map that reads too many buffers: parts of its expression are computed into buffers first. */
function splitExpression(kernel: Kernel, draft: PlanDraft, limits: DeviceLimits): DeviceKernel[] {
  const { name, shape, inputs, stores } = kernel;
  const [store] = stores as [KernelStore];
  const reads = new Map<Expr, Set<number>>();
  for (const e of postorder([store.expr])) {
    const read = new Set(e.args.flatMap((a) => [...reads.get(a)!]));
    if (e.op === 'load' && inputs[e.value]!.buffer !== null) read.add(inputs[e.value]!.buffer!);
    reads.set(e, read);
    if (read.size <= limits.maxBuffers) continue;
    // This is the first expression that reads too many. The argument that reads most is computed first.
    const part = e.args.reduce((a, b) => (reads.get(b)!.size > reads.get(a)!.size ? b : a));
    const buffer = draft.add(part.type, sizeOf(shape));
    const before = prune(inputs, [part]);
    const after = replace(store.expr, part, load(inputs.length, part.type));
    const left = prune([...inputs, whole(buffer, shape)], [after]);
    return [
      ...splitMap(
        { ...kernel, inputs: before.inputs, stores: [{ buffer, expr: before.exprs[0]! }] },
        draft,
        limits,
      ),
      ...splitMap(
        { ...kernel, inputs: left.inputs, stores: [{ ...store, expr: left.exprs[0]! }] },
        draft,
        limits,
      ),
    ];
  }
  throw new Error(`[gpu] got kernel '${name}', wanted one that can be split`);
}

/** The expression with one part of it replaced. */
function replace(root: Expr, part: Expr, by: Expr): Expr {
  const done = new Map<Expr, Expr>();
  for (const e of postorder([root])) {
    const args = e.args.map((a) => done.get(a)!);
    done.set(e, e === part ? by : args.every((a, i) => a === e.args[i]) ? e : { ...e, args });
  }
  return done.get(root)!;
}

// Reductions

/** Reductions of up to this many elements per point always use one thread per point. */
const MAX_SERIAL_ELEMENTS = 128;
/** The fewest elements per thread, where several threads reduce one point. */
const MIN_ELEMENTS_PER_THREAD = 32;
/** Enough threads to occupy a GPU. */
const TARGET_THREADS = 32768;

function splitReduction(
  kernel: Kernel,
  source: Reduce,
  draft: PlanDraft,
  limits: DeviceLimits,
): DeviceKernel[] {
  const { name, shape } = kernel;
  const points = sizeOf(shape);
  const length = sizeOf(source.over);
  const finds = source.reducer === 'argmax' || source.reducer === 'argmin';
  // One thread chooses among the results of the parts.
  const most = finds ? Math.ceil(Math.sqrt(length)) : TARGET_THREADS;
  const count = Math.min(
    Math.ceil(length / MIN_ELEMENTS_PER_THREAD),
    Math.ceil(TARGET_THREADS / points),
    most,
  );
  if (length <= MAX_SERIAL_ELEMENTS || count < 2)
    return [{ ...kernel, source: { ...source, parts: null, candidates: null } }];
  const parts: Parts = { count, sideBySide: pointsAreCloser(shape, source) };
  const type = accType(kernel.source)!;
  const buffer = draft.add(type, points * count);
  const acc: Expr = { op: 'acc', type, args: [], value: 0 };
  const partial: DeviceKernel = {
    kind: 'kernel',
    name,
    shape,
    source: { ...source, parts, candidates: null },
    inputs: [],
    stores: [{ buffer, expr: acc }],
  };
  if (finds) {
    const candidates = { ...parts, buffer };
    return [partial, { ...kernel, source: { ...source, parts: null, candidates } }];
  }
  return [partial, ...splitKernel(combineParts(kernel, type, parts, buffer, source.reducer), draft, limits)];
}

/** The kernel with its source replaced by a reduction over the results of its parts. */
function combineParts(
  kernel: Kernel,
  type: Expr['type'],
  { count, sideBySide }: Parts,
  buffer: number,
  reducer: Reduce['reducer'],
): Kernel {
  const { shape } = kernel;
  const points = sizeOf(shape);
  const stride = rowMajorStrides(shape).map((s) => (sideBySide ? s : s * count));
  const view = {
    shape: [...shape, count],
    stride: [...stride, sideBySide ? points : 1],
    offset: { base: 0, terms: [] },
  };
  const inputs: Access[] = [{ buffer, view, gather: [], fill: null }];
  return { ...kernel, source: { kind: 'reduce', reducer, over: [count], inputs, expr: load(0, type) } };
}

/** Are neighboring points closer in memory than neighboring elements? Then adjacent threads take adjacent points. */
function pointsAreCloser(shape: readonly number[], { inputs, over }: Reduce): boolean {
  const last = (sizes: readonly number[], from: number): number => {
    for (let i = sizes.length - 1; i >= 0; i--) if (sizes[i] !== 1) return from + i;
    return -1;
  };
  const point = last(shape, 0);
  if (point < 0) return false;
  const element = last(over, shape.length);
  const cost = (axis: number): number =>
    inputs.reduce((sum, { view }) => sum + Math.min(16, Math.abs(view.stride[axis]!)), 0);
  return element < 0 || cost(point) < cost(element);
}

// Contractions

/** Rows and columns of the tile of a workgroup. */
export const TILE = 64;
/** Tiles are faster from these sizes on. */
const MIN_TILED_SIDE = 32;
const MIN_TILED_DEPTH = 16;
/** The fewest terms per part of a sum. */
const MIN_TERMS_PER_PART = 512;
/** Enough workgroups to occupy a GPU. */
const TARGET_WORKGROUPS = 256;
/** The most workgroups along one dimension. */
const MAX_WORKGROUPS = 65535;

function splitContraction(
  kernel: Kernel,
  source: Contract,
  draft: PlanDraft,
  limits: DeviceLimits,
): DeviceKernel[] {
  const { a, b } = axisGroupsOf(source);
  const [batch, m, n, k] = [a.batch, a.m, b.n, a.k].map(({ shape }) => sizeOf(shape)) as [
    number,
    number,
    number,
    number,
  ];
  // The threads of a tile write their elements directly, so each element must be one number.
  const single = floatsOf[draft.buffers[kernel.stores[0]!.buffer]!.dtype] === 1;
  const tiled =
    limits.tiles &&
    single &&
    source.type === 'f32' &&
    Math.max(batch + TARGET_WORKGROUPS, Math.ceil(m / TILE), Math.ceil(n / TILE)) <= MAX_WORKGROUPS &&
    m >= MIN_TILED_SIDE &&
    n >= MIN_TILED_SIDE &&
    k >= MIN_TILED_DEPTH;
  const units = tiled ? batch * Math.ceil(m / TILE) * Math.ceil(n / TILE) : batch * m * n;
  const wanted = Math.ceil((tiled ? TARGET_WORKGROUPS : TARGET_THREADS) / units);
  const parts = Math.max(1, Math.min(Math.floor(k / MIN_TERMS_PER_PART), wanted));
  if (parts < 2) return [{ ...kernel, source: { ...source, parts: 1, tiled } }];
  const buffer = draft.add(source.type, parts * batch * m * n);
  const acc: Expr = { op: 'acc', type: source.type, args: [], value: 0 };
  const partial: DeviceKernel = {
    kind: 'kernel',
    name: kernel.name,
    shape: kernel.shape,
    source: { ...source, parts, tiled },
    inputs: [],
    stores: [{ buffer, expr: acc }],
  };
  const rest = combineParts(kernel, source.type, { count: parts, sideBySide: true }, buffer, 'sum');
  return [partial, ...splitKernel(rest, draft, limits)];
}

// Scatters

/** Updates per segment. Within it each update finds the next one of the same destination. */
const SEGMENT = 1024;

/**
 * Each destination adds its own updates in ascending order. Two lists for each segment of the updates lead to them: the first
 * update of each destination, and for each update the next one of the same destination. Reductions over the indices compute both.
 */
function splitScatter(
  kernel: Kernel,
  source: Scatter,
  draft: PlanDraft,
  limits: DeviceLimits,
): DeviceKernel[] {
  const { axis, indices } = source;
  const size = kernel.shape[axis]!;
  const count = sizeOf(indices.view.shape);
  const length = Math.min(count, SEGMENT);
  const segments = count === 0 ? 0 : Math.ceil(count / length);
  const [step] = indices.view.stride as [number];
  const type = dtypes[draft.buffers[indices.buffer]!.dtype].scalar;
  const index = (shape: readonly number[], stride: readonly number[]): Access => ({
    buffer: indices.buffer,
    view: { shape, stride: stride.map((s) => s * step), offset: indices.view.offset },
    gather: [],
    fill: null,
  });
  const fromEnd = (input: number): Expr => {
    const i = load(input, type);
    return select(compare('lt', i, constant(0, 'i32')), binary('add', i, constant(size, 'i32')), i);
  };
  /** The smallest update number (input 0) for which the condition holds, else `count`. The last segment may be shorter. */
  const list = (shape: readonly number[], inputs: readonly Access[], holds: Expr): Kernel => {
    const update = load(0, 'i32');
    const exists = compare('lt', update, constant(count, 'i32'));
    return {
      kind: 'kernel',
      name: kernel.name,
      shape,
      source: {
        kind: 'reduce',
        reducer: 'min',
        over: [length],
        inputs,
        expr: select(binary('and', exists, holds), update, constant(count, 'i32')),
      },
      inputs: [],
      stores: [
        { buffer: draft.add('i32', sizeOf(shape)), expr: { op: 'acc', type: 'i32', args: [], value: 0 } },
      ],
    };
  };
  const byDestination = [segments, size, length];
  const first = list(
    [segments, size],
    [
      counter(byDestination, [length, 0, 1]),
      counter(byDestination, [0, 1, 0]),
      index(byDestination, [length, 0, 1]),
    ],
    compare('eq', load(1, 'i32'), fromEnd(2)),
  );
  const byUpdate = [segments, length, length];
  const next = list(
    [segments, length],
    [
      counter(byUpdate, [length, 0, 1]),
      counter(byUpdate, [length, 1, 0]),
      index(byUpdate, [length, 0, 1]),
      index(byUpdate, [length, 1, 0]),
    ],
    binary('and', compare('lt', load(1, 'i32'), load(0, 'i32')), compare('eq', fromEnd(2), fromEnd(3))),
  );
  const lists =
    count === 0 ? [] : [...splitKernel(first, draft, limits), ...splitKernel(next, draft, limits)];
  return [
    ...lists,
    {
      ...kernel,
      source: { ...source, segments, first: first.stores[0]!.buffer, next: next.stores[0]!.buffer },
    },
  ];
}
