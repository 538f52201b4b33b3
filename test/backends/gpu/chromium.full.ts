import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { load } from '../../reference/load.ts';
import { casesOf } from './cases.ts';
import { titleOf } from './cases-page.ts';
import { chromiumMissing, openPage, type Page, WEBGPU_FLAGS } from './page/page.ts';
import { thinned } from './shares.ts';
import { trainingCases } from './training.ts';

// The cases in headless Chromium, on WebGPU and on WebGL2.

type Entry = typeof import('./cases-page.ts');

const tables = {
  ops: load('ops'),
  gradients: load('gradients'),
  losses: load('losses'),
  layers: load('layers'),
  optimizers: load('optimizers'),
};
const effort = { runs: 1 / 4, seed: Number(process.env.FC_SEED ?? 1) };
const cases = [...casesOf(tables, effort), ...trainingCases(tables)];

const apis = [
  ['webgpu', WEBGPU_FLAGS],
  ['webgl2', []],
] as const;

describe.skipIf(chromiumMissing !== null)(`Chromium${chromiumMissing ? ` (${chromiumMissing})` : ''}`, () => {
  describe.each(apis)('%s', (api, flags) => {
    let page: Page<Entry>;

    beforeAll(async () => {
      page = await openPage<Entry>('test/backends/gpu/cases-page.ts', flags);
      await page.call('make', tables, effort);
      expect(await page.call('open', api)).toMatchObject({ name: api });
    });

    afterAll(() => page?.close());

    test.each(thinned(cases, api).map(titleOf))('%s', async (title) => {
      expect(await page.call('run', title)).toBeNull();
    });

    test('the page reports no errors or warnings', async () => {
      // SwiftShader reports performance hints.
      expect(page.consoleErrors.filter((text) => !text.includes('(OpenGL, Performance,'))).toEqual([]);
    });
  });
});
