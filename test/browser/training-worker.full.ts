import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, openPage, type Page } from '../backends/gpu/page/page.ts';
import type * as functions from './training-page.ts';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const scripts = { 'worker.js': file('training-worker.ts') };
const files = {
  'throws.js': 'throw new Error("top level")',
  'syntax.js': 'let let = 3',
  'imports.js': 'import "./absent.js"',
  'posts.js': 'postMessage("hi")',
  'echoes.js': 'onmessage = ({ data }) => postMessage(data)',
  'silent.js': '',
};
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const open = (headers: Record<string, string> = {}) =>
  openPage<typeof functions>(file('training-page.ts'), [], { scripts, files, headers });

describe.skipIf(chromiumMissing !== null)(`training in a worker in Chromium${chromiumMissing ?? ''}`, () => {
  let page: Page<typeof functions>;
  beforeAll(async () => {
    page = await open();
  });
  afterAll(() => page.close());

  const same = {
    sameHistory: true,
    sameWeights: true,
    batches: 16,
    // The page runs no plan before it trains itself.
    instancesOfPage: 0,
    instancesAfterwards: true,
  };

  it('gives the bits of the page, which runs no plan', async () => {
    expect(await page.call('trainTwice')).toEqual({ isolated: false, ...same });
    expect(page.consoleErrors).toEqual([]);
  });

  it('works in an isolated page', async () => {
    const isolated = await open(isolation);
    try {
      expect(await isolated.call('trainTwice')).toEqual({ isolated: true, ...same });
      expect(isolated.consoleErrors).toEqual([]);
    } finally {
      await isolated.close();
    }
  });

  const all = (message: string) => Array(3).fill(`StateError [trainInWorker] ${message}.`);

  it('fails with the worker', async () => {
    expect(await page.call('mishap', 'close')).toEqual(all('the worker was terminated'));
    expect(await page.call('terminate')).toEqual(all('the worker was terminated'));
    expect(await page.call('useTerminated')).toEqual(all('the worker was terminated'));
    const own =
      "got 'hi' from the worker, wanted messages of serveTraining. Send your own through a MessageChannel, and use one version of ndgrad on both sides";
    expect(await page.call('mishap', 'own message')).toEqual(all(own));
    expect(await page.call('wrongFile', 'posts.js', 'classic')).toEqual(all(own));
    expect(await page.call('wrongFile', 'echoes.js', 'classic')).toEqual(
      all(own.replace("'hi'", 'an object')),
    );
    const [uncaught] = await page.call('mishap', 'uncaught');
    expect(uncaught).toMatch(
      /^StateError \[trainInWorker\] got an error in the worker: Uncaught Error: nobody listens \(http.*worker.js:\d+\)\.$/,
    );
  });

  it.each<[string, WorkerType, RegExp]>([
    ['throws.js', 'classic', /got an error in the worker: Uncaught Error: top level \(.*throws.js:1\)/],
    ['throws.js', 'module', /got an error in the worker: Uncaught Error: top level \(.*throws.js:1\)/],
    ['syntax.js', 'classic', /got an error in the worker: Uncaught SyntaxError/],
    ['syntax.js', 'module', /got an error in the worker: |the worker's file can't be loaded/],
    ['imports.js', 'module', /the worker's file can't be loaded. Check its address, its syntax/],
    ['absent.js', 'classic', /the worker's file can't be loaded. Check its address, its syntax/],
    ['absent.js', 'module', /the worker's file can't be loaded. Check its address, its syntax/],
  ])('fails with the file %s as a %s worker', async (name, type, message) => {
    const errors = await page.call('wrongFile', name, type);
    for (const error of errors) expect(error).toMatch(message);
  });

  it('ends at a signal, and the worker serves again', async () => {
    expect(await page.call('abort')).toEqual(['Error enough', [0]]);
  });

  it('waits for serveTraining until the signal aborts', async () => {
    expect(await page.call('abortSilent')).toEqual(['Error too late', 'Error too late']);
  });

  it('is not served by a page', async () => {
    expect(await page.call('serveHere')).toMatch(/^StateError \[serveTraining\] got no web worker, wanted/);
  });
});
