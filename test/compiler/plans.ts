import { jsBackend } from '../../src/backends/js/index.ts';
import { compile } from '../../src/compiler/compile.ts';
import { type Graph, toposort } from '../../src/compiler/toposort.ts';
import type { TypedArray } from '../../src/ir/dtype.ts';
import type { Backend, Limits, Plan } from '../../src/ir/kernel.ts';
import { type Node, Storage } from '../../src/ir/node.ts';

export interface Compiled {
  readonly graph: Graph;
  readonly plan: Plan;
  /** The results' nodes, each once, without those that are known. */
  readonly wanted: readonly Node[];
  readonly values: readonly number[];
}

export interface PlanOptions {
  readonly limits?: Limits;
  readonly fusion?: boolean;
  readonly assignments?: readonly (readonly [target: Node, value: Node])[];
}

/** The plan for the values of nodes, made past the cache. */
export function compilePlan(nodes: readonly Node[], options: PlanOptions = {}): Compiled {
  const { limits = jsBackend.limits, fusion = true, assignments = [] } = options;
  const wanted = [...new Set(nodes)].filter((node) => node.storage === null);
  const graph = toposort([...wanted, ...assignments.flat()]);
  const number = (node: Node): number => graph.index.get(node)!;
  const goal = {
    results: wanted.map(number),
    assignments: assignments.map(([t, v]) => [number(t), number(v)] as const),
  };
  const plan = compile(graph, goal, { limits, fusion });
  const values = graph.nodes.flatMap((node, i) => (graph.known[i] ? [] : node.values));
  return { graph, plan, wanted, values };
}

/**
 * Runs a plan and gives the values of its results and, afterwards, of its leaves, which are copies: the nodes keep what they had.
 */
export function runPlan(
  { graph, plan, wanted, values }: Compiled,
  backend: Backend = jsBackend,
): Map<Node, TypedArray> {
  const leaves = graph.nodes.filter((_, i) => graph.known[i]);
  const bound = leaves.map(({ dtype, storage }) => new Storage(dtype, storage!.array.slice()));
  const results = wanted.map((node) => Storage.allocate(node.dtype, node.size));
  const executable = backend.compile(plan);
  const failure = executable.run({ values, bound, results });
  executable.release();
  if (failure !== null) throw new Error(`check failed: ${JSON.stringify(failure)}`);
  return new Map([
    ...leaves.map((node, i) => [node, bound[i]!.array] as const),
    ...wanted.map((node, i) => [node, results[i]!.array] as const),
  ]);
}
