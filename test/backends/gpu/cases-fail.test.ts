import { expect, test } from 'vitest';
import { jsBackend } from '../../../src/backends/js/index.ts';
import type { Backend } from '../../../src/ir/backend.ts';
import type { TypedArray } from '../../../src/ir/dtype.ts';
import { load } from '../../reference/load.ts';
import type { Case } from './case.ts';
import { casesOf } from './cases.ts';
import { thinned } from './shares.ts';

// The cases can fail: the reference interpreter passes them, and fails them where it lies a little.
// Without any GPU.

const tables = {
  ops: load('ops'),
  gradients: load('gradients'),
  losses: load('losses'),
  layers: load('layers'),
};
const cases = thinned(casesOf(tables, { runs: 0.25, seed: 1 }), 'node');

/** Off by a hundredth in one element. */
function spoil(array: TypedArray): void {
  const last = array.length - 1;
  if (last < 0) return;
  const x = array[last]!;
  if (!(array instanceof Float32Array)) array[last] = x ^ 1;
  else array[last] = Number.isFinite(x) ? x + 0.01 * Math.max(1, Math.abs(x)) : 1;
}

const liar: Backend = {
  ...jsBackend,
  // Its methods are those of a class.
  wantsYield: () => false,
  read: (storage) => storage.array,
  compile: (plan) => {
    const executable = jsBackend.compile(plan);
    return {
      run: async (bindings) => {
        await executable.run(bindings);
        for (const {
          host: { array: target },
        } of bindings.results)
          spoil(target);
        return null;
      },
      release: () => executable.release(),
    };
  },
};

const verdict = (c: Case, backend: Backend): Promise<string | null> =>
  c.run(backend).catch((error) => String(error));

test.each(cases.map((c) => [`${c.group}: ${c.name}`, c] as const))('%s', async (name, c) => {
  // The interpreter's own order adds a million numbers up with a larger error than is asked of a GPU.
  if (!name.includes('a million')) expect(await c.run(jsBackend)).toBeNull();
  expect(await verdict(c, liar)).not.toBeNull();
});
