import fc from 'fast-check';
import { test } from 'vitest';
import { randomGraph } from '../tensor/graphs.ts';
import { operationNames } from '../tensor/invoke.ts';
import { compilePlan, runPlan } from './plans.ts';
test('stats', () => {
  const seen: Record<string, number> = {};
  let nodes = 0, kernels = 0, outs = 0, elements = 0, nans = 0, n = 0, zero=0;
  const steps: number[] = [];
  fc.assert(fc.property(fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 40, maxLength: 500, size: 'max' }), (l) => {
    const g = randomGraph(l);
    steps.push(g.names.length);
    for (const x of g.names) seen[x] = (seen[x] ?? 0) + 1;
    const c = compilePlan(g.outputs.map((t) => t.node));
    nodes += c.graph.nodes.length; kernels += c.plan.kernels.length; outs += g.outputs.length; n++;
    for (const a of runPlan(c).values()) { elements += a.length; if(a.length===0) zero++; for (const x of a) if (Number.isNaN(x)) nans++; }
  }), { numRuns: 300 });
  console.log({ nodes: nodes / n, kernels: kernels / n, outs: outs / n, elements: elements / n, nans: nans / elements, zero: zero/n, missing: operationNames.filter((x) => !seen[x]), steps: steps.slice(0,40).join(' ') });
});
