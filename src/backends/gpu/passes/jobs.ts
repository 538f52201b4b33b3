import { groupsOf } from '../../../ir/contract-axes.ts';
import { dtypes } from '../../../ir/dtype.ts';
import { binary, compare, constant, type Expr, load, postorder, select } from '../../../ir/expr.ts';
import type { Access, BufferView, Contract, Kernel, Reduce, Scatter, Store } from '../../../ir/kernel.ts';
import { rowMajorStrides, sizeOf } from '../../../ir/view.ts';
import { floatsOf } from '../device/format.ts';
import { accType, counter, type Draft, detach, prune, whole } from './draft.ts';

/** What a device can take in one kernel. */
export interface Capacity {
  /** Buffers that a kernel reads, its values not counted. */
  readonly maxBuffers: number;
  readonly maxStores: number;
  /** The longest array; the stores of one kernel may have to share one. */
  readonly maxFloats: number;
  /** Does it have workgroup memory? */
  readonly tiles: boolean;
}

/** One kernel, in a form that becomes one program. Its threads share out the points of `shape`. */
export interface Job {
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: JobSource;
  readonly inputs: readonly Access[];
  readonly stores: readonly Store[];
}

export type JobSource = { readonly kind: 'map' } | ReduceJob | ContractJob | ScatterJob;

/** How the parts lie whose results a second job joins: [parts, points] (side by side) or [points, parts]. */
export interface Parts {
  readonly count: number;
  readonly sideBySide: boolean;
}

export interface ReduceJob extends Reduce {
  /** Each point's elements are shared out over so many threads; null where one takes them all. */
  readonly parts: Parts | null;
  /** For argmax and argmin: the elements to choose from are those whose numbers lie in this buffer. */
  readonly candidates: (Parts & { readonly buffer: number }) | null;
}

export interface ContractJob extends Contract {
  /** The sum over k is shared out over so many threads or workgroups, side by side; 1 where it is not. */
  readonly parts: number;
  /** Computed in tiles, by workgroups. */
  readonly tiled: boolean;
}

export interface ScatterJob extends Scatter {
  /** The updates' segments, each with its lists. */
  readonly segments: number;
  /** For each destination the number of its first update, and for each update that of the destination's next. */
  readonly first: number;
  readonly next: number;
}

/** A job that reads other buffers. */
export function renameReads(job: Job, rename: (buffer: number) => number): Job {
  const { source } = job;
  const access = (a: Access): Access => (a.buffer === null ? a : { ...a, buffer: rename(a.buffer) });
  const operand = (o: BufferView): BufferView => ({ ...o, buffer: rename(o.buffer) });
  const sourceOf = (): JobSource => {
    switch (source.kind) {
      case 'map':
        return source;
      case 'reduce':
        return { ...source, inputs: source.inputs.map(access) };
      case 'contract':
        return { ...source, a: operand(source.a), b: operand(source.b) };
      case 'scatter':
        return { ...source, indices: operand(source.indices), updates: operand(source.updates) };
    }
  };
  return { ...job, source: sourceOf(), inputs: job.inputs.map(access) };
}

/** From a kernel to jobs: long sums are shared out, and what a device can't take in one kernel becomes several. */
export function jobsOf(kernel: Kernel, draft: Draft, capacity: Capacity): Job[] {
  if (sizeOf(kernel.shape) === 0) return [];
  const type = accType(kernel.source);
  if (type === null) return mapJobs(kernel, draft, capacity);
  const { source } = kernel;
  if (!fits(kernel, draft, capacity)) {
    if (source.kind === 'reduce' && buffersOf(source.inputs).length > capacity.maxBuffers - 1)
      return precomputed(kernel, source, draft, capacity);
    const [core, map] = detach(kernel, draft, type);
    return [...jobsOf(core, draft, capacity), ...jobsOf(map, draft, capacity)];
  }
  if (source.kind === 'reduce') return reduceJobs(kernel, source, draft, capacity);
  if (source.kind === 'contract') return contractJobs(kernel, source, draft, capacity);
  if (source.kind === 'scatter') return scatterJobs(kernel, source, draft, capacity);
  return [];
}

/** Numbers from one address that can be bound to the next. */
const ALIGNMENT = 64;

const buffersOf = (inputs: readonly Access[]): number[] =>
  inputs.flatMap(({ buffer }) => (buffer === null ? [] : [buffer]));

/** Does one program hold all of the kernel, with one number to an element where it has several stores? */
function fits(kernel: Kernel, draft: Draft, { maxBuffers, maxStores, maxFloats }: Capacity): boolean {
  const { shape, source, inputs, stores } = kernel;
  const read = new Set(buffersOf(inputs));
  if (source.kind === 'reduce') for (const b of buffersOf(source.inputs)) read.add(b);
  // Besides: the operands of a contraction, the updates and two lists of a scatter, the candidates of an argmax.
  const more = { map: 0, reduce: 1, contract: 2, scatter: 3 }[source.kind];
  if (read.size + more > maxBuffers || stores.length > maxStores) return false;
  if (stores.length === 1) return true;
  // Stores lie one after the other, each from an address that can be bound.
  const size = Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
  if (size * stores.length > maxFloats) return false;
  return stores.every(({ buffer }) => floatsOf[draft.buffers[buffer]!.dtype] === 1);
}

/** A reduction of an expression over too many buffers: its values get a buffer of their own. */
function precomputed(kernel: Kernel, source: Reduce, draft: Draft, capacity: Capacity): Job[] {
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
  return [...jobsOf(values, draft, capacity), ...jobsOf({ ...kernel, source: rest }, draft, capacity)];
}

// Maps

function mapJobs(kernel: Kernel, draft: Draft, capacity: Capacity): Job[] {
  if (fits(kernel, draft, capacity)) return [{ ...kernel, source: { kind: 'map' } }];
  const { stores } = kernel;
  if (stores.length > 1) {
    return stores.flatMap((store) => {
      const { inputs, exprs } = prune(kernel.inputs, [store.expr]);
      return mapJobs({ ...kernel, inputs, stores: [{ ...store, expr: exprs[0]! }] }, draft, capacity);
    });
  }
  return spill(kernel, draft, capacity);
}

/** A map that reads too many buffers: parts of its expression get buffers of their own. */
function spill(kernel: Kernel, draft: Draft, capacity: Capacity): Job[] {
  const { name, shape, inputs, stores } = kernel;
  const [store] = stores as [Store];
  const reads = new Map<Expr, Set<number>>();
  for (const e of postorder([store.expr])) {
    const read = new Set(e.args.flatMap((a) => [...reads.get(a)!]));
    if (e.op === 'load' && inputs[e.value]!.buffer !== null) read.add(inputs[e.value]!.buffer!);
    reads.set(e, read);
    if (read.size <= capacity.maxBuffers) continue;
    // The first expression that reads too many: its widest argument is computed before.
    const part = e.args.reduce((a, b) => (reads.get(b)!.size > reads.get(a)!.size ? b : a));
    const buffer = draft.add(part.type, sizeOf(shape));
    const before = prune(inputs, [part]);
    const after = replace(store.expr, part, load(inputs.length, part.type));
    const left = prune([...inputs, whole(buffer, shape)], [after]);
    return [
      ...mapJobs(
        { ...kernel, inputs: before.inputs, stores: [{ buffer, expr: before.exprs[0]! }] },
        draft,
        capacity,
      ),
      ...mapJobs(
        { ...kernel, inputs: left.inputs, stores: [{ ...store, expr: left.exprs[0]! }] },
        draft,
        capacity,
      ),
    ];
  }
  throw new Error(`[gpu] '${name}' can't be divided`);
}

/** An expression with one of its parts replaced. */
function replace(root: Expr, part: Expr, by: Expr): Expr {
  const done = new Map<Expr, Expr>();
  for (const e of postorder([root])) {
    const args = e.args.map((a) => done.get(a)!);
    done.set(e, e === part ? by : args.every((a, i) => a === e.args[i]) ? e : { ...e, args });
  }
  return done.get(root)!;
}

// Reductions

/** Up to this many elements one thread reduces, whatever else there is to do. */
const SERIAL = 128;
/** Elements for one thread at least, where several share a point. */
const SHARE = 32;
/** Threads that keep a device busy. */
const THREADS = 32768;

function reduceJobs(kernel: Kernel, source: Reduce, draft: Draft, capacity: Capacity): Job[] {
  const { name, shape } = kernel;
  const points = sizeOf(shape);
  const length = sizeOf(source.over);
  const finds = source.reducer === 'argmax' || source.reducer === 'argmin';
  // One thread chooses among the winners of the parts.
  const most = finds ? Math.ceil(Math.sqrt(length)) : THREADS;
  const count = Math.min(Math.ceil(length / SHARE), Math.ceil(THREADS / points), most);
  if (length <= SERIAL || count < 2)
    return [{ ...kernel, source: { ...source, parts: null, candidates: null } }];
  const parts: Parts = { count, sideBySide: runsAlongPoints(shape, source) };
  const type = accType(kernel.source)!;
  const buffer = draft.add(type, points * count);
  const acc: Expr = { op: 'acc', type, args: [], value: 0 };
  const partial: Job = {
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
  return [partial, ...jobsOf(joined(kernel, type, parts, buffer, source.reducer), draft, capacity)];
}

/** The kernel with its source replaced by a reduction over the results of parts. */
function joined(
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

/** Are a point's neighbours nearer in memory than an element's? Then neighbouring threads take neighbouring points. */
function runsAlongPoints(shape: readonly number[], { inputs, over }: Reduce): boolean {
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

/** Rows and columns of a workgroup's tile. */
export const TILE = 64;
/** From these sizes on tiles are worth it. */
const TILED_SIDE = 32;
const TILED_DEPTH = 16;
/** Terms for one thread or workgroup at least, where several share a sum. */
const DEPTH = 512;
/** Workgroups that keep a device busy. */
const WORKGROUPS = 256;
/** Workgroups that there may be along one dimension. */
const MOST_GROUPS = 65535;

function contractJobs(kernel: Kernel, source: Contract, draft: Draft, capacity: Capacity): Job[] {
  const { a, b } = groupsOf(source);
  const [batch, m, n, k] = [a.batch, a.m, b.n, a.k].map(({ shape }) => sizeOf(shape)) as [
    number,
    number,
    number,
    number,
  ];
  // One number to an element: what a tile's threads write they write themselves.
  const single = floatsOf[draft.buffers[kernel.stores[0]!.buffer]!.dtype] === 1;
  const tiled =
    capacity.tiles &&
    single &&
    source.type === 'f32' &&
    Math.max(batch + WORKGROUPS, Math.ceil(m / TILE), Math.ceil(n / TILE)) <= MOST_GROUPS &&
    m >= TILED_SIDE &&
    n >= TILED_SIDE &&
    k >= TILED_DEPTH;
  const units = tiled ? batch * Math.ceil(m / TILE) * Math.ceil(n / TILE) : batch * m * n;
  const wanted = Math.ceil((tiled ? WORKGROUPS : THREADS) / units);
  const parts = Math.max(1, Math.min(Math.floor(k / DEPTH), wanted));
  if (parts < 2) return [{ ...kernel, source: { ...source, parts: 1, tiled } }];
  const buffer = draft.add(source.type, parts * batch * m * n);
  const acc: Expr = { op: 'acc', type: source.type, args: [], value: 0 };
  const partial: Job = {
    name: kernel.name,
    shape: kernel.shape,
    source: { ...source, parts, tiled },
    inputs: [],
    stores: [{ buffer, expr: acc }],
  };
  const rest = joined(kernel, source.type, { count: parts, sideBySide: true }, buffer, 'sum');
  return [partial, ...jobsOf(rest, draft, capacity)];
}

// Scatters

/** Updates that are looked through for the next one of the same destination. */
const SEGMENT = 1024;

/**
 * Each destination adds up its own updates in ascending order. It finds them in two lists for each segment of the updates, the first
 * update of each destination and, for each update, the next one of the same destination, which are reductions over the indices.
 */
function scatterJobs(kernel: Kernel, source: Scatter, draft: Draft, capacity: Capacity): Job[] {
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
  /** The least update number, input 0, for which a condition holds; the last segment may be cut short. */
  const list = (shape: readonly number[], inputs: readonly Access[], holds: Expr): Kernel => {
    const update = load(0, 'i32');
    const known = compare('lt', update, constant(count, 'i32'));
    return {
      kind: 'kernel',
      name: kernel.name,
      shape,
      source: {
        kind: 'reduce',
        reducer: 'min',
        over: [length],
        inputs,
        expr: select(binary('and', known, holds), update, constant(count, 'i32')),
      },
      inputs: [],
      stores: [
        { buffer: draft.add('i32', sizeOf(shape)), expr: { op: 'acc', type: 'i32', args: [], value: 0 } },
      ],
    };
  };
  const byPlace = [segments, size, length];
  const first = list(
    [segments, size],
    [counter(byPlace, [length, 0, 1]), counter(byPlace, [0, 1, 0]), index(byPlace, [length, 0, 1])],
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
  const lists = count === 0 ? [] : [...jobsOf(first, draft, capacity), ...jobsOf(next, draft, capacity)];
  return [
    ...lists,
    {
      ...kernel,
      source: { ...source, segments, first: first.stores[0]!.buffer, next: next.stores[0]!.buffer },
    },
  ];
}
