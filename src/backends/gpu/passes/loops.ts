import { mapBuffers } from '../../../ir/buffer-use.ts';
import type { GatherAxis, Kernel, KernelStore } from '../../../ir/kernel.ts';
import type { Loop, PlanStep } from '../../../ir/plan.ts';
import { type Offset, sizeOf, type View } from '../../../ir/view.ts';
import type { PlanDraft } from './plan-draft.ts';

// In a plan, the iterations of a loop write parts of the same buffers. A program writes whole buffers and none that it
// reads, so here each part becomes a buffer of its own: one for an iteration, and one that joins those of all iterations
// for kernels that read more than one.

/** A step of a draft: a kernel (of some kind), a loop, or a join. */
export type DraftStep<K> = K | DraftLoop<K> | DraftJoin;

/** Writes the values of buffers one after the other to another buffer. */
export interface DraftJoin {
  readonly kind: 'join';
  readonly name: string;
  readonly parts: readonly number[];
  readonly output: number;
}

/** A loop whose steps write other buffers in each iteration. */
export interface DraftLoop<K> {
  readonly kind: 'loop';
  readonly name: string;
  readonly count: number;
  readonly slot: number;
  readonly steps: readonly DraftStep<K>[];
  /** `argument` is `initial` in the first iteration, and `next` of the iteration before in the others. */
  readonly carries: readonly LoopCarry[];
  /** `output` is `value` of the last iteration. */
  readonly lasts: readonly LoopResult[];
  /** `output` has `value` of all iterations one after the other, that of the last one first if `reverse`. */
  readonly stacks: readonly (LoopResult & { readonly reverse: boolean })[];
}

export interface LoopCarry {
  readonly argument: number;
  readonly initial: number;
  readonly next: number;
}

interface LoopResult {
  readonly value: number;
  readonly output: number;
}

/** The plan's steps with a buffer for each part that a loop writes. */
export function separateIterations(draft: PlanDraft): readonly DraftStep<Kernel>[] {
  const { steps } = draft.plan;
  if (steps.every(({ kind }) => kind === 'kernel')) return steps as readonly Kernel[];
  const shared: Shared = { draft, parts: new Set(), lastOf: new Map() };
  findParts(steps, shared);
  const scope = new Scope(shared, null, null);
  for (const step of steps) scope.add(step);
  draft.plan.buffers.forEach(({ location }, buffer) => {
    const isOutput = location.kind === 'result' || location.kind === 'replacement';
    if (isOutput && shared.parts.has(buffer)) scope.complete(buffer);
  });
  return scope.steps;
}

interface Shared {
  readonly draft: PlanDraft;
  /** The plan's buffers of which stores write parts. */
  readonly parts: Set<number>;
  /** For each slot of an iteration or its parity the largest value. */
  readonly lastOf: Map<number, number>;
}

function findParts(steps: readonly PlanStep[], shared: Shared): void {
  for (const step of steps) {
    if (step.kind === 'loop') {
      shared.lastOf.set(step.slot, step.count - 1).set(step.slot + 1, Math.min(1, step.count - 1));
      findParts(step.steps, shared);
      continue;
    }
    const size = sizeOf(step.shape);
    for (const { buffer, offset } of step.stores) {
      const isWhole = size === shared.draft.buffers[buffer]!.size && isZero(offset ?? zero);
      if (size > 0 && !isWhole) shared.parts.add(buffer);
    }
  }
}

const zero: Offset = { base: 0, terms: [] };
const isZero = ({ base, terms }: Offset): boolean => base === 0 && terms.length === 0;

const scaleOf = ({ terms }: Offset, slot: number): number =>
  terms.reduce((sum, term) => sum + (term.slot === slot ? term.scale : 0), 0);

/** a + factor * b, each slot once. */
function combine(a: Offset, b: Offset, factor: number): Offset {
  const slots = [...new Set([...a.terms, ...b.terms].map(({ slot }) => slot))];
  const terms = slots.map((slot) => ({ slot, scale: scaleOf(a, slot) + factor * scaleOf(b, slot) }));
  return { base: a.base + factor * b.base, terms: terms.filter(({ scale }) => scale !== 0) };
}

const shifted = ({ base, terms }: Offset, by: number): Offset => ({ base: base + by, terms });
const without = ({ base, terms }: Offset, loop: Loop): Offset => ({
  base,
  terms: terms.filter(({ slot }) => slot !== loop.slot && slot !== loop.slot + 1),
});

/** Positions from `low` to `high`, after an offset. */
interface Extent {
  readonly low: number;
  readonly high: number;
}

function extentOf({ shape, stride }: View, gather: readonly GatherAxis[]): Extent {
  const axes = [...shape.map((size, axis) => ({ size, stride: stride[axis]! })), ...gather];
  const steps = axes.map(({ size, stride }) => Math.max(0, size - 1) * stride);
  return {
    low: steps.reduce((sum, step) => sum + Math.min(0, step), 0),
    high: steps.reduce((sum, step) => sum + Math.max(0, step), 0),
  };
}

/** Where values of the plan's buffers are found: the draft's buffer, and the offset in it. */
interface Found {
  readonly buffer: number;
  readonly offset: Offset;
}

/** A part of the plan's buffer, from `start` on. */
interface Part {
  readonly start: Offset;
  readonly size: number;
  /** Whether other parts have these values too. */
  readonly isCopy: boolean;
  /** The draft's buffer with its values. `output` is the one to make if there is none yet. */
  buffer(output?: number): number;
}

/** What the stores of a body write in one iteration. */
interface Written {
  readonly buffer: number;
  readonly start: Offset;
  readonly size: number;
}

interface OpenLoop {
  readonly loop: Loop;
  readonly written: readonly Written[];
  /** The carries, by what they are in one iteration. */
  readonly carries: Map<Written, { readonly argument: number; readonly initial: number }>;
}

/** The steps of the plan, or of one iteration. */
class Scope {
  readonly steps: DraftStep<Kernel>[] = [];
  readonly #shared: Shared;
  readonly #parent: Scope | null;
  readonly #open: OpenLoop | null;
  /** The parts of the plan's buffers that the steps have written, the latest last. */
  readonly #parts = new Map<number, Part[]>();

  constructor(shared: Shared, parent: Scope | null, open: OpenLoop | null) {
    this.#shared = shared;
    this.#parent = parent;
    this.#open = open;
  }

  add(step: PlanStep): void {
    if (step.kind === 'loop') this.#addLoop(step);
    else this.#addKernel(step);
  }

  #addKernel(kernel: Kernel): void {
    const { parts } = this.#shared;
    const size = sizeOf(kernel.shape);
    const written: [number, Part][] = [];
    const moved = mapBuffers(kernel, (use) => {
      if (!parts.has(use.buffer)) return use;
      if ('view' in use) {
        const gather = 'gather' in use ? (use.gather as readonly GatherAxis[]) : [];
        const { buffer, offset } = this.#find(use.buffer, use.view.offset, extentOf(use.view, gather));
        return { ...use, buffer, view: { ...use.view, offset } };
      }
      const { buffer, offset = zero } = use as KernelStore;
      const part = this.#like(buffer, size);
      written.push([buffer, { start: offset, size, isCopy: false, buffer: () => part }]);
      return { ...use, buffer: part, offset: undefined };
    });
    for (const [buffer, part] of written) this.#put(buffer, part);
    this.steps.push(moved as Kernel);
  }

  #addLoop(loop: Loop): void {
    const open: OpenLoop = { loop, written: this.#writtenBy(loop), carries: new Map() };
    const scope = new Scope(this.#shared, this, open);
    for (const step of loop.steps) scope.add(step);
    const carries = [...open.carries].map(([{ buffer, start, size }, carry]) => ({
      ...carry,
      next: scope.#copied(buffer, start, size),
    }));
    const lasts: LoopResult[] = [];
    const stacks: DraftLoop<Kernel>['stacks'][number][] = [];
    for (const [buffer, found] of scope.#parts) {
      const [part] = found as [Part];
      const [t, parity] = [scaleOf(part.start, loop.slot), scaleOf(part.start, loop.slot + 1)];
      if (t === 0 && parity === 0) continue;
      const { start, size, buffer: values } = scope.#joined(buffer);
      const last = loop.count - 1;
      const made = (size: number, keep: (output: number) => void) => {
        let output: number | undefined;
        return (wanted?: number): number => {
          if (output === undefined) {
            output = wanted ?? this.#like(buffer, size);
            keep(output);
          }
          return output;
        };
      };
      if (parity === 0) {
        this.#put(buffer, {
          start: shifted(without(start, loop), Math.min(0, t * last)),
          size: size * loop.count,
          isCopy: false,
          buffer: made(size * loop.count, (output) => {
            stacks.push({ value: values(), output, reverse: t < 0 });
          }),
        });
      }
      this.#put(buffer, {
        start: shifted(without(start, loop), t * last + parity * (last % 2)),
        size,
        isCopy: parity === 0,
        buffer: made(size, (output) => {
          lasts.push({ value: values(), output });
        }),
      });
    }
    const { name, count, slot } = loop;
    this.steps.push({ kind: 'loop', name, count, slot, steps: scope.steps, carries, lasts, stacks });
  }

  /** Makes all of an output of the plan. */
  complete(buffer: number): void {
    const parts = this.#whole(buffer);
    const [only] = parts as [Part];
    if (parts.length === 1 && only.buffer(buffer) === buffer) return;
    this.#join(buffer, parts, buffer);
  }

  #put(buffer: number, part: Part): void {
    const parts = this.#parts.get(buffer);
    if (parts === undefined) this.#parts.set(buffer, [part]);
    else parts.push(part);
  }

  /** A buffer for `size` elements of the type of another one. */
  #like(buffer: number, size: number): number {
    const { buffers } = this.#shared.draft;
    return buffers.push({ dtype: buffers[buffer]!.dtype, size }) - 1;
  }

  /** Finds values of a buffer of the plan, which are at `extent` after `offset`. */
  #find(buffer: number, offset: Offset, extent: Extent): Found {
    const parts = this.#parts.get(buffer) ?? [];
    for (const part of [...parts].reverse()) {
      const at = combine(offset, part.start, -1);
      if (this.#isInside(at, extent, part.size)) return { buffer: part.buffer(), offset: at };
    }
    if (this.#open !== null) {
      const { loop, written } = this.#open;
      for (const value of written) {
        if (value.buffer !== buffer) continue;
        const at = combine(offset, before(value.start, loop), -1);
        if (this.#isInside(at, extent, value.size)) return { buffer: this.#carry(value), offset: at };
      }
    }
    if (parts.length > 0) {
      const joined = this.#joined(buffer);
      const at = combine(offset, joined.start, -1);
      if (this.#isInside(at, extent, joined.size)) return { buffer: joined.buffer(), offset: at };
    }
    if (this.#parent === null) throw new Error(`[gpu] buffer ${buffer} is read before it is written`);
    return this.#parent.#find(buffer, offset, extent);
  }

  /** Are positions inside a part, in all iterations? Offsets that a run gives count as 0: they stay inside. */
  #isInside({ base, terms }: Offset, { low, high }: Extent, size: number): boolean {
    let [from, to] = [base + low, base + high];
    for (const { slot, scale } of terms) {
      const step = scale * (this.#shared.lastOf.get(slot) ?? 0);
      from += Math.min(0, step);
      to += Math.max(0, step);
    }
    return from >= 0 && to < size;
  }

  /** The buffer that has, in each iteration, what the one before has written. */
  #carry(value: Written): number {
    const { loop, carries } = this.#open!;
    let carry = carries.get(value);
    if (carry === undefined) {
      const { buffer, start, size } = value;
      const initial = this.#parent!.#copied(buffer, without(before(start, loop), loop), size);
      carry = { argument: this.#like(buffer, size), initial };
      carries.set(value, carry);
    }
    return carry.argument;
  }

  /** A buffer with `size` values from `start` on and nothing else. */
  #copied(buffer: number, start: Offset, size: number): number {
    const found = this.#find(buffer, start, { low: 0, high: size - 1 });
    if (isZero(found.offset) && this.#shared.draft.buffers[found.buffer]!.size === size) return found.buffer;
    throw new Error(`[gpu] got a carry of ${size} values inside a larger buffer`);
  }

  /** All parts of a buffer that this scope has written, as one. */
  #joined(buffer: number): Part {
    const parts = this.#whole(buffer);
    if (parts.length === 1) return parts[0]!;
    const [{ start }] = parts as [Part];
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const output = this.#join(buffer, parts, this.#parent === null ? buffer : this.#like(buffer, size));
    const joined: Part = { start, size, isCopy: false, buffer: () => output };
    this.#parts.set(buffer, [joined]);
    return joined;
  }

  /** The parts of a buffer that this scope has written, in order. */
  #whole(buffer: number): Part[] {
    const parts = this.#parts.get(buffer)!.filter(({ isCopy }) => !isCopy);
    const [first] = parts as [Part];
    const at = (part: Part): number => combine(part.start, first.start, -1).base;
    return parts.sort((a, b) => at(a) - at(b));
  }

  #join(buffer: number, parts: readonly Part[], output: number): number {
    const { size } = this.#shared.draft.buffers[output]!;
    if (parts.reduce((sum, part) => sum + part.size, 0) !== size)
      throw new Error(`[gpu] the parts of buffer ${buffer} are not all of it`);
    this.steps.push({ kind: 'join', name: 'scan', parts: parts.map((part) => part.buffer()), output });
    return output;
  }

  /** What the stores of a loop's body write, in one iteration. */
  #writtenBy(loop: Loop): Written[] {
    const { parts, lastOf } = this.#shared;
    const inner = (steps: readonly PlanStep[]): Written[] =>
      steps.flatMap((step) => {
        if (step.kind === 'kernel') {
          const size = sizeOf(step.shape);
          return step.stores.flatMap(({ buffer, offset = zero }) =>
            parts.has(buffer) ? [{ buffer, start: offset, size }] : [],
          );
        }
        return inner(step.steps).flatMap(({ buffer, start, size }) => {
          const t = scaleOf(start, step.slot);
          if (t === 0) return [];
          const first = shifted(without(start, step), Math.min(0, t * lastOf.get(step.slot)!));
          return [{ buffer, start: first, size: size * step.count }];
        });
      });
    return inner(loop.steps).filter(({ start }) => !isZero(combine(start, without(start, loop), -1)));
  }
}

/** An offset in the iteration before. */
function before(offset: Offset, { slot }: Loop): Offset {
  const [t, parity] = [scaleOf(offset, slot), scaleOf(offset, slot + 1)];
  // The parity of the iteration before is 1 - parity.
  const change = { base: parity - t, terms: [{ slot: slot + 1, scale: -2 * parity }] };
  return combine(offset, change, 1);
}
