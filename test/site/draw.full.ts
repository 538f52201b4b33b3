import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dense, oneHot, saveModel, tensor } from '../../src/index.ts';
import { chromiumMissing } from '../backends/gpu/page/page.ts';
import { answer, draw, paper, status } from './drawing.ts';
import { eventually } from './eventually.ts';
import { BuiltSite, type Hosting } from './site.ts';
import { strokeDigits } from './stroke-digits.ts';

async function clear(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Clear' }).click();
  await eventually(page, async () => expect(await status(page).textContent()).toBe('No drawing'));
}

/** Lets go of a file above the paper, as a user drops one. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([name, numbers]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(numbers as number[])], name as string));
      return transfer;
    },
    [name, [...bytes]] as const,
  );
  await paper(page).dispatchEvent('drop', { dataTransfer: transfer });
}

/** A network that looks at nothing. */
const alwaysSix = new Dense(784, 10, {
  kernelInitializer: 'zeros',
  biasInitializer: () => oneHot(tensor(6, { dtype: 'int32' }), 10),
});

describe.skipIf(chromiumMissing !== null)(`drawing in Chromium${chromiumMissing ?? ''}`, () => {
  let site: BuiltSite;
  beforeAll(async () => {
    site = await BuiltSite.build();
  });
  afterAll(() => site.close());

  for (const hosting of ['isolated', 'static', 'insecure'] satisfies Hosting[]) {
    it(`recognizes drawn digits, ${hosting}`, async () => {
      const { page, problems, close } = await site.open('tab=draw', hosting);
      await paper(page).waitFor();
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(hosting !== 'insecure');
      const found: number[] = [];
      for (const strokes of strokeDigits) {
        await draw(page, strokes);
        found.push((await answer(page))[0]);
        await clear(page);
      }
      expect(found.filter((digit, i) => digit === i).length, `${found}`).toBeGreaterThanOrEqual(8);
      expect(problems).toEqual([]);
      await close();
    });
  }

  it('shows probabilities, the outputs of layers and gradients', async () => {
    const { page, problems, close } = await site.open('tab=draw', 'isolated');
    await draw(page, strokeDigits[7]!);
    const [digit, percent] = await answer(page);
    const bars = page.locator('.bars button');
    const labels = await bars.evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel!));
    expect(labels[digit]).toBe(`${digit}: ${percent.toFixed(1)} %`);
    const sum = labels.reduce((sum, label) => sum + Number.parseFloat(label.slice(3)), 0);
    expect(Math.abs(sum - 100)).toBeLessThan(1);

    const pictures = await page.getByRole('img').evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel));
    expect(pictures).toEqual([
      'The drawing in 28 x 28 pixels',
      `How each pixel changes the score of ${digit}`,
      'Output of layer 1, Conv2D: 16 pictures of 24 × 24',
      ...Array.from({ length: 6 }, () => expect.stringMatching(/^Output of layer \d, .*: \d+ /)),
      'Output of layer 8, Dense: 10 numbers',
    ]);

    const gradient = page.locator('.views .pictures').last();
    const before = await pixelsOf(gradient);
    await bars.nth(2).click();
    await eventually(page, async () =>
      expect(await gradient.getAttribute('aria-label')).toBe('How each pixel changes the score of 2'),
    );
    expect(await bars.nth(2).getAttribute('aria-pressed')).toBe('true');
    expect(await pixelsOf(gradient)).not.toBe(before);
    expect(problems).toEqual([]);
    await close();
  });

  it('is usable by keyboard', async () => {
    const { page, problems, close } = await site.open('tab=draw', 'isolated');
    await paper(page).focus();
    await page.keyboard.press('Space');
    for (let i = 0; i < 15; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    expect((await answer(page))[0]).toBe(1);
    // A line to the left from the top makes it a 7.
    for (let i = 0; i < 15; i++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    await eventually(page, async () => expect(await status(page).textContent()).toMatch(/^7, /));
    await page.keyboard.press('Backspace');
    await eventually(page, async () => expect(await status(page).textContent()).toMatch(/^1, /));
    await page.keyboard.press('Delete');
    await eventually(page, async () => expect(await status(page).textContent()).toBe('No drawing'));
    await page.keyboard.press('Control+z');
    await eventually(page, async () => expect(await status(page).textContent()).toMatch(/^1, /));
    expect(problems).toEqual([]);
    await close();
  });

  it('takes fingers, and ignores a second one', async () => {
    const { page, problems, close } = await site.open('tab=draw', 'isolated', { hasTouch: true });
    await paper(page).scrollIntoViewIfNeeded();
    const { x, y, width } = (await paper(page).boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: [number, number][]) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([px, py], id) => ({ x: x + px * width, y: y + py * width, id })),
      });
    await touch('touchStart', [0.5, 0.1]);
    for (let i = 1; i <= 8; i++) await touch('touchMove', [0.5, 0.1 + i / 10], [0.1, 0.5]);
    await touch('touchEnd');
    expect((await answer(page))[0]).toBe(1);
    expect(problems).toEqual([]);
    await close();
  });

  it('takes a dropped model, and says what is wrong with one', async () => {
    const { page, problems, close } = await site.open('tab=draw', 'isolated');
    await draw(page, strokeDigits[3]!);
    expect((await answer(page))[0]).toBe(3);

    await drop(page, 'always-six.safetensors', await saveModel(alwaysSix));
    await eventually(page, async () => expect(await status(page).textContent()).toMatch(/^6, /));
    const select = page.getByLabel('Network');
    const used = () => select.locator('option:checked').textContent();
    expect(await used()).toBe('always-six.safetensors');

    await drop(page, 'text.safetensors', new TextEncoder().encode('hello'));
    await eventually(page, async () =>
      expect(await page.getByRole('alert').textContent()).toMatch(/^\[loadModel\] got /),
    );
    await drop(page, 'other.safetensors', await saveModel(new Dense(4, 2)));
    await eventually(page, async () =>
      expect(await page.getByRole('alert').textContent()).toMatch(/wanted one that takes images of 28 x 28/),
    );
    expect(await status(page).textContent()).toMatch(/^6, /);
    expect(await used()).toBe('always-six.safetensors');

    await select.selectOption({ index: 0 });
    await eventually(page, async () => expect(await status(page).textContent()).toMatch(/^3, /));
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(problems).toEqual([]);
    await close();
  });

  const folder = process.env.SCREENSHOTS;
  it.runIf(folder)('has pictures to look at', async () => {
    const desktop = { viewport: { width: 1280, height: 900 } };
    const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true };
    for (const [name, size] of Object.entries({ desktop, phone })) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, close } = await site.open('tab=draw', 'isolated', { ...size, colorScheme });
        await draw(page, strokeDigits[3]!);
        await answer(page);
        await page.screenshot({ path: join(folder!, `draw-${name}-${colorScheme}.png`), fullPage: true });
        await close();
      }
    }
  });
});

/** What a row of pictures shows. */
const pixelsOf = (row: Locator): Promise<string> =>
  row
    .locator('canvas')
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
