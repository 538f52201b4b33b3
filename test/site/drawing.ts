import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Stroke } from '../../site/src/draw/strokes.ts';
import { eventually } from './eventually.ts';

// What tests do on a page in which one draws digits.

/** Where one draws. */
export const paper = (page: Page): Locator => page.locator('canvas.paper');
/** What screen readers say. */
export const status = (page: Page): Locator => page.locator('.draw [role=status]');

/** Waits until the answer for the drawing is there: the most probable digit and its probability in percent. */
export async function answer(page: Page): Promise<readonly [digit: number, percent: number]> {
  await eventually(page, async () => expect(await status(page).textContent()).toMatch(/^\d, [\d.]+ %$/));
  const [digit, percent] = (await status(page).textContent())!.split(', ');
  return [Number(digit), Number.parseFloat(percent!)];
}

/** Draws with the mouse. */
export async function draw(page: Page, strokes: readonly Stroke[]): Promise<void> {
  await paper(page).scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await paper(page).boundingBox())!;
  for (const stroke of strokes) {
    for (const [i, point] of stroke.entries()) {
      await page.mouse.move(x + point[0] * width, y + point[1] * height);
      if (i === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
}
