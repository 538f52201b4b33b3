import { buffersWritten, mapBuffers } from '../ir/buffer-use.ts';
import { dtypes } from '../ir/dtype.ts';
import { load } from '../ir/expr.ts';
import type {
  LazyValue,
  LoopCompiler,
  LoopFuser,
  LoopInput,
  LoopPrimitive,
  Primitive,
} from '../ir/primitive.ts';
import { contiguous, type Offset, sizeOf, type View } from '../ir/view.ts';
import { allocateWithLoops } from './loop-memory.ts';
import { merge } from './merge.ts';

// A part of pass 3. The body of a loop is fused like a graph of its own. Then the buffers of its results become slices of
// others: the places of a carry, or the element of a stack.

/** The inputs of a loop's node by their roles. */
interface Loop extends LoopPrimitive {
  readonly node: number;
  readonly initials: readonly number[];
  readonly sources: readonly number[];
  readonly carryArguments: readonly number[];
  readonly elements: readonly number[];
  readonly next: readonly number[];
}

function loopAt(node: number, p: LoopPrimitive, inputs: readonly number[]): Loop {
  let at = 0;
  const take = (n: number): readonly number[] => {
    at += n;
    return inputs.slice(at - n, at);
  };
  const [initials, sources] = [take(p.carries), take(p.sequences)];
  take(p.captured);
  return {
    ...p,
    node,
    initials,
    sources,
    carryArguments: take(p.carries),
    elements: take(p.sequences),
    next: take(p.carries),
  };
}

/** A buffer, and the offset at which a value is in it. */
interface Place {
  readonly buffer: number;
  readonly offset: Offset;
}

export const loopCompiler: LoopCompiler = {
  scopes(primitives, inputs, roots) {
    const loopOf = new Map<number, number>();
    primitives.forEach((p, i) => {
      if (p.kind !== 'loop') return;
      const { carryArguments, elements } = loopAt(i, p, inputs[i]!);
      for (const argument of [...carryArguments, ...elements]) loopOf.set(argument, i);
    });
    /** For each node the loops on whose arguments it depends. */
    const loops: ReadonlySet<number>[] = [];
    primitives.forEach((p, i) => {
      const found = new Set<number>();
      if (p.kind === 'argument') {
        const loop = loopOf.get(i);
        if (loop === undefined) throw p.misused();
        found.add(loop);
      }
      for (const input of inputs[i]!) for (const loop of loops[input]!) found.add(loop);
      if (p.kind === 'loop') found.delete(i);
      if (p.kind === 'loopValue') found.delete(inputs[i]![0]!);
      loops.push(found);
    });
    for (const root of roots) if (loops[root]!.size > 0) throw misuse(primitives);
    // The innermost loop depends on the arguments of all around it.
    return loops.map((found) =>
      [...found].reduce((a, b) => (a < 0 || loops[b]!.size > loops[a]!.size ? b : a), -1),
    );
  },

  compile(f, node) {
    const primitive = f.primitives[node] as LoopPrimitive;
    const loop = loopAt(node, primitive, f.inputs[node]!);
    const readers = f.primitives.flatMap((p, i) =>
      p.kind === 'loopValue' && f.inputs[i]![0] === node
        ? [{ node: i, value: f.inputs[i]![1]!, carry: p.carry }]
        : [],
    );
    const stacked = new Set(readers.flatMap(({ value, carry }) => (carry === null ? [value] : [])));
    const body = bodyOf(f, loop, readers);
    const hoisted = hoist(f, loop, body);

    for (const value of [...stacked, ...loop.next]) if (f.scopes[value] !== node) f.settle(value);
    const full = new Map<number, LazyValue>();
    for (const value of [...loop.elements, ...hoisted]) {
      if (!body.has(value)) continue;
      const lazy = f.lazyValues[value]!;
      full.set(value, lazy);
      // A value without a buffer may get one in the loop, for one iteration.
      if (hoisted.has(value) && !lazy.inputs.some(({ buffer }) => buffer === value)) {
        f.reshape(value, f.nodes[value]!.shape.slice(1));
      }
      f.lazyValues[value] = f.moved(value, (view) => elementOf(view, loop))!;
    }
    const carries = loop.carryArguments.map((argument, k) =>
      body.has(argument) ? carryAt(f, loop, k, stacked) : null,
    );

    const outside = f.steps;
    const lazyOutside = [...f.lazyValues];
    f.steps = [];
    const kept = [...stacked, ...loop.next.filter((_, k) => carries[k] !== null)];
    for (const value of kept) if (body.has(value) && !hoisted.has(value)) f.isRoot[value] = true;
    for (const value of body) {
      if (f.primitives[value]!.kind !== 'argument' && !hoisted.has(value)) f.visit(value);
    }

    const places = new Map<number, Place>();
    const keep = (value: number, place: Place): void => {
      const own =
        f.isRoot[value] && body.has(value) && !hoisted.has(value) && f.primitives[value]!.kind !== 'argument';
      if (own && !places.has(value)) {
        places.set(value, place);
        return;
      }
      const copy = f.addBuffer(value, f.lazyValues[value]!.shape);
      copyTo(f, value, copy, zero);
      places.set(copy, place);
    };
    const lasts = new Map<number, LazyValue>();
    const stacks = new Map<number, LazyValue>(full);
    carries.forEach((carry, k) => {
      if (carry === null) return;
      const value = loop.next[k]!;
      keep(value, { ...carry.place, offset: carry.after });
      lasts.set(k, loadOf(f, { ...carry.place, view: shiftView(contiguous(carry.shape), carry.last) }));
      if (carry.history === null) return;
      stacks.set(loop.carryArguments[k]!, loadOf(f, { ...carry.place, view: carry.history(0) }));
      if (!full.has(value)) stacks.set(value, loadOf(f, { ...carry.place, view: carry.history(1) }));
    });
    for (const { node: reader, value, carry } of readers) {
      if (carry !== null || stacks.has(value)) continue;
      const size = f.nodes[reader]!.size / loop.count;
      keep(value, { buffer: reader, offset: elementOffset(loop, size) });
      stacks.set(value, loadOf(f, { buffer: reader, view: contiguous(f.nodes[reader]!.shape) }));
    }

    const steps = f.limits === null ? f.steps : merge(f.steps, new Set(places.keys()), f.limits);
    f.steps = outside;
    // Buffers that values from outside have got in the loop belong to it: outside they may not be written.
    lazyOutside.forEach((lazy, value) => {
      f.lazyValues[value] = lazy;
    });
    const moved = steps.map((step) =>
      mapBuffers(step, (use) => {
        const place = places.get(use.buffer);
        if (place === undefined) return use;
        if ('view' in use) return { ...use, buffer: place.buffer, view: shiftView(use.view, place.offset) };
        return { ...use, buffer: place.buffer, offset: addOffsets(use.offset ?? zero, place.offset) };
      }),
    );
    if (moved.some((step) => buffersWritten(step).length > 0)) {
      const { count, slot } = loop;
      f.steps.push({ kind: 'loop', name: f.nodes[node]!.op.name, count, slot, steps: moved });
    }
    for (const { node: reader, value, carry } of readers) {
      f.lazyValues[reader] = (carry === null ? stacks.get(value) : lasts.get(carry))!;
    }
  },

  allocate: allocateWithLoops,
};

const zero: Offset = { base: 0, terms: [] };

const addOffsets = (a: Offset, b: Offset): Offset => ({
  base: a.base + b.base,
  terms: [...a.terms, ...b.terms],
});

/** A view whose elements are `by` further on in the buffer. */
const shiftView = (view: View, by: Offset): View => ({ ...view, offset: addOffsets(view.offset, by) });

/** Emits a kernel that writes a settled value to a part of a buffer. */
function copyTo(f: LoopFuser, value: number, buffer: number, offset: Offset): void {
  const { names, shape, inputs, expr } = f.lazyValues[value]!;
  f.steps.push({
    kind: 'kernel',
    name: names.join(' ') || 'copy',
    shape,
    source: { kind: 'map' },
    inputs,
    stores: [{ buffer, offset, expr }],
  });
}

/** The error for a node of a body that is used outside its loop. */
function misuse(primitives: readonly Primitive[]): Error {
  for (const p of primitives) if (p.kind === 'argument') return p.misused();
  throw new Error('[loop] no argument');
}

/** The nodes of the body that are needed, inputs before their users, with the arguments. */
function bodyOf(
  f: LoopFuser,
  loop: Loop,
  readers: readonly { readonly value: number; readonly carry: number | null }[],
): Set<number> {
  const needed = new Set<number>();
  const open: number[] = [];
  const need = (value: number): void => {
    if (f.scopes[value] !== loop.node || needed.has(value)) return;
    needed.add(value);
    open.push(value);
  };
  const needCarry = (k: number): void => {
    need(loop.carryArguments[k]!);
    need(loop.next[k]!);
  };
  for (const { value, carry } of readers) {
    if (carry !== null) needCarry(carry);
    need(value);
    const k = loop.next.indexOf(value);
    if (carry === null && k >= 0) needCarry(k);
  }
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    for (const input of f.inputs[value]!) need(input);
    const k = loop.carryArguments.indexOf(value);
    if (k >= 0) needCarry(k);
  }
  return new Set([...needed].sort((a, b) => a - b));
}

/** The offset of the element of iteration t in a stack of elements of this size. */
function elementOffset({ count, reverse, slot }: Loop, size: number): Offset {
  return reverse
    ? { base: (count - 1) * size, terms: [{ slot, scale: -size }] }
    : { base: 0, terms: [{ slot, scale: size }] };
}

/** The view of the element of iteration t of a view [count, ...]. */
function elementOf({ shape, stride, offset }: View, loop: Loop): View {
  const element = { shape: shape.slice(1), stride: stride.slice(1), offset };
  return stride[0] === 0 ? element : shiftView(element, elementOffset(loop, stride[0]!));
}

interface Carry {
  readonly shape: readonly number[];
  readonly place: { readonly buffer: number };
  /** The offset of the new value. */
  readonly after: Offset;
  /** The offset of the value after the loop. */
  readonly last: Offset;
  /** The values before (0) or after (1) all iterations, in the order of the sequences; null if they are not kept. */
  readonly history: ((after: 0 | 1) => View) | null;
}

/**
 * Makes the buffer of a carry. It has a place for each iteration if the values of all are wanted, else two, and gets the
 * initial value. The argument becomes a load.
 */
function carryAt(f: LoopFuser, loop: Loop, k: number, stacked: ReadonlySet<number>): Carry {
  const { count, slot, reverse } = loop;
  const [buffer, next] = [loop.carryArguments[k]!, loop.next[k]!];
  const { shape } = f.nodes[buffer]!;
  const size = sizeOf(shape);
  const all = stacked.has(buffer) || stacked.has(next);
  f.reshape(buffer, [all ? count + 1 : 2, ...shape]);
  f.settle(loop.initials[k]!);
  copyTo(f, loop.initials[k]!, buffer, zero);
  const before: Offset = { base: 0, terms: [{ slot: all ? slot : slot + 1, scale: size }] };
  const after: Offset = { base: size, terms: [{ slot: all ? slot : slot + 1, scale: all ? size : -size }] };
  f.lazyValues[buffer] = loadOf(f, { buffer, view: shiftView(contiguous(shape), before) });
  const history = (number: 0 | 1): View => {
    const { stride } = contiguous([count, ...shape]);
    const base = (number + (reverse ? count - 1 : 0)) * size;
    return {
      shape: [count, ...shape],
      stride: [reverse ? -size : size, ...stride.slice(1)],
      offset: { base, terms: [] },
    };
  };
  return {
    shape,
    place: { buffer },
    after,
    last: { base: (all ? count : count % 2) * size, terms: [] },
    history: all ? history : null,
  };
}

function loadOf(f: LoopFuser, { buffer, view }: { readonly buffer: number; readonly view: View }): LazyValue {
  return {
    shape: view.shape,
    inputs: [{ buffer, view, gather: [], fill: null }],
    expr: load(0, dtypes[f.nodes[buffer]!.dtype].scalar),
    names: [],
    nodes: 1,
  };
}

/**
 * Computes before the loop, for all its iterations at once, contractions and reductions that depend on the elements of
 * sequences only, with what they need, and elementwise operations on their results. Such a contraction has the elements of
 * the sequence as further rows: this is a part of its definition, since a product with one row has another order of
 * accumulation than one with several. Returns the values; until the loop begins, they and the elements stand for all
 * iterations [count, ...].
 */
function hoist(f: LoopFuser, loop: Loop, body: ReadonlySet<number>): Set<number> {
  const { count, elements, sources } = loop;
  const isOfSequence = new Set<number>(elements);
  const derived = new Set<number>();
  const hoisted = new Set<number>();
  const inBody = (value: number): number[] => f.inputs[value]!.filter((input) => body.has(input));
  for (const value of body) {
    const { kind } = f.primitives[value]!;
    const known = kind === 'map' || kind === 'view' || kind === 'reduce' || kind === 'contract';
    const inner = inBody(value);
    if (!known || !inner.every((input) => isOfSequence.has(input))) continue;
    isOfSequence.add(value);
    if (kind === 'contract' || kind === 'reduce' || inner.some((input) => derived.has(input)))
      derived.add(value);
  }
  for (const value of [...body].reverse()) {
    if (derived.has(value) && f.primitives[value]!.kind !== 'view') hoisted.add(value);
    if (hoisted.has(value))
      for (const input of inBody(value)) if (!elements.includes(input)) hoisted.add(input);
  }
  // Until the loop begins an element has the buffer of its sequence. It must not need one of its own.
  elements.forEach((element, k) => {
    const source = sources[k]!;
    const isArranged = [...hoisted].some(
      (v) => f.primitives[v]!.kind !== 'contract' && f.inputs[v]!.includes(element),
    );
    if (isArranged) f.materialize(source);
    f.needsBuffer[source] ||= f.needsBuffer[element]!;
    f.settle(source);
    f.lazyValues[element] = f.lazyValues[source]!;
  });
  for (const value of body) {
    if (!hoisted.has(value)) continue;
    const { shape } = f.nodes[value]!;
    f.reshape(value, [count, ...shape]);
    const batched = f.inputs[value]!.map((input) => body.has(input));
    f.primitives[value] = forAll(f.primitives[value]!, count, batched, shape);
    f.visit(value);
    f.settle(value);
  }
  return hoisted;
}

/** A primitive with a leading axis of `count` elements, which the batched inputs have. */
function forAll(
  p: Primitive,
  count: number,
  batched: readonly boolean[],
  shape: readonly number[],
): Primitive {
  const lift =
    (move: (view: View) => View | null, isBatched: boolean) =>
    (view: View): View | null => {
      const { shape, stride, offset } = view;
      const moved = move(isBatched ? { shape: shape.slice(1), stride: stride.slice(1), offset } : view);
      if (moved === null) return null;
      const outer = isBatched ? stride[0]! : 0;
      return { shape: [count, ...moved.shape], stride: [outer, ...moved.stride], offset: moved.offset };
    };
  const input = (i: LoopInput): LoopInput => {
    const isBatched = i.input !== null && batched[i.input]!;
    return {
      ...i,
      move: lift(i.move, isBatched),
      gatherAxes: isBatched ? i.gatherAxes.map((axis) => axis + 1) : i.gatherAxes,
    };
  };
  switch (p.kind) {
    case 'view':
      return { kind: 'view', move: lift(p.move, batched[0]!) };
    case 'map':
      return { ...p, inputs: p.inputs.map(input) };
    case 'reduce':
      return { ...p, inputs: p.inputs.map(input) };
    case 'contract': {
      const same = (view: View): View => view;
      const [a, b] = p.moves ?? [same, same];
      const rows = p.batch === 0 && !batched[1];
      return {
        ...p,
        batch: p.batch + (rows ? 0 : 1),
        m: p.m + (rows ? 1 : 0),
        moves: [
          (view) => lift(a, batched[0]!)(view)!,
          (view) => (rows ? b(view) : lift(b, batched[1]!)(view)!),
        ],
      };
    }
    default:
      throw new Error(`[scan] ${p.kind} of [${shape}] in a loop`);
  }
}
