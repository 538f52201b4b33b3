// Random graphs over all operations. On every backend a fused plan gives the bits of the operations alone, and these give the
// values of a naive evaluator in double precision, up to rounding.

import type { TypedArray } from '../../src/ir/dtype.ts';
import { Node as GraphNode, inDependencyOrder, leafNode, type Node } from '../../src/ir/node.ts';
import { Storage } from '../../src/ir/storage.ts';
import { backendsInTurn } from '../../test/backends/engines.ts';
import { firstMiss, type Tolerance } from '../../test/backends/gpu/compare.ts';
import { choices } from '../../test/compiler/compile-variants.ts';
import { compilePlan, FailedCheck, runPlan } from '../../test/compiler/plans.ts';
import { firstDifference } from '../../test/tensor/bits.ts';
import { randomGraph, randomStep } from '../../test/tensor/graphs.ts';
import { naiveValues } from '../../test/tensor/naive.ts';
import { property } from './property.ts';

/** Operations that round once: their results are the true values, rounded. */
const exact = new Set(
  [
    'add',
    'sub',
    'mul',
    'div',
    'sqrt',
    'reciprocal',
    'square',
    'neg',
    'abs',
    'sign',
    'floor',
    'ceil',
    'round',
  ].concat(
    [
      'relu',
      'maximum',
      'minimum',
      'where',
      'cast',
      'max',
      'min',
      'reshape',
      'broadcastTo',
      'transpose',
      'slice',
    ],
    ['cummax', 'cummin', 'argsort', 'takeAlongAxis', 'searchSorted', 'index', 'bin', 'isInf'],
    [
      'pad',
      'concat',
      'take',
      'oneHot',
      'slidingWindows',
      'maxPool',
      'maxPoolSelect',
      'maxPoolIndex',
      'roll',
      'scalar',
      'uniform',
      'detach',
    ],
  ),
);

/** Linear in each operand: errors are relative to the sums of the magnitudes. */
const sums = new Set(
  ['sum', 'matmul', 'conv', 'convKernel', 'scatterAdd', 'foldWindows'].concat([
    'sumPool',
    'sumPoolGradient',
    'maxPoolGradient',
    'cumsum',
    'scatterElements',
  ]),
);

function toleranceOf(node: Node, inputs: readonly TypedArray[]): Tolerance {
  const { name } = node.op;
  if (exact.has(name)) return { relative: 0 };
  const magnitudes = inputs.map((x) => (x instanceof Float32Array ? x.map(Math.abs) : x));
  if (sums.has(name)) return { relative: 4e-6, scale: naiveValues(node, magnitudes) };
  const scale = new Float64Array(node.size);
  const largest = (x: TypedArray): number => Math.max(1, ...x);
  if (name === 'standardize') scale.fill(2 * magnitudes.map(largest).reduce((a, b) => a * b));
  if (name === 'normal') scale.fill(6);
  if (name === 'mod') scale.fill(magnitudes.map(largest).reduce((a, b) => Math.max(a, b)));
  if (products.has(name)) return { relative: 1e-7 * Math.max(10, inputs[0]!.length), scale };
  return { relative: 1e-6, scale };
}

const products = new Set(['prod', 'cumprod', 'recurrence']);

/** Products of such numbers overflow in one order and vanish in another. */
const isWild = (x: number): boolean => !(Math.abs(x) < 1e3 && Math.abs(x) > 1e-3);

/** The values of all nodes that the roots depend on, each computed alone and compared with the naive evaluator. */
function checkedValues(roots: readonly Node[]): Map<Node, TypedArray> {
  const arrays = new Map<Node, TypedArray>();
  for (const node of inDependencyOrder(roots, ({ storage }) => storage !== null)) {
    if (node.storage !== null) {
      arrays.set(node, node.storage.array.slice());
      continue;
    }
    const { op, shape, dtype, params, values } = node;
    const inputs = node.inputs.map((input) => arrays.get(input)!);
    const leaves = node.inputs.map((input, i) => leafNode(new Storage(input.dtype, inputs[i]!), input.shape));
    const alone = new GraphNode(op, leaves, shape, dtype, params, values);
    const got = runPlan(compilePlan([alone])).get(alone)!;
    arrays.set(node, got);
    if (products.has(op.name) && inputs[0]!.some(isWild)) continue;
    const miss = firstMiss(got, [naiveValues(alone, inputs)], toleranceOf(alone, inputs));
    if (miss !== null) throw new Error(`${describe(node)} differs from the naive evaluator: ${miss}`);
  }
  return arrays;
}

const describe = (node: Node): string =>
  `${node.op.name} ${node.dtype} [${node.shape}] of ${node.inputs.map((x) => `${x.dtype} [${x.shape}]`).join(' and ')}`;

/** Runs the plan on all backends. If a check fails, it fails on all of them, and without fusion. */
function compare(
  roots: readonly Node[],
  assignments: readonly (readonly [target: Node, value: Node])[],
): void {
  const compiled = compilePlan(roots, { assignments });
  const news = assignments.map(([, value]) => value);
  let wanted: Map<Node, TypedArray> | null = null;
  try {
    wanted = checkedValues([...news, ...roots]);
  } catch (error) {
    if (!(error instanceof FailedCheck)) throw error;
  }
  for (const backend of backendsInTurn()) {
    let got: Map<Node, TypedArray>;
    try {
      got = runPlan(compiled, backend);
    } catch (error) {
      if (error instanceof FailedCheck && wanted === null) continue;
      throw error;
    }
    if (wanted === null) throw new Error(`a check fails without fusion, and passes on ${backend.name}`);
    for (const [target, value] of assignments)
      same(target, got.get(target)!, wanted.get(value)!, backend.name);
    const overwritten = new Set(assignments.map(([target]) => target));
    for (const root of roots) {
      if (overwritten.has(root)) continue;
      same(root, got.get(root) ?? root.storage!.array, wanted.get(root)!, backend.name);
    }
  }
}

function same(node: Node, got: TypedArray, wanted: TypedArray, backend: string): void {
  const difference = firstDifference(got, wanted);
  if (difference !== null) throw new Error(`fused, on ${backend}: ${describe(node)} ${difference}`);
}

export const graphs = [
  property('graphs', 20, choices, async (list) => {
    const { outputs } = randomGraph(list);
    compare(
      outputs.map((t) => t.node),
      [],
    );
  }),
  property('steps', 10, choices, async (list) => {
    const { outputs, assignments } = randomStep(list);
    compare(
      outputs.map((t) => t.node),
      assignments.map(([target, value]) => [target.node, value.node] as const),
    );
  }),
];
