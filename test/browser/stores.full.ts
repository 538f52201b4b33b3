import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, openPage, type Page } from '../backends/gpu/page/page.ts';
import { serveFile } from './file-server.ts';
import type * as functions from './functions.ts';
import type { Kind } from './functions.ts';

const entry = fileURLToPath(new URL('functions.ts', import.meta.url));
const kinds: readonly Kind[] = ['opfs', 'indexedDb'];
const full = { opfs: 'opfs', indexedDb: 'indexedDB' };
const operation = { opfs: 'opfsStore', indexedDb: 'indexedDbStore' };

describe.skipIf(chromiumMissing !== null)(`in Chromium${chromiumMissing ?? ''}`, () => {
  let page: Page<typeof functions>;
  beforeAll(async () => {
    page = await openPage<typeof functions>(entry);
  });
  afterAll(() => page.close());

  const expectAll = (kind: Kind, seen: Record<string, unknown>): void => {
    const { old, ...rest } = seen;
    expect(rest).toEqual({
      name: `${full[kind]}:all`,
      empty: [],
      none: null,
      listed: ['a.bin', 'b'],
      written: [1, 2, 3],
      part: [2],
      during: [1, 2, 3],
      listedDuring: ['a.bin', 'b'],
      replaced: [9],
      failed: 'Error from the caller',
      kept: [9],
      fileEmpty: [],
      badName: expect.stringContaining(`ValueError [${operation[kind]}] got the file name '../b', wanted`),
      badPart: `ValueError [${operation[kind]}] got a part 'text', wanted a Uint8Array.`,
      end: ['b'],
    });
    if (typeof old === 'string') expect(old).toMatch(/^StateError \[\w+\] b: got Not\w+Error \(.*\), wanted/);
    else expect(old).toEqual([1, 2, 3]);
  };

  it.each(kinds)('a store in %s lists, reads, replaces and removes files', async (kind) => {
    expectAll(kind, await page.call('useStore', kind));
    expect(page.consoleErrors).toEqual([]);
  });

  it.each(kinds)('a store in %s works in a worker', async (kind) => {
    const own = await openPage<typeof functions>(entry);
    try {
      const { outputFiles } = buildSync({
        entryPoints: [entry],
        bundle: true,
        write: false,
        format: 'iife',
        globalName: 'tests',
        platform: 'browser',
      });
      const seen = await own.call('inWorker', outputFiles[0]!.text, kind);
      expectAll(kind, seen as Record<string, unknown>);
    } finally {
      await own.close();
    }
  });

  it.each(kinds)('a store in %s keeps what it has when a page is closed while it writes', async (kind) => {
    await page.call('writeFile', kind, 'killed', 'file', [1, 2]);
    const other = await page.another();
    await other.call('writeForever', kind);
    const unfinished = async (): Promise<string[]> =>
      (await page.call('allNames', 'killed')).filter((name) => name.startsWith('.ndgrad-'));
    const begun = kind === 'opfs' ? await unfinished() : [];
    if (kind === 'opfs') expect(begun).not.toEqual([]);
    // What another page is writing stays.
    await page.call('writeFile', kind, 'killed', 'other', [3]);
    if (kind === 'opfs') expect(await unfinished()).toEqual(begun);
    await other.close();
    expect(await page.call('listFiles', kind, 'killed')).toEqual(['file', 'other']);
    expect(await page.call('readFile', kind, 'killed', 'file')).toEqual([1, 2]);
    if (kind !== 'opfs') return;
    await expect
      .poll(async () => {
        await page.call('writeFile', kind, 'killed', 'last', [4]);
        return unfinished();
      })
      .toEqual([]);
    expect(await page.call('allNames', 'killed')).toEqual(['file', 'last', 'other']);
  });

  it.each(kinds)('a store in %s says that the storage is full', async (kind) => {
    // A new origin, of which the browser does not remember another limit.
    const own = await openPage<typeof functions>(entry);
    try {
      await own.limitStorage(1_000_000);
      expect(await own.call('fill', kind, 5_000_000, 60)).toEqual({
        errors: [
          expect.stringMatching(
            /^StateError \[\w+\] file: got QuotaExceededError \(the browser's storage for this site is full\), wanted/,
          ),
        ],
        kept: 1,
        listed: ['file'],
      });
    } finally {
      await own.close();
    }
  });

  it.each(kinds)('a store in %s keeps the weights of a model', async (kind) => {
    expect(await page.call('weights', kind)).toBe(true);
  });

  it('download offers a file', async () => {
    const [file] = await Promise.all([page.nextDownload(), page.call('downloaded', 'model.safetensors')]);
    expect(file.name).toBe('model.safetensors');
    expect([...readFileSync(file.path)]).toEqual([1, 2, 3]);
  });

  it('blobSource reads a file that a user has chosen', async () => {
    expect(await page.call('chosenFile')).toBe(true);
  });

  it('urlSource reads files of other servers in parts, and explains what the browser refuses', async () => {
    const content = new Uint8Array(200_000).fill(1);
    const server = await serveFile(() => content);
    const silent = await serveFile(() => content, {
      answer: (_request, _response, answer) => answer({ 'Access-Control-Expose-Headers': 'ETag' }),
    });
    const closed = await serveFile(() => content, {
      answer: (_request, response) => void response.writeHead(200).end(),
    });
    try {
      expect(await page.call('fromUrl', server.url)).toEqual({ size: 200_000, sum: 200_000 });
      expect(server.ranges).toEqual(['bytes=0-65535', 'bytes=0-99999', 'bytes=100000-199999']);
      expect(await page.call('fromUrl', silent.url)).toContain(
        'must name it in Access-Control-Expose-Headers',
      );
      expect(await page.call('fromUrl', closed.url)).toMatch(/got no answer .* allows this page to read it/);
      // The server of the page ignores ranges.
      const { size } = (await page.call('fromUrl', 'tests.js')) as { size: number };
      expect(size).toBeGreaterThan(100_000);
    } finally {
      for (const each of [server, silent, closed]) await each.close();
    }
  });
});
