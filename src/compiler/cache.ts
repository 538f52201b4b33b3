import type { Executable } from '../ir/backend.ts';
import { type DType, dtypes } from '../ir/dtype.ts';
import type { Lowerable, Node, Params, ParamValue } from '../ir/node.ts';
import type { Plan } from '../ir/plan.ts';
import { sameShape } from '../ir/view.ts';
import { type Graph, graphOf, type SortedGraph } from './toposort.ts';

/**
 * The outputs of a plan: the numbers of the nodes whose values are results, and of the [target, value] nodes of
 * assignments.
 */
export interface Goal {
  readonly results: readonly number[];
  readonly assignments: readonly (readonly [target: number, value: number])[];
  /** Whether new values of float32 targets must be finite. */
  readonly finite: boolean;
}

/** A node's structure without its values: it must be equal for a plan to be reused. */
interface Vertex {
  readonly op: Lowerable;
  readonly params: Params;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly known: boolean;
  readonly inputs: readonly number[];
}

export interface CompiledPlan {
  readonly plan: Plan;
  readonly executable: Executable;
}

/** A plan, and the graph structure that it was compiled for. */
interface CacheEntry extends CompiledPlan {
  readonly vertices: readonly Vertex[];
  readonly goal: Goal;
  readonly hash: number;
  /** The entry that was used next, the last time. */
  next: CacheEntry | null;
}

/** Plans by the structure of their graphs; a full cache evicts the least recently used. */
export class PlanCache {
  readonly #capacity: number;
  readonly #buckets = new Map<number, CacheEntry[]>();
  /** In order of last use: a Set keeps its elements in insertion order. */
  readonly #entries = new Set<CacheEntry>();
  #latest: CacheEntry | null = null;
  hits = 0;
  misses = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The plan for a graph that has just been sorted; `compile` is called if there is none. */
  get(order: SortedGraph, goal: Goal, compile: (graph: Graph) => CompiledPlan): CompiledPlan {
    const entry = this.#find(order, goal) ?? this.#add(graphOf(order), goal, compile);
    // A training loop uses the same plans in the same order again.
    if (this.#latest !== null) this.#latest.next = entry;
    this.#latest = entry;
    return entry;
  }

  #find(order: SortedGraph, goal: Goal): CacheEntry | null {
    // The successor of a cached entry was used later than the entry, so it is still cached.
    let entry = this.#latest?.next ?? null;
    if (entry === null || !matches(entry, order, goal)) {
      const bucket = this.#buckets.get(hashOf(order, goal));
      entry = bucket?.find((e) => matches(e, order, goal)) ?? null;
    }
    if (entry === null) return null;
    this.hits++;
    if (entry !== this.#latest) {
      this.#entries.delete(entry);
      this.#entries.add(entry);
    }
    return entry;
  }

  #add(graph: Graph, goal: Goal, compile: (graph: Graph) => CompiledPlan): CacheEntry {
    this.misses++;
    const hash = hashOf(graph, goal);
    const entry: CacheEntry = { ...compile(graph), vertices: verticesOf(graph), goal, hash, next: null };
    this.#buckets.set(hash, [...(this.#buckets.get(hash) ?? []), entry]);
    if (this.#entries.size >= this.#capacity) this.#forgetOldest();
    this.#entries.add(entry);
    return entry;
  }

  #forgetOldest(): void {
    const [entry] = this.#entries;
    this.#entries.delete(entry!);
    if (entry === this.#latest) this.#latest = null;
    const rest = this.#buckets.get(entry!.hash)!.filter((e) => e !== entry);
    if (rest.length > 0) this.#buckets.set(entry!.hash, rest);
    else this.#buckets.delete(entry!.hash);
    entry!.executable.release();
  }

  /** Evicts all plans. */
  clear(): void {
    while (this.size > 0) this.#forgetOldest();
  }
}

const operationNumbers = new WeakMap<Lowerable, number>();
let operations = 0;

function numberOf(op: Lowerable): number {
  let n = operationNumbers.get(op);
  if (n === undefined) {
    n = ++operations;
    operationNumbers.set(op, n);
  }
  return n;
}

function hashOf({ nodes, leaves }: SortedGraph, goal: Goal): number {
  let h = nodes.length;
  const mix = (x: number): void => {
    h = Math.imul(h ^ x, 0x9e3779b1);
    h ^= h >>> 15;
  };
  let leaf = 0;
  for (const node of nodes) {
    mix(dtypes[node.dtype].rank);
    for (const d of node.shape) mix(d);
    if (node === leaves[leaf]) {
      leaf++;
      continue;
    }
    mix(numberOf(node.op));
    for (const key in node.params) mixParam(node.params[key]!, mix);
    for (const input of node.inputs) mix(input.number);
  }
  for (const r of goal.results) mix(r);
  for (const [t, v] of goal.assignments) {
    mix(t);
    mix(v);
  }
  return h;
}

function mixParam(value: ParamValue, mix: (x: number) => void): void {
  if (typeof value === 'number') mix(value);
  else if (Array.isArray(value)) for (const v of value) mixParam(v, mix);
}

function verticesOf({ nodes, known, inputs }: Graph): Vertex[] {
  return nodes.map(({ op, params, shape, dtype }, i) => ({
    op,
    params,
    shape,
    dtype,
    known: known[i]!,
    inputs: inputs[i]!,
  }));
}

function matches({ vertices, goal }: CacheEntry, { nodes, leaves }: SortedGraph, wanted: Goal): boolean {
  if (vertices.length !== nodes.length) return false;
  let leaf = 0;
  for (let i = 0; i < vertices.length; i++) {
    const vertex = vertices[i]!;
    const node = nodes[i]!;
    if (vertex.dtype !== node.dtype || !sameShape(vertex.shape, node.shape)) return false;
    const known = node === leaves[leaf];
    if (vertex.known !== known || node.number !== i) return false;
    if (known) leaf++;
    else if (!sameOperation(vertex, node)) return false;
  }
  return sameGoal(goal, wanted);
}

function sameOperation({ op, params, inputs }: Vertex, node: Node): boolean {
  if (op !== node.op || inputs.length !== node.inputs.length) return false;
  for (let k = 0; k < inputs.length; k++) if (inputs[k] !== node.inputs[k]!.number) return false;
  return sameParams(params, node.params);
}

function sameGoal(a: Goal, b: Goal): boolean {
  return (
    sameShape(a.results, b.results) &&
    a.finite === b.finite &&
    a.assignments.length === b.assignments.length &&
    a.assignments.every((pair, i) => sameShape(pair, b.assignments[i]!))
  );
}

function sameParams(a: Params, b: Params): boolean {
  if (a === b) return true;
  let more = 0;
  for (const key in a) {
    if (!sameParam(a[key]!, b[key])) return false;
    more++;
  }
  for (const _ in b) more--;
  return more === 0;
}

function sameParam(a: ParamValue, b: ParamValue | undefined): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!sameParam(a[i]!, b[i])) return false;
  return true;
}
