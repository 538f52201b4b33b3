import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, openPage, type Page } from '../backends/gpu/page/page.ts';
import type * as functions from './charts-page.ts';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe.skipIf(chromiumMissing !== null)(`charts in Chromium${chromiumMissing ?? ''}`, () => {
  let page: Page<typeof functions>;
  beforeAll(async () => {
    page = await openPage<typeof functions>(file('charts-page.ts'), [], {
      scripts: { 'worker.js': file('training-worker.ts') },
    });
    await page.call('drawAll', 6);
  });
  afterAll(() => page.close());

  it('are drawn, with what screen readers need', async () => {
    expect(await page.call('descriptions')).toEqual({
      loss: expect.stringMatching(/^Loss: loss 0\.\d+, val_loss 0\.\d+ after epoch 6 of 6$/),
      metrics: expect.stringMatching(/^Metrics: accuracy 0\.\d+, val_accuracy 0\.\d+ after epoch 6 of 6$/),
      confusion: expect.stringMatching(/inside\s+outside\s+inside\s+\d+\s+\d+\s+outside\s+\d+\s+\d+/),
      roc: expect.stringMatching(/^ROC, area 0\.9\d+: .*; the area under the curve is 0\.9\d+$/),
      images: expect.stringMatching(/^Rings: 8 images of 28 x 28 pixels: radius 2, radius 3/),
      weights: expect.stringMatching(/^Weights: after epoch 6: 0\.kernel \[2, 32\] from -[\d.]+ to [\d.]+; /),
    });
    for (const name of ['loss', 'metrics', 'roc', 'images', 'weights'])
      expect((await page.call('inkOf', name)).pixels, name).toBeGreaterThan(300);
    expect(page.consoleErrors).toEqual([]);
  });

  it('show batches, training and validation', async () => {
    expect(await page.call('legendOf', 'loss')).toEqual(['epoch', 'batch', 'loss', 'val_loss']);
    expect(await page.call('legendOf', 'metrics')).toEqual(['epoch', 'accuracy', 'val_accuracy']);
  });

  it('follow light and dark', async () => {
    const light = await page.call('colorOf', 'weights');
    await page.colorScheme('dark');
    await page.call('frames', 3);
    expect(await page.call('colorOf', 'weights')).toBeGreaterThan(light + 50);
    expect(await page.call('colorOf', 'loss')).toBeGreaterThan(0);
    await page.screenshot(process.env.SCREENSHOTS && `${process.env.SCREENSHOTS}/dark.png`);
    await page.colorScheme('light');
    await page.call('frames', 3);
    expect(await page.call('colorOf', 'weights')).toBe(light);
    await page.screenshot(process.env.SCREENSHOTS && `${process.env.SCREENSHOTS}/light.png`);
  });

  it('take the width of their element', async () => {
    expect(await page.call('resize', 'loss', 300)).toBe(300);
  });

  it('are updated by a training in a worker', async () => {
    expect(await page.call('inWorker')).toEqual([
      expect.stringMatching(/^Loss: loss \d\.\d+ after epoch 2 of 2$/),
      expect.stringMatching(/^Weights: after epoch 2: \S+ \[[\d, ]+\] from -[\d.]+ to [\d.]+; /),
    ]);
  });

  it('refuse wrong arguments', async () => {
    expect(await page.call('errors')).toEqual([
      "[lossChart] got element null, wanted an element of the page: document.getElementById('chart').",
      '[lossChart] got height 3, wanted a number of at least 60.',
      "[metricsChart] got the unknown option 'tittle', wanted one of title, height. Did you mean 'title'?",
      '[confusionChart] got matrix an array, wanted as many rows as columns: [[50, 2], [3, 45]].',
      '[confusionChart] got classes an array, wanted an array of 1 names.',
      '[imageChart] got images an object, wanted { data, shape: [count, rows, columns, channels] }.',
      expect.stringContaining('[imageChart] got shape [1, 2, 2] for 2 values of data'),
      '[weightsChart] got bins 0, wanted a whole number of at least 1.',
    ]);
  });
});
