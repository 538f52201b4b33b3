import { corners, schedule } from '../module/iterations.ts';
import { keepMatrices, keptMatrix } from './kept-panels.ts';
import { type LoopSupport, support } from './loop-support.ts';

const compile: LoopSupport['compile'] = (plan, loop, compileSteps, add) => {
  const after = add(0);
  const packing = keepMatrices(plan, loop).map((task) => ({ ...task, after }));
  const before = add(packing.length);
  const step = schedule(plan, loop, compileSteps);
  if ('steps' in step) return [...packing, step];
  // The tasks of the steps have become one.
  add(before + 1 - add(0));
  return [...packing, { ...step, after: before }];
};

/** Lets the backend run plans with loops. */
export function supportLoops(): void {
  support.loops = { compile, corners, keptMatrix };
}
