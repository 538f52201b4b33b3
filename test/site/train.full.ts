import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDigits } from '../../site/scripts/write-digits.ts';
import { SHARD } from '../../site/src/digits/format.ts';
import { loadModel } from '../../src/index.ts';
import { loadMnist } from '../../src/node.ts';
import { chromiumMissing } from '../backends/gpu/page/page.ts';
import { eventually } from './eventually.ts';
import { BuiltSite, type OpenPage } from './site.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A small network on 20,000 digits, which passes 97 % after two epochs. */
const SMALL = 'net=conv-8-5-relu_pool-2_dense-64-relu&shards=4&batch=128&rate=0.005&epochs=2';
/** One that takes little time, for many epochs of 20 steps. */
const TINY = 'net=dense-16-relu_dropout-0.1&shards=1&epochs=40';

const train = (page: Page) => page.getByRole('button', { name: 'Train', exact: true });
const status = (page: Page) => page.locator('#panel-train .status').textContent();
const click = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const code = (page: Page) => page.locator('pre[aria-label="The program"]');

/** Waits until training has ended; the hash that the page shows then. */
async function trainedHash(page: Page): Promise<string> {
  await eventually(page, async () => expect(await train(page).isEnabled()).toBe(true));
  await page.locator('#hash').waitFor();
  return (await page.locator('#hash').textContent())!;
}

const epochIn = (status: string): number => Number(/^Epoch (\d+) /.exec(status)?.[1] ?? 0);

/** Trains one step and then ten at a time, and pauses, so that training cannot end before the test goes on. */
async function pauseAfter(page: Page, steps: number): Promise<void> {
  await click(page, 'Step');
  for (let step = 1; ; step += 10) {
    await eventually(page, async () => expect(await status(page)).toContain(`step ${step} `));
    if (step >= steps) return;
    await click(page, '10 steps');
  }
}

describe.skipIf(chromiumMissing !== null)(`training in Chromium${chromiumMissing ?? ''}`, () => {
  let site: BuiltSite;
  beforeAll(async () => {
    await writeDigits(join(root, 'site/public/digits'), await loadMnist(), SHARD);
    site = await BuiltSite.build();
  });
  afterAll(() => site.close());

  async function check(
    { page, problems, close }: OpenPage,
    work: (page: Page) => Promise<void>,
  ): Promise<void> {
    await page.locator('.environment').waitFor();
    await work(page);
    expect(problems).toEqual([]);
    await close();
  }

  it('passes 97 %, and gives the model to the other tabs and to files', async () => {
    await check(await site.open(SMALL, 'static'), async (page) => {
      await eventually(page, async () => expect(await page.evaluate(() => crossOriginIsolated)).toBe(true));
      await train(page).click();
      const hash = await trainedHash(page);
      expect(Number.parseFloat((await status(page))!)).toBeGreaterThan(97);
      for (const name of ['Loss:', 'Accuracy:', 'Weights of the first layer', 'Mistakes', 'Accuracy of runs'])
        expect(await page.locator(`[role=img][aria-label^="${name}"]`).count(), name).toBe(1);
      const cells = await page.locator('table td.strong').allTextContents();
      expect(cells).toHaveLength(10);

      const file = async (name: string): Promise<Buffer> => {
        const download = page.waitForEvent('download');
        await click(page, name);
        return readFileSync(await (await download).path());
      };
      expect(
        createHash('sha256')
          .update(await file('Download the weights'))
          .digest('hex'),
      ).toBe(hash);
      const { model: loaded } = await loadModel(await file('Download the model'));
      expect(loaded.parameters().map(({ shape }) => shape)).toEqual([
        [5, 5, 1, 8],
        [8],
        [1152, 64],
        [64],
        [64, 10],
        [10],
      ]);

      await page.getByRole('tab', { name: 'Draw' }).click();
      const networks = page.locator('#panel-draw select option');
      await eventually(page, async () => expect(await networks.allTextContents()).toHaveLength(2));
    });
  });

  it('gives the same bits without isolation, after a reload, and from a link', async () => {
    let hash = '';
    let link = '';
    await check(
      await site.open(TINY, 'isolated', { permissions: ['clipboard-read', 'clipboard-write'] }),
      async (page) => {
        await pauseAfter(page, 41);
        // A learning rate that is set by hand becomes part of the link.
        await page.getByLabel('Learning rate').fill('0.0005');
        await page.getByLabel('Learning rate').press('Enter');
        await click(page, 'Go on');
        hash = await trainedHash(page);
        await click(page, 'Copy link');
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        link = new URL(await page.evaluate(() => navigator.clipboard.readText())).hash.slice(1);
        expect(link).toMatch(/rates=\d+-0\.0005&.*hash=/);
      },
    );
    // Without service workers nothing isolates a page whose server sends no headers.
    await check(await site.open('', 'static'), async (page) => {
      await page.evaluate(async () => {
        for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister();
      });
      const { origin } = new URL(page.url());
      await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker'));
      await page.goto('about:blank');
      await page.goto(`${origin}/#${link}`);
      await eventually(page, async () => expect(await page.evaluate(() => crossOriginIsolated)).toBe(false));
      await page.locator('.environment').waitFor();
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(await page.locator('.environment summary').textContent()).toContain('1 thread');
      await train(page).click();
      expect(await trainedHash(page)).toBe(hash);
      expect(await page.locator('#same').textContent()).toContain('The same bits');
    });
    await check(await site.open(link, 'isolated'), async (page) => {
      await pauseAfter(page, 211);
      await page.addInitScript(() => {
        const seen: string[] = [];
        Object.assign(globalThis, { seen });
        new MutationObserver(() => {
          const text = document.querySelector('#panel-train .status')?.textContent;
          if (text?.startsWith('Epoch ')) seen.push(text);
        }).observe(document, { subtree: true, childList: true, characterData: true });
      });
      await page.reload();
      expect(await trainedHash(page)).toBe(hash);
      // Training went on by itself, from a checkpoint.
      const [first] = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
      expect(epochIn(first!)).toBeGreaterThan(10);
      const lines = await page.locator('[role=img][aria-label^="Accuracy:"]').getAttribute('aria-label');
      expect(lines).toContain('after epoch 40 of 40');
    });
  });

  it('begins with the first digits while the others load, and its link gives the same bits', async () => {
    let hash = '';
    let link = '';
    await check(await site.open('net=&epochs=2', 'isolated'), async (page) => {
      let release = (): void => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route(/train-0[2-9]|train-1/, async (route) => {
        await released;
        await route.continue();
      });
      await train(page).click();
      await page.getByText('Loaded 10,000 of 60,000 digits').waitFor();
      await click(page, 'Begin with 10,000 digits');
      hash = await trainedHash(page);
      expect(await page.getByLabel('Training digits').inputValue()).toBe('2');
      link = new URL(page.url()).hash.slice(1);
      expect(link).toContain('shards=2');
      release();
      await page.getByLabel('Training digits').selectOption('12');
      await pauseAfter(page, 1);
      expect(await status(page)).toContain('60,000 of 60,000 digits');
      await click(page, 'Go on');
      expect(await trainedHash(page)).not.toBe(hash);
    });
    await check(await site.open(link, 'isolated'), async (page) => {
      await train(page).click();
      expect(await trainedHash(page)).toBe(hash);
    });
  });

  it('works from an address that is not secure', async () => {
    await check(await site.open('net=&shards=1&epochs=1', 'insecure'), async (page) => {
      await train(page).click();
      expect(await trainedHash(page)).toBe('needs https');
    });
  });

  it.each([
    'net=dense-16-tanh_dropout-0.1&epochs=1&batch=512',
    'net=dense-16-tanh_dropout-0.1&epochs=2&batch=512&shards=1',
    'net=&epochs=1&shards=7&order=sorted',
    'net=conv-2-5-relu_pool-4&epochs=1&batch=1000&optimizer=momentum&pixels=raw&order=sorted&init=heNormal&rate=1e-5&rates=20-0.000001',
  ])('shows a program that gives its bits: %s', async (configuration) => {
    const folder = mkdtempSync(join(tmpdir(), 'ndgrad-program-'));
    await check(await site.open(configuration, 'isolated'), async (page) => {
      const program = join(folder, 'train.mts');
      writeFileSync(program, (await code(page).textContent())!);
      await train(page).click();
      const hash = await trainedHash(page);
      const output = execFileSync('npx', ['tsx', program], { cwd: root, encoding: 'utf8' });
      expect(output.trim().split('\n').at(-1)).toBe(hash);
    });
    rmSync(folder, { recursive: true });
  });

  it('pauses, goes on by steps, and stops', async () => {
    await check(await site.open(TINY.replace('epochs=40', 'epochs=1000'), 'isolated'), async (page) => {
      await pauseAfter(page, 11);
      await page.locator('[role=img][aria-label^="Weights"]').waitFor();
      const digit = (text: RegExp) => page.locator('#panel-train p', { hasText: text }).waitFor();
      await digit(/^A \d; the network says \d, with [\d.]+ %$/);
      const outputs = page.locator('[role=img][aria-label^="What the first layer gives"]');
      expect(await outputs.getAttribute('aria-label')).toMatch(/16 images .*: \d/);
      await click(page, 'Go on');
      await eventually(page, async () => expect(epochIn((await status(page))!)).toBeGreaterThan(1));
      await click(page, 'Pause');
      await page.getByRole('button', { name: 'Go on' }).waitFor();
      expect(await page.getByLabel('Epochs', { exact: true }).isDisabled()).toBe(true);
      await click(page, 'Stop');
      await trainedHash(page);
      expect(await status(page)).toContain('stopped by hand');
      // The network can still be asked for other digits.
      const before = await outputs.getAttribute('aria-label');
      await page.getByLabel('Test digit').fill('18');
      await page.getByLabel('Test digit').press('Enter');
      await eventually(page, async () => expect(await outputs.getAttribute('aria-label')).not.toBe(before));
      expect(await page.getByLabel('Epochs', { exact: true }).isEnabled()).toBe(true);
    });
  });

  it.each([
    ['Learning rate too high', 'units of layer 0 (Dense) are 0'],
    ['Unscaled input', 'got values up to 255'],
    ['Zero initialization', "the gradient of Parameter '0.kernel' vanishes"],
    ['No shuffling', 'shuffle the data'],
  ])('ruins training: %s', async (title, warning) => {
    await check(await site.open('shards=1', 'isolated'), async (page) => {
      await click(page, title);
      await trainedHash(page);
      const text = await page.locator('.card', { hasText: 'What happened' }).last().textContent();
      expect(text).toContain(warning);
      const [right] = /[\d.]+(?= % of the test digits)/.exec(text!)!;
      expect(Number(right)).toBeLessThan(70);
      await click(page, 'Repair it');
      await trainedHash(page);
      expect(Number.parseFloat((await status(page))!)).toBeGreaterThan(80);
    });
  });

  it('measures kernels, which changes no bits', async () => {
    let hash = '';
    await check(await site.open(TINY, 'isolated'), async (page) => {
      await train(page).click();
      hash = await trainedHash(page);
    });
    await check(await site.open(TINY, 'isolated'), async (page) => {
      await page.getByText('The plan: the kernels').click();
      const measure = page.getByRole('button', { name: 'Measure the kernels' });
      expect(await measure.isDisabled()).toBe(true);
      await pauseAfter(page, 1);
      await measure.click();
      await click(page, 'Go on');
      await page.getByText(/A training step has \d+ kernels, which take [\d.]+ ms/).waitFor();
      const times = await page.locator('.kernels .number').allTextContents();
      expect(times.length).toBeGreaterThan(5);
      expect(times.some((time) => Number(time) > 0)).toBe(true);
      expect(await trainedHash(page)).toBe(hash);
    });
  });

  it('edits the list of layers, and says why a network is impossible', async () => {
    await check(await site.open('net=dense-16-relu', 'isolated'), async (page) => {
      await page.getByLabel('Add a layer').selectOption('conv');
      await eventually(page, async () =>
        expect(await code(page).textContent()).toContain('new Conv2D(1, 16, 3'),
      );
      await page.getByRole('button', { name: 'Move down: Layer 1, Conv2D' }).click();
      await eventually(page, async () => expect(await train(page).isDisabled()).toBe(true));
      await page.getByText('layer 2 needs an image').waitFor();
      await page.getByRole('button', { name: 'Remove: Layer 2, Conv2D' }).click();
      await page.getByLabel('Units of Layer 1, Dense').fill('20');
      await page.getByLabel('Units of Layer 1, Dense').press('Enter');
      await eventually(page, async () => expect(new URL(page.url()).hash).toContain('net=dense-20-relu'));
    });
  });

  it('is usable by keyboard', async () => {
    await check(await site.open('', 'isolated'), async (page) => {
      await page.getByRole('tab', { name: 'Train' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      expect(await page.getByRole('tab', { name: 'Boundaries' }).getAttribute('aria-selected')).toBe('true');
      await page.locator('#panel-boundaries .surface').waitFor();
      await page.keyboard.press('Home');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Train');
    });
  });

  it.each(['spirals', 'circles', 'xor'])('learns %s', async (problem) => {
    await check(await site.open(`tab=boundaries&b.problem=${problem}`, 'isolated'), async (page) => {
      const panel = page.locator('#panel-boundaries');
      const right = async (): Promise<number> =>
        Number(/([\d.]+) % of the points/.exec((await panel.locator('.status').textContent())!)?.[1] ?? 0);
      await click(page, 'One epoch');
      await eventually(page, async () => expect(await right()).toBeGreaterThan(0));
      await panel.getByRole('button', { name: 'Train' }).click();
      await eventually(page, async () => expect(await right()).toBeGreaterThan(95));
      expect(await panel.locator('.units canvas').count()).toBe(32);
    });
  });

  const folder = process.env.SCREENSHOTS;
  it.runIf(folder)('has pictures to look at', async () => {
    const desktop = { viewport: { width: 1280, height: 900 } };
    const phone = {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
    };
    for (const [name, size] of Object.entries({ desktop, phone })) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await check(
          await site.open('shards=1&epochs=8', 'isolated', { ...size, colorScheme }),
          async (page) => {
            const picture = (tab: string) =>
              page.screenshot({ path: join(folder!, `${tab}-${name}-${colorScheme}.png`), fullPage: true });
            await click(page, 'Zero initialization');
            await trainedHash(page);
            await click(page, 'Repair it');
            await trainedHash(page);
            await page.evaluate(() => scrollTo(0, 0));
            await picture('train');
            await page.getByRole('tab', { name: 'Boundaries' }).click();
            const panel = page.locator('#panel-boundaries');
            await panel.getByRole('button', { name: 'Train' }).click();
            await panel.getByText(/Epoch 1\d\d /).waitFor();
            await picture('boundaries');
          },
        );
      }
    }
  });
});
