import { type DType, dtypes } from '../ir/dtype.ts';
import type { Executable, Plan } from '../ir/kernel.ts';
import type { Lowerable, Params, ParamValue } from '../ir/node.ts';
import { sameShape } from '../ir/view.ts';
import type { Graph } from './toposort.ts';

/**
 * What is to be computed: the numbers of the nodes whose values are results, and of [target, value] pairs.
 */
export interface Goal {
  readonly results: readonly number[];
  readonly assignments: readonly (readonly [target: number, value: number])[];
}

/** A node's structure without its values: what must be equal for a plan to serve again. */
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

interface Entry extends CompiledPlan {
  readonly vertices: readonly Vertex[];
  readonly goal: Goal;
}

/** Plans by the structure of their graphs; the least recently used are forgotten. */
export class PlanCache {
  readonly #capacity: number;
  readonly #buckets = new Map<number, Entry[]>();
  readonly #recent = new Map<Entry, number>();
  hits = 0;
  misses = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#recent.size;
  }

  get(graph: Graph, goal: Goal, compile: () => CompiledPlan): CompiledPlan {
    const hash = hashOf(graph, goal);
    const bucket = this.#buckets.get(hash) ?? [];
    let entry = bucket.find((e) => sameGoal(e.goal, goal) && sameGraph(e.vertices, graph));
    if (entry !== undefined) {
      this.hits++;
      // A Map keeps its keys in the order of insertion: the first is the one used longest ago.
      this.#recent.delete(entry);
    } else {
      this.misses++;
      entry = { ...compile(), vertices: verticesOf(graph), goal };
      this.#buckets.set(hash, [...bucket, entry]);
      if (this.#recent.size >= this.#capacity) this.#forgetOldest();
    }
    this.#recent.set(entry, hash);
    return entry;
  }

  #forgetOldest(): void {
    const [entry, hash] = this.#recent.entries().next().value!;
    this.#recent.delete(entry);
    const rest = this.#buckets.get(hash)!.filter((e) => e !== entry);
    if (rest.length > 0) this.#buckets.set(hash, rest);
    else this.#buckets.delete(hash);
    entry.executable.release();
  }

  /** Forgets all plans. */
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

function hashOf(graph: Graph, goal: Goal): number {
  let h = graph.nodes.length;
  const mix = (x: number): void => {
    h = Math.imul(h ^ x, 0x9e3779b1);
    h ^= h >>> 15;
  };
  graph.nodes.forEach((node, i) => {
    mix(graph.known[i] ? 0 : numberOf(node.op));
    mix(dtypes[node.dtype].rank);
    for (const key in node.params) mixParam(node.params[key]!, mix);
    for (const d of node.shape) mix(d);
    for (const k of graph.inputs[i]!) mix(k);
  });
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

function verticesOf(graph: Graph): Vertex[] {
  return graph.nodes.map(({ op, params, shape, dtype }, i) => ({
    op,
    params,
    shape,
    dtype,
    known: graph.known[i]!,
    inputs: graph.inputs[i]!,
  }));
}

function sameGraph(vertices: readonly Vertex[], graph: Graph): boolean {
  return (
    vertices.length === graph.nodes.length &&
    vertices.every((v, i) => {
      const node = graph.nodes[i]!;
      const known = graph.known[i]!;
      return (
        v.known === known &&
        v.dtype === node.dtype &&
        (known || (v.op === node.op && sameParams(v.params, node.params))) &&
        sameShape(v.shape, node.shape) &&
        sameShape(v.inputs, graph.inputs[i]!)
      );
    })
  );
}

function sameGoal(a: Goal, b: Goal): boolean {
  return (
    sameShape(a.results, b.results) &&
    a.assignments.length === b.assignments.length &&
    a.assignments.every(([t, v], i) => t === b.assignments[i]![0] && v === b.assignments[i]![1])
  );
}

function sameParams(a: Params, b: Params): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => sameParam(a[key]!, b[key]!));
}

function sameParam(a: ParamValue, b: ParamValue | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((x, i) => sameParam(x, b[i]));
  return Object.is(a, b);
}
