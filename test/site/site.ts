import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/browser/chromium.ts';
import { type Site, serve } from '../../scripts/browser/serve.ts';
import { STANDSTILL } from './eventually.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** How the page is served: with headers that isolate it, without them, or from an address that is not secure. */
export type Hosting = 'isolated' | 'static' | 'insecure';

/** A page of the site in Chromium. */
export interface OpenPage {
  readonly page: Page;
  /** Uncaught errors, and errors and warnings on the console. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** The site as users get it, built from the sources and served. */
export class BuiltSite {
  readonly #folder: string;
  readonly #browser: Browser;
  readonly #sites: Readonly<Record<Hosting, Site>>;

  private constructor(folder: string, browser: Browser, isolated: Site, plain: Site) {
    this.#folder = folder;
    this.#browser = browser;
    const { port } = new URL(plain.url);
    const insecure = { url: `http://insecure.test:${port}/`, close: async () => {} };
    this.#sites = { isolated, static: plain, insecure };
  }

  static async build(): Promise<BuiltSite> {
    const folder = mkdtempSync(join(tmpdir(), 'ndgrad-site-'));
    const aliases = ['browser', 'charts', 'data', 'io', 'metrics'].map((entry) => ({
      find: `ndgrad/${entry}`,
      replacement: join(root, `src/${entry}.ts`),
    }));
    await build({
      root: join(root, 'site'),
      configFile: join(root, 'site/vite.config.ts'),
      resolve: { alias: [...aliases, { find: /^ndgrad$/, replacement: join(root, 'src/index.ts') }] },
      build: { outDir: folder, emptyOutDir: true },
      logLevel: 'warn',
    });
    const browser = await chromium.launch({
      executablePath: findChromium()!,
      args: [...CHROMIUM_FLAGS, '--host-resolver-rules=MAP insecure.test localhost'],
    });
    return new BuiltSite(folder, browser, await serve(folder, ISOLATION), await serve(folder, {}));
  }

  /** Opens a page in a new profile. */
  async open(fragment: string, hosting: Hosting, options: BrowserContextOptions = {}): Promise<OpenPage> {
    const context = await this.#browser.newContext(options);
    context.setDefaultTimeout(STANDSTILL);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // Chromium says so when a page asks for an adapter of WebGPU and there is none.
      if (message.text() === 'No available adapters.') return;
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    await page.goto(`${this.#sites[hosting].url}#${fragment}`);
    return { page, problems, close: () => context.close() };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await Promise.all(Object.values(this.#sites).map((site) => site.close()));
    rmSync(this.#folder, { recursive: true });
  }
}
