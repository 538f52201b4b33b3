import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain } from '../../src/index.ts';
import { firstDifference } from '../tensor/bits.ts';
import { randomGraph } from '../tensor/graphs.ts';
import { nodeByNode } from '../tensor/node-by-node.ts';
import { compilePlan, type PlanOptions, runPlan } from './plans.ts';

/** Decisions for `randomGraph`. */
const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 40, maxLength: 500, size: 'max' });

const numRuns = Number(process.env.RUNS ?? 300);
const ways: readonly (readonly [string, PlanOptions])[] = [
  ['fused', {}],
  ['not fused', { fusion: false }],
  ['under tight limits', { limits: { maxInputs: 3, maxNodes: 6, maxStores: 2 } }],
];

test.each(ways)('%s plans give the bits of single nodes', (_, options) => {
  const property = fc.property(choices, (list) => {
    const { outputs, names } = randomGraph(list);
    const nodes = outputs.map((t) => t.node);
    const wanted = nodeByNode(nodes);
    const compiled = compilePlan(nodes, options);
    const got = runPlan(compiled);
    nodes.forEach((node, i) => {
      const array = got.get(node) ?? node.storage!.array;
      const difference = firstDifference(array, wanted[i]!);
      if (difference !== null) expect.fail(`${names}: output ${i} (${node.op.name} [${node.shape}]) ${difference}\n${explain(...outputs)}`);
    });
  });
  fc.assert(property, { numRuns });
});
