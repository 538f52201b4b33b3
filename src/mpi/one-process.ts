import type { World } from '../train/world.ts';
import { checkOptions } from './check-options.ts';
import { bfloat16Sums } from './sum-formats.ts';

/** A program that was started without mpirun. */
export const oneProcess: World = {
  rank: 0,
  size: 1,
  gather: async (_, own) => [own],
  combine: async ({ cause, nodes, reports }) => ({ cause, sum: nodes[0]?.sum ?? null, reports }),
  async share(run, saving) {
    checkOptions(run);
    return saving;
  },
  end: async () => {},
  shardedOptimizer: null,
  bfloat16: bfloat16Sums,
  fail: async () => {},
};
