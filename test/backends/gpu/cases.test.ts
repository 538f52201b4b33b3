import { afterAll, describe, expect, test } from 'vitest';
import { load } from '../../reference/load.ts';
import { full } from '../../tooling/effort.ts';
import type { Case } from './case.ts';
import { casesOf } from './cases.ts';
import { adapterMissing } from './dawn.ts';
import { nodeBackend } from './node.ts';
import { thinned } from './shares.ts';

// The cases in Node, on Dawn.

const backend = await nodeBackend();
const tables = {
  ops: load('ops'),
  gradients: load('gradients'),
  losses: load('losses'),
  layers: load('layers'),
};
const effort = { runs: full ? 1 : 1 / 2, seed: Number(process.env.FC_SEED ?? 1) };
const groups = new Map<string, Case[]>();
for (const c of thinned(casesOf(tables, effort), 'node'))
  groups.set(c.group, [...(groups.get(c.group) ?? []), c]);

describe.skipIf(backend === null)(`WebGPU in Node${adapterMissing ? ` (${adapterMissing})` : ''}`, () => {
  afterAll(() => backend?.device.destroy());

  describe.each([...groups])('%s', (_, cases) => {
    test.each(cases.map((c) => [c.name, c] as const))('%s', async (_, c) => {
      expect(await c.run(backend!)).toBeNull();
    });
  });
});
