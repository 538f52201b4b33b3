import { expect } from 'vitest';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import { Generator, type Tensor } from '../../src/index.ts';
import { dtypes } from '../../src/ir/dtype.ts';
import type { Kernel } from '../../src/ir/kernel.ts';
import type { Plan, PlanBuffer } from '../../src/ir/plan.ts';
import { assertClose } from '../../src/testing.ts';
import { type Compiled, compilePlan, kernelsOf, runPlan } from '../compiler/plans.ts';
import { firstDifference } from '../tensor/bits.ts';
import { engines } from './engines.ts';

const usual = new WasmBackend();

/** On any number of threads a plan gives the bits of the reference. */
export function expectSame(outputs: readonly Tensor[]): void {
  const nodes = outputs.map((t) => t.node);
  const compiled = compilePlan(nodes);
  const wanted = runPlan(compiled);
  for (const engine of [usual, ...engines]) {
    const got = runPlan(compiled, engine);
    for (const node of nodes) expect(firstDifference(got.get(node)!, wanted.get(node)!)).toBeNull();
  }
}

/** The plan with each algorithm in its rewritten form. */
function rewritten(plan: Plan): Plan {
  const buffers: PlanBuffer[] = [...plan.buffers];
  let { arenaBytes } = plan;
  const addBuffer = (type: string, size: number): number => {
    const dtype = type === 'f32' ? 'float32' : 'int32';
    const byteOffset = Math.ceil(arenaBytes / 64) * 64;
    arenaBytes = byteOffset + size * dtypes[dtype].bytes;
    return buffers.push({ dtype, size, location: { kind: 'arena', byteOffset } }) - 1;
  };
  const rewrite = (step: Kernel): Kernel[] => {
    const { source } = step;
    return source.kind === 'algorithm'
      ? source.algorithm.rewrite(step, source, addBuffer).flatMap(rewrite)
      : [step];
  };
  const steps = kernelsOf(plan).flatMap(rewrite);
  return { ...plan, buffers, steps, arenaBytes };
}

/** The rewritten forms give the same, up to the order of accumulation. */
export function expectRewritten(outputs: readonly Tensor[], tolerance: number): void {
  const nodes = outputs.map((t) => t.node);
  const compiled: Compiled = compilePlan(nodes);
  const wanted = runPlan(compiled);
  const got = runPlan({ ...compiled, plan: rewritten(compiled.plan) });
  for (const node of nodes)
    assertClose([...got.get(node)!], [...wanted.get(node)!], { absolute: tolerance, relative: tolerance });
}

const generator = new Generator(3);
export const random = (...shape: number[]): Tensor => {
  const x = generator.normal(shape);
  x.dataSync();
  return x.detach();
};
