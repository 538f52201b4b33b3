import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/browser/chromium.ts';
import { chromiumMissing } from '../backends/gpu/page/page.ts';
import { answer, draw, paper } from '../site/drawing.ts';
import { strokeDigits } from '../site/stroke-digits.ts';
import { mnistProgram } from './program.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-drawing-page-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const train = mnistProgram();

it.skipIf(chromiumMissing !== null)(
  `one draws digits for the best model on a page from the disk${chromiumMissing ?? ''}`,
  async () => {
    const flags = ['--models', 'softmax,lenet', '--epochs', '1', '--limit', '6000'];
    const folders = ['--save', join(scratch, 'models'), '--out', join(scratch, 'out')];
    expect(train([...flags, ...folders])).toMatchObject({ status: 0, stderr: '' });
    const browser = await chromium.launch({ executablePath: findChromium()!, args: CHROMIUM_FLAGS });
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
      page.on('console', (message) => problems.push(message.text()));
      await page.goto(pathToFileURL(join(scratch, 'out/report.html')).href);
      await page.getByRole('link', { name: 'Draw digits for it' }).click();
      await paper(page).waitFor();
      expect(await page.title()).toBe('Draw a digit for lenet, seed 1');
      const found: number[] = [];
      for (const strokes of strokeDigits) {
        await draw(page, strokes);
        found.push((await answer(page))[0]);
        await page.getByRole('button', { name: 'Clear' }).click();
        await expect.poll(() => page.locator('.answer').textContent()).toBe('? ');
      }
      expect(found.filter((digit, i) => digit === i).length, `${found}`).toBeGreaterThanOrEqual(8);
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
