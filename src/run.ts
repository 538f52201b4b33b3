import { compileJs, double, jsBackend } from './backends/js/index.ts';
import { wasmBackend } from './backends/wasm/index.ts';
import { type CompiledPlan, type Goal, PlanCache } from './compiler/cache.ts';
import { compile } from './compiler/compile.ts';
import { explainPlan } from './compiler/explain.ts';
import { type Graph, isLeaf, toposort } from './compiler/toposort.ts';
import { dtypes, type TypedArray } from './ir/dtype.ts';
import { StateError, ValueError } from './ir/errors.ts';
import type { Backend, Failure } from './ir/kernel.ts';
import { assertCurrent, cutGraph, type Node, Storage } from './ir/node.ts';

// The one place where graphs, compiler and backends meet.

/** Plans kept for graphs of equal structure. */
const cache = new PlanCache(256);

/** Names of the backends of this entry point. */
export type BackendName = 'js' | 'wasm';

let chosen: Backend | null = null;
/** Why WebAssembly does not run, if it was tried. */
let refusal: string | null = null;

/** What runs the plans: WebAssembly, or, where that can't be, the reference interpreter. */
function backend(): Backend {
  if (chosen === null) {
    const wasm = wasmBackend();
    chosen = typeof wasm === 'string' ? jsBackend : wasm;
    refusal = typeof wasm === 'string' ? wasm : null;
  }
  return chosen;
}

/**
 * Chooses what runs the plans from now on: 'wasm' (WebAssembly SIMD, the default) or 'js' (the reference interpreter, slow, and
 * of the same bits). Values that have been computed stay. Throws a StateError where WebAssembly can't run.
 */
export function setBackend(name: BackendName): void {
  if (name !== 'js' && name !== 'wasm') {
    throw new ValueError(`[setBackend] got '${String(name)}', wanted 'wasm' or 'js'.`);
  }
  const next = name === 'js' ? jsBackend : wasmBackend();
  if (typeof next === 'string')
    throw new StateError(`[setBackend] 'wasm' can't run here: ${next}. Use setBackend('js').`);
  if (next !== chosen) cache.clear();
  chosen = next;
  refusal = null;
}

/**
 * The most threads that a run may use, the calling one included; all cores by default. Small plans run on one thread, and
 * so does the js backend. The number of threads never changes a result.
 */
export function setThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1)
    throw new ValueError(`[setThreads] got ${threads}, wanted a whole number of at least 1.`);
  const wasm = wasmBackend();
  if (typeof wasm !== 'string') wasm.setThreads(threads);
}

/** What one run is to do: compute values and overwrite Parameters, in one plan. */
export interface Step {
  readonly results: readonly Node[];
  /** Pairs of a Parameter's node and the value that it takes. */
  readonly assignments: readonly (readonly [target: Node, value: Node])[];
}

interface Prepared {
  readonly graph: Graph;
  readonly goal: Goal;
  /** The results that are not known yet. */
  readonly wanted: readonly Node[];
}

function prepare({ results, assignments }: Step): Prepared {
  results.forEach(assertCurrent);
  const wanted = [...new Set(results)].filter((node) => node.storage === null);
  const graph = toposort([...wanted, ...assignments.flat()]);
  const number = (node: Node): number => graph.index.get(node)!;
  graph.nodes.forEach(assertCurrent);
  return {
    graph,
    wanted,
    goal: { results: wanted.map(number), assignments: assignments.map(([t, v]) => [number(t), number(v)]) },
  };
}

const valuesOf = (graph: Graph): number[] =>
  graph.nodes.flatMap((node, i) => (graph.known[i] ? [] : node.values));

const knownNodes = (graph: Graph): Node[] => graph.nodes.filter((_, i) => graph.known[i]);

function lookUp({ graph, goal }: Prepared): CompiledPlan {
  return cache.get(graph, goal, () => {
    const plan = compile(graph, goal, { limits: backend().limits });
    return { plan, executable: backend().compile(plan) };
  });
}

/**
 * Runs a step. The results keep their values; on a failed check nothing is overwritten and a ValueError says
 * why.
 */
export function run(step: Step): void | Promise<void> {
  const prepared = prepare(step);
  const { graph, wanted } = prepared;
  if (wanted.length === 0 && step.assignments.length === 0) return;
  const { plan, executable } = lookUp(prepared);
  const results = wanted.map((node) => Storage.allocate(node.dtype, node.size));
  const bound = knownNodes(graph).map((node) => node.storage!);
  const finish = (failure: Failure | null): void => {
    if (failure !== null) throw new ValueError(plan.checks[failure.check]!.describe(failure.value));
    wanted.forEach((node, i) => {
      node.storage = results[i]!;
      if (node.op.cutsGraph) cutGraph(node);
    });
  };
  const outcome = executable.run({ values: valuesOf(graph), bound, results });
  if (outcome instanceof Promise) return outcome.then(finish);
  finish(outcome);
}

/** The values of a node, computed if they are not known. The array belongs to the node: do not change it. */
export async function compute(node: Node): Promise<TypedArray> {
  await run({ results: [node], assignments: [] });
  return backend().read(node.storage!);
}

/** `compute` without waiting; backends of the CPU can. */
export function computeSync(node: Node): TypedArray {
  const pending = run({ results: [node], assignments: [] });
  const array = pending instanceof Promise ? pending : backend().read(node.storage!);
  if (array instanceof Promise) {
    throw new StateError(
      `[dataSync] backend '${backend().name}' can't be read without waiting. Use \`await t.data()\`.`,
    );
  }
  return array;
}

/** The plan of a step, printed. */
export function explainStep(step: Step): string {
  return explainPlan(lookUp(prepare(step)).plan);
}

/** Values for leaves, in place of their own. */
export type LeafValues = ReadonlyMap<Node, Float64Array>;

/**
 * A function that evaluates nodes in double precision on the reference interpreter. Leaves take the given
 * values in place of their own, and every node is computed anew, also where its values are known; random
 * numbers stay as they are.
 */
export function doubleEvaluator(nodes: readonly Node[]): (leaves: LeafValues) => Float64Array[] {
  const graph = toposort(nodes, isLeaf);
  const number = (node: Node): number => graph.index.get(node)!;
  const wanted = [...new Set(nodes)].filter((node) => !isLeaf(node));
  const plan = compile(graph, { results: wanted.map(number), assignments: [] }, { limits: backend().limits });
  const executable = compileJs(plan, double);
  const values = valuesOf(graph);
  return (leaves) => {
    const valueOf = (node: Node): TypedArray | Float64Array => {
      const given = leaves.get(node) ?? node.storage!.array;
      return node.dtype === 'float32' ? Float64Array.from(given) : given;
    };
    const results = wanted.map((node) =>
      node.dtype === 'float32' ? new Float64Array(node.size) : dtypes[node.dtype].allocate(node.size),
    );
    const failure = executable.run(values, knownNodes(graph).map(valueOf), results);
    if (failure !== null) throw new ValueError(plan.checks[failure.check]!.describe(failure.value));
    return nodes.map((node) => {
      const at = wanted.indexOf(node);
      return Float64Array.from(at >= 0 ? results[at]! : valueOf(node));
    });
  };
}

/** The values of nodes in double precision, once; see `doubleEvaluator`. */
export function computeDouble(nodes: readonly Node[], leaves: LeafValues): Float64Array[] {
  return doubleEvaluator(nodes)(leaves);
}

/** What runs the plans, and how many of them are kept. */
export interface BackendInfo {
  /** 'wasm' or 'js'. */
  readonly name: string;
  /** Threads that may take part in a run. */
  readonly threads: number;
  /** Why it is not WebAssembly, or why there are not more threads. */
  readonly reason: string;
  /** Bytes of WebAssembly's memory: what it has grown to, and what of it is in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  readonly plans: number;
  readonly planHits: number;
  readonly planMisses: number;
}

/** Which backend runs the plans, on how many threads and why not more, and the state of the plan cache. */
export function backendInfo(): BackendInfo {
  const { name, threads, reason, memory } = backend();
  return {
    name,
    threads,
    reason: refusal === null ? reason : `WebAssembly can't run here: ${refusal}`,
    memory,
    plans: cache.size,
    planHits: cache.hits,
    planMisses: cache.misses,
  };
}
