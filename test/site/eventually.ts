import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

/** Milliseconds in which a page that works changes, on however busy a machine. */
export const STANDSTILL = 300_000;

/**
 * Repeats a check until it passes. It may take any time, as long as the text of the page changes. A page that stays the same for
 * five minutes hangs, and the check's error is thrown.
 */
export async function eventually(page: Page, check: () => Promise<void>): Promise<void> {
  let text = '';
  let changed = performance.now();
  while (true) {
    try {
      return await check();
    } catch (error) {
      const now = await page.locator('body').innerText();
      if (now !== text) changed = performance.now();
      else if (performance.now() - changed > STANDSTILL) throw error;
      text = now;
      await sleep(50);
    }
  }
}
