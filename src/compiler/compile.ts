import type { Limits } from '../ir/backend.ts';
import { buffersRead, buffersWritten } from '../ir/buffer-use.ts';
import { dtypes } from '../ir/dtype.ts';
import { MemoryError } from '../ir/errors.ts';
import { load } from '../ir/expr.ts';
import type { Access, Kernel } from '../ir/kernel.ts';
import type { Node } from '../ir/node.ts';
import type { BufferLocation, Check, Plan, PlanBuffer, PlanStep } from '../ir/plan.ts';
import { contiguous, MAX_COUNT, sizeOf } from '../ir/view.ts';
import { allocateArena } from './arena.ts';
import type { Goal } from './cache.ts';
import { fuse } from './fuse.ts';
import { lower } from './lower.ts';
import { merge } from './merge.ts';
import { type Assignment, order, renameBuffers } from './order.ts';
import type { Graph } from './toposort.ts';

export interface CompileOptions {
  readonly limits: Limits;
  /** false gives every node its own kernel: slow, with the same bits. */
  readonly fusion?: boolean;
}

/** Compiles a graph and its goal to a plan: lower, fuse, merge, order, allocate the arena. */
export function compile(graph: Graph, goal: Goal, { limits, fusion = true }: CompileOptions): Plan {
  const checks: Check[] = [];
  const primitives = lower(graph, checks);
  const values = goal.assignments.map(([, value]) => value);
  let steps = fuse(graph, primitives, [...goal.results, ...values], fusion ? limits : null);

  // Until `toPlan`, a buffer has the number of the node whose values it holds. Assigned values that are leaves get copies,
  // with numbers after those of the nodes.
  const bufferNodes: Node[] = [...graph.nodes];
  const assignments = goal.assignments.map(([target, value]): Assignment => {
    const node = graph.nodes[value]!;
    let made = value;
    if (graph.known[value]) {
      made = bufferNodes.push(node) - 1;
      steps = [...steps, copyLeaf(node, value, made)];
    }
    return { target, value: made, shape: node.shape, load: (k) => load(k, dtypes[node.dtype].scalar) };
  });

  steps.forEach(checkSizes);
  const results = new Set(goal.results);
  if (fusion) steps = merge(steps, new Set([...goal.results, ...assignments.map((a) => a.value)]), limits);
  const ordered = order(steps, assignments, results);
  return toPlan(ordered.steps, ordered.commit, graph, bufferNodes, goal, checks);
}

/** Kernels number the values of a buffer, and the elements that are reduced to one of them, with 32 bits. */
function checkSizes({ name, shape, source }: PlanStep): void {
  let reduced: readonly number[] = [];
  if (source.kind === 'reduce') reduced = source.over;
  if (source.kind === 'contract') reduced = source.a.view.shape.slice(-source.axes.k);
  const count = Math.max(sizeOf(shape), sizeOf(reduced));
  if (count > MAX_COUNT)
    throw new MemoryError(`[${name}] ${count} elements are too many. Use smaller tensors.`);
}

function copyLeaf(node: Node, from: number, to: number): Kernel {
  const access: Access = { buffer: from, view: contiguous(node.shape), gather: [], fill: null };
  const expr = load(0, dtypes[node.dtype].scalar);
  return {
    kind: 'kernel',
    name: 'copy',
    shape: node.shape,
    source: { kind: 'map' },
    inputs: [access],
    stores: [{ buffer: to, expr }],
  };
}

/** Numbers the used buffers consecutively and sets their locations. */
function toPlan(
  steps: readonly PlanStep[],
  commit: number,
  graph: Graph,
  holders: readonly Node[],
  goal: Goal,
  checks: readonly Check[],
): Plan {
  const bound = new Map<number, number>();
  graph.nodes.forEach((_, i) => {
    if (graph.known[i]) bound.set(i, bound.size);
  });
  const result = new Map(goal.results.map((node, i) => [node, i]));
  const bytesOf = (b: number): number => holders[b]!.size * dtypes[holders[b]!.dtype].bytes;
  const { offsets, arenaBytes } = allocateArena(steps, bytesOf, (b) => !bound.has(b) && !result.has(b));

  const numbers = new Map<number, number>();
  const buffers: PlanBuffer[] = [];
  const locationOf = (b: number): BufferLocation => {
    if (bound.has(b)) return { kind: 'bound', index: bound.get(b)! };
    if (result.has(b)) return { kind: 'result', index: result.get(b)! };
    return { kind: 'arena', byteOffset: offsets.get(b)! };
  };
  const number = (b: number): number => {
    let n = numbers.get(b);
    if (n === undefined) {
      n = buffers.push({ dtype: holders[b]!.dtype, size: holders[b]!.size, location: locationOf(b) }) - 1;
      numbers.set(b, n);
    }
    return n;
  };
  for (const step of steps) for (const b of [...buffersRead(step), ...buffersWritten(step)]) number(b);
  return { buffers, steps: steps.map((step) => renameBuffers(step, number)), commit, checks, arenaBytes };
}
