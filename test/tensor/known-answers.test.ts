import { describe, expect, test } from 'vitest';
import { computeDouble } from '../../src/run.ts';
import { load } from '../reference/load.ts';
import { invoke, operationNames, referenceArguments } from './invoke.ts';
import { ulpsApart } from './ulps.ts';

const reference = load('ops');

for (const name of operationNames.filter((n) => n !== 'detach')) {
  describe(name, () => {
    test.each(reference[name]!)('$name', (c) => {
      const { args } = referenceArguments(name, c);
      const results = invoke(name, args);
      const wanted = Array.isArray(c.out) ? c.out : [c.out];
      expect(results.map((t) => [t.dtype, t.shape])).toEqual(wanted.map((t) => [t.dtype, t.shape]));
      results.forEach((t, k) => {
        const got = t.dataSync();
        wanted[k]!.data.forEach((e, i) => {
          const apart = t.dtype === 'float32' ? ulpsApart(got[i]!, e) : Math.abs(got[i]! - e);
          if (apart > 2) expect.fail(`at ${i}: got ${got[i]}, wanted ${Math.fround(e)}, ${apart} ulps`);
        });
        if (c.float32Only) return;
        const d = computeDouble([t.node], new Map())[0]!;
        wanted[k]!.data.forEach((e, i) => {
          const ok = Object.is(d[i], e) || Math.abs(d[i]! - e) <= 1e-12 * Math.abs(e);
          if (!ok)
            expect.fail(
              `double at ${i}: got ${d[i]}, wanted ${e}, relative ${Math.abs(d[i]! - e) / Math.abs(e)}`,
            );
        });
      });
    });
  });
}
