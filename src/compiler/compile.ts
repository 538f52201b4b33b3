import { buffersRead } from '../ir/buffers.ts';
import { dtypes } from '../ir/dtype.ts';
import { load } from '../ir/expr.ts';
import type { Access, Check, Kernel, Limits, Place, Plan, PlanBuffer } from '../ir/kernel.ts';
import type { Node } from '../ir/node.ts';
import { contiguous } from '../ir/view.ts';
import type { Goal } from './cache.ts';
import { fuse } from './fuse.ts';
import { lower } from './lower.ts';
import { merge } from './merge.ts';
import { type Assignment, order, renameBuffers } from './order.ts';
import { place } from './place.ts';
import type { Graph } from './toposort.ts';

export interface CompileOptions {
  readonly limits: Limits;
  /** false gives every node a kernel of its own: slow, and of the same bits. */
  readonly fusion?: boolean;
}

/** From a graph and what is asked of it to a plan: lower, fuse, merge, order, place. */
export function compile(graph: Graph, goal: Goal, { limits, fusion = true }: CompileOptions): Plan {
  const checks: Check[] = [];
  const primitives = lower(graph, checks);
  const values = goal.assignments.map(([, value]) => value);
  let kernels = fuse(graph, primitives, [...goal.results, ...values], fusion ? limits : null);

  // Buffers are numbered by the node that they hold; values that are leaves themselves get copies with
  // numbers after the nodes'.
  const holders: Node[] = [...graph.nodes];
  const assignments = goal.assignments.map(([target, value]): Assignment => {
    const node = graph.nodes[value]!;
    let made = value;
    if (graph.known[value]) {
      made = holders.push(node) - 1;
      kernels = [...kernels, copyLeaf(node, value, made)];
    }
    return { target, value: made, shape: node.shape, load: (k) => load(k, dtypes[node.dtype].scalar) };
  });

  const results = new Set(goal.results);
  if (fusion)
    kernels = merge(kernels, new Set([...goal.results, ...assignments.map((a) => a.value)]), limits);
  const ordered = order(kernels, assignments, results);
  return toPlan(ordered.kernels, ordered.commit, graph, holders, goal, checks);
}

function copyLeaf(node: Node, from: number, to: number): Kernel {
  const access: Access = { buffer: from, view: contiguous(node.shape), gather: [], fill: null };
  const expr = load(0, dtypes[node.dtype].scalar);
  return {
    name: 'copy',
    shape: node.shape,
    source: { kind: 'map' },
    inputs: [access],
    stores: [{ buffer: to, expr }],
  };
}

/** Numbers the buffers that are left and says where each one lives. */
function toPlan(
  kernels: readonly Kernel[],
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
  const { offsets, arenaBytes } = place(kernels, bytesOf, (b) => !bound.has(b) && !result.has(b));

  const numbers = new Map<number, number>();
  const buffers: PlanBuffer[] = [];
  const placeOf = (b: number): Place => {
    if (bound.has(b)) return { kind: 'bound', index: bound.get(b)! };
    if (result.has(b)) return { kind: 'result', index: result.get(b)! };
    return { kind: 'arena', byteOffset: offsets.get(b)! };
  };
  const number = (b: number): number => {
    let n = numbers.get(b);
    if (n === undefined) {
      n = buffers.push({ dtype: holders[b]!.dtype, size: holders[b]!.size, place: placeOf(b) }) - 1;
      numbers.set(b, n);
    }
    return n;
  };
  for (const kernel of kernels)
    for (const b of [...buffersRead(kernel), ...kernel.stores.map((s) => s.buffer)]) number(b);
  return { buffers, kernels: kernels.map((k) => renameBuffers(k, number)), commit, checks, arenaBytes };
}
