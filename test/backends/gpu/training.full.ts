import { afterAll, describe, expect, test } from 'vitest';
import { load } from '../../reference/load.ts';
import { adapterMissing } from './dawn.ts';
import { nodeBackend } from './node.ts';
import { thinned } from './shares.ts';
import { trainingCases } from './training.ts';

const backend = await nodeBackend();
const cases = thinned(trainingCases({ optimizers: load('optimizers') }), 'node');

describe.skipIf(backend === null)(`training in Node${adapterMissing ? ` (${adapterMissing})` : ''}`, () => {
  afterAll(() => backend?.device.destroy());

  test.each(cases.map((c) => [c.name, c] as const))('%s', async (_, c) => {
    expect(await c.run(backend!)).toBeNull();
  });
});
