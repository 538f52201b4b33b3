import { jsBackend } from '../../src/backends/js/index.ts';
import { compile } from '../../src/compiler/compile.ts';
import { type Graph, graphOf, toposort } from '../../src/compiler/toposort.ts';
import type { Backend, Limits } from '../../src/ir/backend.ts';
import type { TypedArray } from '../../src/ir/dtype.ts';
import type { Kernel } from '../../src/ir/kernel.ts';
import type { Node } from '../../src/ir/node.ts';
import type { Plan } from '../../src/ir/plan.ts';
import { Storage } from '../../src/ir/storage.ts';

export interface Compiled {
  readonly graph: Graph;
  readonly plan: Plan;
  /** The nodes of the results, each once, without known ones. */
  readonly wanted: readonly Node[];
  readonly values: readonly number[];
}

export interface PlanOptions {
  readonly limits?: Limits;
  readonly fusion?: boolean;
  readonly assignments?: readonly (readonly [target: Node, value: Node])[];
}

/** A check on values has failed, as an error would tell the user: an integer that does not fit. */
export class FailedCheck extends Error {}

/** The steps of a plan without loops. */
export const kernelsOf = ({ steps }: Plan): Kernel[] =>
  steps.map((step) => {
    if (step.kind === 'loop') throw new Error('the plan has a loop');
    return step;
  });

/** Compiles the plan for the values of nodes without the cache. */
export function compilePlan(nodes: readonly Node[], options: PlanOptions = {}): Compiled {
  const { limits = jsBackend.limits, fusion = true, assignments = [] } = options;
  const wanted = [...new Set(nodes)].filter((node) => node.storage === null);
  const graph = graphOf(toposort([...wanted, ...assignments.flat()]));
  const first = wanted.length;
  const goal = {
    results: graph.roots.slice(0, first),
    assignments: assignments.map(
      (_, i) => [graph.roots[first + 2 * i]!, graph.roots[first + 2 * i + 1]!] as const,
    ),
    finite: false,
  };
  const plan = compile(graph, goal, { limits, fusion });
  return { graph, plan, wanted, values: graph.values };
}

/**
 * Runs a plan on copies of its leaves and returns the values of its results and the final values of the copies.
 */
export function runPlan(
  { graph, plan, wanted, values }: Compiled,
  backend: Backend = jsBackend,
): Map<Node, TypedArray> {
  const bound = graph.leaves.map(({ dtype, storage }) => new Storage(dtype, storage!.array.slice()));
  const results = wanted.map((node) => Storage.forResult(node.dtype, node.size));
  const executable = backend.compile(plan);
  const failure = executable.run({ values, bound, results });
  executable.release();
  if (failure !== null) throw new FailedCheck(`check failed: ${JSON.stringify(failure)}`);
  return new Map([
    ...graph.leaves.map((node, i) => [node, bound[i]!.array] as const),
    ...wanted.map((node, i) => [node, results[i]!.array] as const),
  ]);
}
