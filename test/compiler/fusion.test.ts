import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainPlan } from '../../src/compiler/explain.ts';
import { explain, type Tensor } from '../../src/index.ts';
import type { TypedArray } from '../../src/ir/dtype.ts';
import type { Node } from '../../src/ir/node.ts';
import { backendsInTurn } from '../backends/engines.ts';
import { firstDifference } from '../tensor/bits.ts';
import { randomGraph, randomStep } from '../tensor/graphs.ts';
import { nodeByNode } from '../tensor/node-by-node.ts';
import { runs } from '../tooling/effort.ts';
import { type CompileVariant, choices, compileVariants } from './compile-variants.ts';
import { type Compiled, compilePlan, FailedCheck, runPlan } from './plans.ts';
import { problemsOf } from './verify.ts';

const numRuns = runs(60);

function expectSound({ plan, wanted, values }: Compiled, { limits }: CompileVariant): void {
  const problems = problemsOf(plan, { limits, results: wanted.length, values });
  if (problems.length > 0) expect.fail([...problems, explainPlan(plan)].join('\n'));
}

/** The values of nodes. A graph in which a check fails does not count. */
function valuesOf(nodes: readonly Node[]): TypedArray[] {
  try {
    return nodeByNode(nodes);
  } catch (error) {
    if (error instanceof FailedCheck) fc.pre(false);
    throw error;
  }
}

const describeNode = (node: Node) => `${node.op.name} [${node.shape}] ${node.dtype}`;

function expectSame(node: Node, got: TypedArray, wanted: TypedArray, outputs: readonly Tensor[]): void {
  const difference = firstDifference(got, wanted);
  if (difference !== null) expect.fail(`${describeNode(node)} ${difference}\n${explain(...outputs)}`);
}

test.each(compileVariants)('$name, plans are sound and give the bits of single nodes', (way) => {
  const property = fc.property(choices, (list) => {
    const { outputs } = randomGraph(list);
    const nodes = outputs.map((t) => t.node);
    const compiled = compilePlan(nodes, way.options);
    expectSound(compiled, way);
    const wanted = valuesOf(nodes);
    for (const backend of backendsInTurn()) {
      const got = runPlan(compiled, backend);
      nodes.forEach((node, i) => {
        expectSame(node, got.get(node) ?? node.storage!.array, wanted[i]!, outputs);
      });
    }
  });
  fc.assert(property, { numRuns });
});

test.each(compileVariants)('$name, steps give Parameters the values computed from the old ones', (way) => {
  const property = fc.property(choices, (list) => {
    const { outputs, assignments } = randomStep(list);
    const nodes = outputs.map((t) => t.node);
    const news = assignments.map(([, value]) => value.node);
    const pairs = assignments.map(([target], i) => [target.node, news[i]!] as const);
    const compiled = compilePlan(nodes, { ...way.options, assignments: pairs });
    expectSound(compiled, way);
    const wanted = valuesOf([...news, ...nodes]);
    for (const backend of backendsInTurn()) {
      const got = runPlan(compiled, backend);
      pairs.forEach(([target], i) => {
        expectSame(target, got.get(target)!, wanted[i]!, outputs);
      });
      nodes.forEach((node, i) => {
        if (pairs.some(([target]) => target === node)) return;
        expectSame(node, got.get(node) ?? node.storage!.array, wanted[news.length + i]!, outputs);
      });
    }
  });
  fc.assert(property, { numRuns });
});
