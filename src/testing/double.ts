import { compileJs, double, jsBackend } from '../backends/js/index.ts';
import { compile } from '../compiler/compile.ts';
import { graphOf, isLeaf, toposort } from '../compiler/toposort.ts';
import { dtypes, type TypedArray } from '../ir/dtype.ts';
import type { Node } from '../ir/node.ts';

/** Values for leaves, in place of their own. */
export type LeafValues = ReadonlyMap<Node, Float64Array>;

/**
 * A function that evaluates nodes in double precision on the reference interpreter. Leaves take the given
 * values in place of their own, and every node is computed anew, also where its values are known; random
 * numbers stay as they are.
 */
export function doubleEvaluator(nodes: readonly Node[]): (leaves: LeafValues) => Float64Array[] {
  const graph = graphOf(toposort(nodes, isLeaf));
  const numbers = [...new Set(graph.roots)].filter((number) => !graph.known[number]);
  const wanted = numbers.map((number) => graph.nodes[number]!);
  const plan = compile(
    graph,
    { results: numbers, assignments: [], finite: false },
    { limits: jsBackend.limits },
  );
  const executable = compileJs(plan, double);
  return (leaves) => {
    const valueOf = (node: Node): TypedArray | Float64Array => {
      const given = leaves.get(node) ?? node.storage!.array;
      return node.dtype === 'float32' ? Float64Array.from(given) : given;
    };
    const results = wanted.map((node) =>
      node.dtype === 'float32' ? new Float64Array(node.size) : dtypes[node.dtype].allocate(node.size),
    );
    const failure = executable.run(graph.values, graph.leaves.map(valueOf), results);
    if (failure !== null) throw plan.checks[failure.check]!.error(failure.value);
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
