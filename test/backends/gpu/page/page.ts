import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Page as ChromiumPage, chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from '../../../../scripts/browser/chromium.ts';
import { serve } from '../../../../scripts/browser/serve.ts';

// Tests in a page of Chromium: an entry file exports functions, which are bundled and called from Node. Arguments and
// results are passed as JSON, with support for NaN, infinities, -0 and typed arrays.

const executablePath = findChromium();

/** Why there is no Chromium, for the name of a skipped test; null if there is one. */
export const chromiumMissing: string | null =
  executablePath === null
    ? 'no Chromium found in PATH; the environment variable CHROMIUM can name one'
    : null;

// Without a browser tests are skipped; in CI that is an error.
if (chromiumMissing !== null && process.env.CI) throw new Error(`${chromiumMissing}, and CI skips no test`);

/** Flags for WebGPU on SwiftShader. WebGL2 needs none. */
export const WEBGPU_FLAGS: readonly string[] = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

// Without an icon the browser would request one, which does not exist.
const PAGE = '<!doctype html><link rel="icon" href="data:,"><script src="tests.js"></script>';

type Exported = Record<string, (...args: never[]) => unknown>;

/** A page that runs the functions of its entry file. */
export interface Page<T extends Exported> {
  call<K extends keyof T & string>(name: K, ...args: Parameters<T[K]>): Promise<Awaited<ReturnType<T[K]>>>;
  /** Uncaught errors and rejections, and errors and warnings on the console. */
  readonly consoleErrors: readonly string[];
  /** Opens a page of the same origin in the same browser. Closing it does not close the browser. */
  another(): Promise<Pick<Page<T>, 'call' | 'close'>>;
  /** Limits the storage of the origin to some bytes. */
  limitStorage(bytes: number): Promise<void>;
  /** The next file that the page offers as a download: its name, and where the browser has put it. */
  nextDownload(): Promise<{ readonly name: string; readonly path: string }>;
  /** Changes the color scheme that the user prefers. */
  colorScheme(scheme: 'light' | 'dark'): Promise<void>;
  /** Writes a picture of the page to a file, if there is a path. */
  screenshot(path: string | undefined): Promise<void>;
  close(): Promise<void>;
}

/** What else the site of a page has. */
export interface SiteOptions {
  /** Entry files of other scripts, which are bundled, by the names of the scripts. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** The contents of other files by their names. */
  readonly files?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens a page with the entry's functions, in a new browser and on a new, secure origin. */
export async function openPage<T extends Exported>(
  entry: string,
  flags: readonly string[] = [],
  { scripts = {}, files = {}, headers = {} }: SiteOptions = {},
): Promise<Page<T>> {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-page-'));
  for (const [name, file] of Object.entries({ 'tests.js': entry, ...scripts })) {
    await build({
      entryPoints: [file],
      outfile: join(folder, name),
      bundle: true,
      format: 'iife',
      globalName: 'tests',
      platform: 'browser',
      target: 'es2022',
    });
  }
  for (const [name, content] of Object.entries({ 'index.html': PAGE, ...files }))
    writeFileSync(join(folder, name), content);
  const site = await serve(folder, headers);
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: [...CHROMIUM_FLAGS, ...flags],
  });
  const context = await browser.newContext();
  const page = await context.newPage();
  const consoleErrors: string[] = [];
  page.on('pageerror', (error) => consoleErrors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) consoleErrors.push(message.text());
  });
  await page.goto(site.url);
  return {
    consoleErrors,
    call: callIn<T>(page),
    another: async () => {
      const other = await context.newPage();
      await other.goto(site.url);
      return { call: callIn<T>(other), close: () => other.close() };
    },
    limitStorage: async (bytes) => {
      const session = await context.newCDPSession(page);
      const { origin } = new URL(site.url);
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: bytes });
    },
    nextDownload: async () => {
      const download = await page.waitForEvent('download');
      return { name: download.suggestedFilename(), path: await download.path() };
    },
    colorScheme: (colorScheme) => page.emulateMedia({ colorScheme }),
    screenshot: async (path) => {
      if (path) await page.screenshot({ path, fullPage: true });
    },
    close: async () => {
      await browser.close();
      await site.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Calls the functions of a page. */
const callIn =
  <T extends Exported>(page: ChromiumPage): Page<T>['call'] =>
  (name, ...args) =>
    page.evaluate(
      ([name, args]) => {
        const { tests } = globalThis as { tests?: Record<string, (...args: unknown[]) => unknown> };
        return tests![name as string]!(...(args as unknown[]));
      },
      [name, args],
    ) as never;
