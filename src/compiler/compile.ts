import type { Limits } from '../ir/backend.ts';
import { buffersRead, buffersWritten, mapBuffers } from '../ir/buffer-use.ts';
import { dtypes } from '../ir/dtype.ts';
import { MemoryError, NonFiniteError } from '../ir/errors.ts';
import { load } from '../ir/expr.ts';
import type { Access, Kernel } from '../ir/kernel.ts';
import type { Node } from '../ir/node.ts';
import type { BufferLocation, Check, Plan, PlanBuffer, PlanStep } from '../ir/plan.ts';
import type { LoopCompiler } from '../ir/primitive.ts';
import { contiguous, MAX_COUNT, sizeOf } from '../ir/view.ts';
import { allocateArena } from './arena.ts';
import type { Goal } from './cache.ts';
import { fuse } from './fuse.ts';
import { lower } from './lower.ts';
import { merge } from './merge.ts';
import type { Graph } from './toposort.ts';

export interface CompileOptions {
  readonly limits: Limits;
  /** false gives every node its own kernel: slow, with the same bits. */
  readonly fusion?: boolean;
}

/** Compiles a graph and its goal to a plan: lower, fuse, merge, allocate the arena. */
export function compile(graph: Graph, goal: Goal, { limits, fusion = true }: CompileOptions): Plan {
  const checks: Check[] = [];
  const primitives = lower(graph, checks);
  const values = goal.assignments.map(([, value]) => value);
  const bufferNodes: Node[] = [...graph.nodes];
  let steps = fuse(graph, bufferNodes, primitives, [...goal.results, ...values], fusion ? limits : null);

  // Until `place`, a buffer has the number of the node whose values it holds. A new value that also has another place (a
  // leaf, a result, the new value of another Parameter) is copied, to a buffer with a number after those of the nodes.
  const replacements = new Map<number, number>();
  for (const [target, value] of goal.assignments) {
    let buffer = value;
    if (graph.known[value] || goal.results.includes(value) || replacements.has(value)) {
      buffer = bufferNodes.push(graph.nodes[value]!) - 1;
      steps = [...steps, copy(graph.nodes[value]!, value, buffer)];
    }
    replacements.set(buffer, target);
  }
  steps.forEach(checkSizes);
  if (fusion) steps = merge(steps, new Set([...goal.results, ...replacements.keys()]), limits);
  let finiteCheck: number | null = null;
  if (goal.finite) {
    const error = (index: number) =>
      new NonFiniteError(`[run] bound storage ${index}: NaN or infinite values`);
    finiteCheck = checks.push({ error }) - 1;
  }
  const loop = primitives.find((p) => p.kind === 'loop');
  const allocate = loop === undefined || limits.arena === false ? allocateArena : loop.compiler.allocate;
  return { ...place(steps, allocate, graph, bufferNodes, goal.results, replacements), checks, finiteCheck };
}

/** Kernels number the values of a buffer, and the elements that are reduced to one of them, with 32 bits. */
function checkSizes(step: PlanStep): void {
  if (step.kind === 'loop') {
    step.steps.forEach(checkSizes);
    return;
  }
  const { name, shape, source } = step;
  let reduced: readonly number[] = [];
  if (source.kind === 'reduce') reduced = source.over;
  if (source.kind === 'contract') reduced = source.a.view.shape.slice(-source.axes.k);
  const count = Math.max(sizeOf(shape), sizeOf(reduced));
  if (count > MAX_COUNT)
    throw new MemoryError(`[${name}] ${count} elements are too many. Use smaller tensors.`);
}

function copy(node: Node, from: number, to: number): Kernel {
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
function place(
  fused: readonly PlanStep[],
  allocate: LoopCompiler['allocate'],
  graph: Graph,
  bufferNodes: readonly Node[],
  results: readonly number[],
  replacements: ReadonlyMap<number, number>,
): Pick<Plan, 'buffers' | 'steps' | 'arenaBytes'> {
  const bound = new Map<number, number>();
  graph.nodes.forEach((_, i) => {
    if (graph.known[i]) bound.set(i, bound.size);
  });
  const locations = new Map<number, BufferLocation>();
  for (const [b, index] of bound) locations.set(b, { kind: 'bound', index });
  results.forEach((b, index) => {
    locations.set(b, { kind: 'result', index });
  });
  for (const [b, target] of replacements)
    locations.set(b, { kind: 'replacement', index: bound.get(target)! });
  const elementBytesOf = (b: number): number => dtypes[bufferNodes[b]!.dtype].bytes;
  const { steps, offsets, arenaBytes, sizes } = allocate(fused, {
    isIntermediate: (b) => !locations.has(b),
    bytesOf: (b) => bufferNodes[b]!.size * elementBytesOf(b),
    elementBytesOf,
  });

  const numbers = new Map<number, number>();
  const buffers: PlanBuffer[] = [];
  const number = (b: number): number => {
    let n = numbers.get(b);
    if (n === undefined) {
      const { dtype } = bufferNodes[b]!;
      const size = sizes?.get(b) ?? bufferNodes[b]!.size;
      const location = locations.get(b) ?? { kind: 'arena', byteOffset: offsets.get(b)! };
      n = buffers.push({ dtype, size, location }) - 1;
      numbers.set(b, n);
    }
    return n;
  };
  for (const step of steps) for (const b of [...buffersRead(step), ...buffersWritten(step)]) number(b);
  return {
    buffers,
    steps: steps.map((step) => mapBuffers(step, (use) => ({ ...use, buffer: number(use.buffer) }))),
    arenaBytes,
  };
}
