import { toposort } from '../../../src/compiler/toposort.ts';
import type { Backend } from '../../../src/ir/backend.ts';
import type { TypedArray } from '../../../src/ir/dtype.ts';
import type { Node } from '../../../src/ir/node.ts';
import { Storage } from '../../../src/ir/storage.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { computeDouble } from '../../../src/testing/double.ts';
import { compilePlan, type PlanOptions } from '../../compiler/plans.ts';
import { firstMiss, largest, withoutDenormals } from './compare.ts';

/**
 * Computes the values of nodes with one plan of a backend, without changing the nodes. Throws the ValueError that users
 * see if a check fails.
 */
export async function evaluate(
  backend: Backend,
  nodes: readonly Node[],
  options: PlanOptions = {},
): Promise<TypedArray[]> {
  const { graph, plan, wanted, values } = compilePlan(nodes, { limits: backend.limits, ...options });
  const bound = graph.leaves.map(({ dtype, storage }) => new Storage(dtype, storage!.array));
  const results = wanted.map((node) => Storage.forResult(node.dtype, node.size));
  const executable = backend.compile(plan);
  try {
    const failure = await executable.run({ values, bound, results });
    if (failure !== null) throw plan.checks[failure.check]!.error(failure.value);
    const arrays = await Promise.all(results.map((storage) => backend.read(storage)));
    return nodes.map((node) => node.storage?.array ?? arrays[wanted.indexOf(node)]!);
  } finally {
    executable.release();
    for (const storage of [...bound, ...results]) storage.deviceCopy?.drop();
  }
}

/** A tensor and its true values. */
export interface Goal {
  /** Its name in messages. */
  readonly what: string;
  readonly tensor: Tensor;
  /** Its true values; by default those in double precision. */
  readonly wanted?: ArrayLike<number>;
  /** See `Tolerance`; 0 by default. */
  readonly relative?: number;
  /**
   * See `Tolerance`. 'magnitudes': the tensor's value for the magnitudes of all float32 leaves, if it is linear in each of
   * them. 'largest': the largest value of the tensor, or 1, if errors of one element may affect others. A number is the
   * scale of every element. 0 by default.
   */
  readonly scale?: 'magnitudes' | 'largest' | number;
}

const float = (node: Node, f: (x: number) => number): Float64Array =>
  Float64Array.from(node.storage!.array, f);

/** Computes all goals in one plan. Describes the first wrong one; null if there is none. */
export async function missed(
  backend: Backend,
  goals: readonly Goal[],
  options: PlanOptions = {},
): Promise<string | null> {
  const nodes = goals.map(({ tensor }) => tensor.node);
  const got = await evaluate(backend, nodes, options);
  const wanted = trueValues(goals);
  for (const [i, { what, relative = 0, scale }] of goals.entries()) {
    const lists = wanted[i]!;
    const scales =
      scale === 'magnitudes'
        ? magnitudes(nodes[i]!)
        : scale === 'largest'
          ? largest(lists[0]!, 1)
          : new Float64Array(nodes[i]!.size).fill(scale ?? 0);
    const miss = firstMiss(got[i]!, lists, { relative, scale: scales });
    if (miss !== null) return `${what}: ${miss}`;
  }
  return null;
}

/** For each goal its true values, and those with denormals in leaves replaced by zeros if there are any. */
function trueValues(goals: readonly Goal[]): ArrayLike<number>[][] {
  const open = goals.filter(({ wanted }) => wanted === undefined).map(({ tensor }) => tensor.node);
  const computed = new Map<Node, ArrayLike<number>>();
  for (const [i, array] of computeDouble(open, new Map()).entries()) computed.set(open[i]!, array);
  const nodes = goals.map(({ tensor }) => tensor.node);
  const flushed = new Map<Node, Float64Array>();
  for (const leaf of toposort(nodes).leaves) {
    const { array } = leaf.storage!;
    const without = withoutDenormals(array);
    if (without !== array) flushed.set(leaf, Float64Array.from(without));
  }
  const others = flushed.size > 0 ? computeDouble(nodes, flushed) : null;
  return goals.map(({ tensor, wanted }, i) => [
    wanted ?? computed.get(tensor.node)!,
    ...(others === null ? [] : [others[i]!]),
  ]);
}

function magnitudes(node: Node): Float64Array {
  const leaves = toposort([node]).leaves.filter(({ dtype }) => dtype === 'float32');
  return computeDouble([node], new Map(leaves.map((leaf) => [leaf, float(leaf, Math.abs)])))[0]!;
}
