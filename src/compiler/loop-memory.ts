import { mapBuffers } from '../ir/buffer-use.ts';
import type { GatherAxis, Kernel } from '../ir/kernel.ts';
import type { Loop, PlanStep } from '../ir/plan.ts';
import type { ArenaBuffers, ArenaLayout } from '../ir/primitive.ts';
import { type Offset, sizeOf } from '../ir/view.ts';
import { paddedBytes } from '../util/address-padding.ts';

// A part of pass 5: the memory of plans with loops. Kernels are numbered in the order of the plan.
//
// A loop can write a stack where it has read another one for the last time: the values of iteration t take the place of
// elements that later iterations do not need. Stacks that the same loops write and read are interleaved: the values of one
// iteration are side by side, as a record, so that all of them can take the place of another stack.

/** A use of a buffer by kernel number `at`: of the bytes from `low` to before `high`, in iteration t of `range` by t * `step` further on. */
interface Use {
  readonly at: number;
  /** The loops around the kernel, from outside to inside. */
  readonly ranges: readonly Range[];
  readonly low: number;
  readonly high: number;
  /** 0 if the bytes are the same in all iterations; null if they depend on something else. */
  readonly step: number | null;
}

/** A loop, and the kernels in it. */
interface Range {
  readonly loop: Loop;
  readonly first: number;
  last: number;
}

/** Memory of buffers that the kernels from number `first` to number `last` use. */
interface Block {
  /** The buffers, and where they begin, in bytes. */
  readonly buffers: readonly (readonly [buffer: number, at: number])[];
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  readonly uses: readonly Use[];
  /** The outermost loop in which the first or the last use is and all of whose iterations need the block. */
  readonly begins: Range | null;
  readonly ends: Range | null;
}

/** Pass 5 for plans with loops. */
export function allocateWithLoops(steps: readonly PlanStep[], buffers: ArenaBuffers): ArenaLayout {
  const blocks: Block[] = [];
  const groups = new Map<string, Stack[]>();
  for (const [b, uses] of usesOf(steps, buffers)) {
    const lifetime = lifetimeOf(uses);
    const bytes = buffers.bytesOf(b);
    const block = { buffers: [[b, 0]] as const, bytes: paddedBytes(bytes), uses, ...lifetime };
    const stack = stackOf(block, bytes);
    if (stack === null) {
      blocks.push(block);
      continue;
    }
    const key = [block.first, block.begins!.last, block.ends!.first, block.last, stack.count].join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [stack]);
    else group.push(stack);
  }
  const pitches = new Map<number, readonly [slot: number, pitch: number]>();
  const sizes = new Map<number, number>();
  for (const stacks of groups.values()) {
    const record = recordOf(stacks);
    blocks.push(record.block);
    if (stacks.length < 2) continue;
    for (const { block, slot, count } of stacks) {
      const [[b]] = block.buffers as [readonly [number, number]];
      const unit = buffers.elementBytesOf(b);
      pitches.set(b, [slot / unit, record.pitch / unit]);
      sizes.set(b, ((count - 1) * record.pitch + slot) / unit);
    }
  }
  return { steps: steps.map((step) => interleave(step, pitches)), sizes, ...place(blocks) };
}

/** Places the largest block first, and each at the lowest offset that the others leave free (greedy by size, Pisarchyk & Lee 2020). */
function place(blocks: readonly Block[]): Pick<ArenaLayout, 'offsets' | 'arenaBytes'> {
  const placed: (readonly [block: Block, at: number])[] = [];
  const offsets = new Map<number, number>();
  let arenaBytes = 0;
  for (const block of [...blocks].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const taken: (readonly [low: number, high: number])[] = [];
    for (const [other, offset] of placed) {
      const range = clash(other, block);
      if (range !== null) taken.push([offset + range[0], offset + range[1]]);
    }
    taken.sort(([a], [b]) => a - b);
    let at = 0;
    for (const [low, high] of taken) if (at > low) at = Math.max(at, high);
    placed.push([block, at]);
    for (const [b, inside] of block.buffers) offsets.set(b, at + inside);
    arenaBytes = Math.max(arenaBytes, at + block.bytes);
  }
  return { offsets, arenaBytes };
}

/** The elements from `low` to before `high` that a kernel uses, relative to the offset. */
function extentOf(kernel: Kernel, use: Parameters<Parameters<typeof mapBuffers>[1]>[0]): [number, number] {
  if (!('view' in use)) return [0, sizeOf(kernel.shape)];
  const { shape, stride } = use.view;
  const gather = 'gather' in use ? (use.gather as readonly GatherAxis[]) : [];
  let [low, high] = [0, 1];
  for (const axis of [...shape.map((size, k) => ({ size, stride: stride[k]! })), ...gather]) {
    const span = Math.max(0, axis.size - 1) * axis.stride;
    if (span < 0) low += span;
    else high += span;
  }
  return [low, high];
}

const zero: Offset = { base: 0, terms: [] };

function usesOf(steps: readonly PlanStep[], buffers: ArenaBuffers): Map<number, Use[]> {
  const uses = new Map<number, Use[]>();
  let at = 0;
  const visit = (step: PlanStep, ranges: readonly Range[]): void => {
    if (step.kind === 'loop') {
      const range = { loop: step, first: at, last: at };
      for (const inner of step.steps) visit(inner, [...ranges, range]);
      range.last = at - 1;
      return;
    }
    mapBuffers(step, (use) => {
      const { buffer } = use;
      if (!buffers.isIntermediate(buffer)) return use;
      const unit = buffers.elementBytesOf(buffer);
      const { base, terms } = ('view' in use ? use.view.offset : use.offset) ?? zero;
      const [low, high] = extentOf(step, use);
      const isMoved = terms.length === 1 && terms[0]!.slot === ranges[ranges.length - 1]?.loop.slot;
      const found: Use = {
        at,
        ranges,
        low: unit * (base + low),
        high: unit * (base + high),
        step: isMoved ? unit * terms[0]!.scale : terms.length === 0 ? 0 : null,
      };
      const known = uses.get(buffer);
      if (known === undefined) uses.set(buffer, [found]);
      else known.push(found);
      return use;
    });
    at++;
  };
  for (const step of steps) visit(step, []);
  return uses;
}

/**
 * From the first to the last use. What is used in a loop and outside of it is in use in all iterations. What is used inside
 * only belongs to one iteration, since carries have their first values from outside.
 */
function lifetimeOf(uses: readonly Use[]): Pick<Block, 'first' | 'last' | 'begins' | 'ends'> {
  let first = uses[0]!.at;
  let last = uses[uses.length - 1]!.at;
  let begins: Range | null = null;
  let ends: Range | null = null;
  const ranges = [...new Set(uses.flatMap((use) => [...use.ranges].reverse()))];
  // From inside to outside.
  for (const range of ranges.sort((a, b) => b.first - a.first || a.last - b.last)) {
    if (range.first <= first && last <= range.last) continue;
    if (range.first <= first) [first, begins] = [range.first, range];
    if (range.last >= last) [last, ends] = [range.last, range];
  }
  return { first, last, begins, ends };
}

/** A block with `count` values of `slot` bytes each, of which an iteration uses one at a time. */
interface Stack {
  readonly block: Block;
  readonly count: number;
  readonly slot: number;
}

/** Smaller values are not interleaved. */
const LEAST_SLOT = 1024;

/** Null if it is none, or is used outside of loops too. */
function stackOf(block: Block, bytes: number): Stack | null {
  if (block.begins === null || block.ends === null) return null;
  const slot = Math.abs(block.uses.find(({ step }) => step)?.step ?? 0);
  if (slot < LEAST_SLOT || bytes % slot !== 0) return null;
  const isInSlot = ({ low, high, step }: Use): boolean =>
    (step === 0 || Math.abs(step ?? 0) === slot) && Math.floor(low / slot) === Math.ceil(high / slot) - 1;
  return block.uses.every(isInSlot) ? { block, count: bytes / slot, slot } : null;
}

/** One block for stacks of one lifetime, and the bytes from the values of an iteration to those of the next. */
function recordOf(stacks: readonly Stack[]): { readonly block: Block; readonly pitch: number } {
  const [{ block, count, slot }] = stacks as [Stack];
  if (stacks.length < 2) return { block, pitch: slot };
  const pitch = stacks.reduce((sum, { slot }) => sum + paddedBytes(slot), 0);
  const buffers: (readonly [number, number])[] = [];
  const uses: Use[] = [];
  let at = 0;
  for (const { block, slot } of stacks) {
    for (const [b] of block.buffers) buffers.push([b, at]);
    for (const use of block.uses) {
      const by = at + Math.floor(use.low / slot) * (pitch - slot);
      const step = use.step && Math.sign(use.step) * pitch;
      uses.push({ ...use, low: use.low + by, high: use.high + by, step });
    }
    at += paddedBytes(slot);
  }
  uses.sort((a, b) => a.at - b.at);
  return { block: { ...block, buffers, bytes: count * pitch, uses }, pitch };
}

/** A step that finds the values of stacks at other distances. */
function interleave(
  step: PlanStep,
  pitches: ReadonlyMap<number, readonly [slot: number, pitch: number]>,
): PlanStep {
  if (step.kind === 'loop') return { ...step, steps: step.steps.map((inner) => interleave(inner, pitches)) };
  return mapBuffers(step, (use) => {
    const found = pitches.get(use.buffer);
    if (found === undefined) return use;
    const [slot, pitch] = found;
    const { base, terms } = ('view' in use ? use.view.offset : use.offset) ?? zero;
    const number = Math.floor((base + extentOf(step, use)[0]) / slot);
    const offset: Offset = {
      base: base + number * (pitch - slot),
      terms: terms.map((term) => ({ ...term, scale: Math.sign(term.scale) * pitch })),
    };
    return 'view' in use ? { ...use, view: { ...use.view, offset } } : { ...use, offset };
  });
}

/**
 * The offsets that a block cannot have, relative to another one: those above `low` and below `high`; null if it may have any.
 */
function clash(a: Block, b: Block): readonly [number, number] | null {
  if (a.first > b.last || b.first > a.last) return null;
  const after = succession(a, b);
  if (after !== null) return after;
  const before = succession(b, a);
  return before === null ? [-b.bytes, a.bytes] : [-before[1], -before[0]];
}

const LINE = 64;

/** `clash` if the last loop of a block is the first one of another block, and it can take its place. */
function succession(old: Block, young: Block): readonly [number, number] | null {
  const range = old.ends;
  if (range === null || range !== young.begins) return null;
  const [from, to] = [progressOf(old, range), progressOf(young, range)];
  if (from === null || to === null || from.step * to.step <= 0) return null;
  // What an iteration reads is free in it if the kernels that write come later.
  const delay = from.last < to.first ? 1 : 0;
  let low = -young.bytes;
  let high = old.bytes;
  for (const t of [0, Math.max(0, range.loop.count - 1 - delay)]) {
    const needed = from.step * (t + delay);
    const written = to.step * t;
    if (from.step < 0) low = Math.max(low, from.high + needed - to.low - written);
    else high = Math.min(high, from.low + needed - to.high - written);
  }
  // Below `high` the block is before what is still needed, above `low` behind it.
  return from.step > 0
    ? [Math.max(-young.bytes, Math.floor(high / LINE) * LINE), old.bytes]
    : [-young.bytes, Math.min(old.bytes, Math.ceil(low / LINE) * LINE)];
}

/** The bytes that the kernels of a loop use: in iteration t from `low` to before `high`, by t * `step` further on. */
interface Progress {
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

/** Null if not all uses move on by the same step. */
function progressOf({ uses }: Block, range: Range): Progress | null {
  const inside = uses.filter(({ ranges }) => ranges.includes(range));
  const { step } = inside[0]!;
  const isEven = inside.every((use) => use.step === step && use.ranges[use.ranges.length - 1] === range);
  if (!isEven || !step) return null;
  return {
    first: inside[0]!.at,
    last: inside[inside.length - 1]!.at,
    low: Math.min(...inside.map(({ low }) => low)),
    high: Math.max(...inside.map(({ high }) => high)),
    step,
  };
}
