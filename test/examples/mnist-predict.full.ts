import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadMnist } from '../../src/node.ts';
import { mnistProgram } from './program.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-predict-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const flags = ['--models', 'reference', '--epochs', '4', '--limit', '6000', '--batch-size', '100'];
const train = mnistProgram();
const predict = mnistProgram('mnist-predict');
const model = join(scratch, 'models', 'mnist-reference-1.safetensors');
const recognize = (...args: string[]) => predict(args);

beforeAll(() => {
  const { status, stderr } = train([
    ...flags,
    '--out',
    join(scratch, 'out'),
    '--save',
    join(scratch, 'models'),
  ]);
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

/** Dark ink on light paper, four times as large and in a corner, as RGBA. */
function drawn(pixels: Uint8Array): { width: number; height: number; data: Uint8Array } {
  const [width, height] = [160, 200];
  const data = new Uint8Array(4 * width * height).fill(240);
  for (let y = 0; y < 112; y++) {
    for (let x = 0; x < 112; x++) {
      const ink = pixels[28 * (y >> 2) + (x >> 2)]!;
      const at = 4 * ((y + 80) * width + x + 10);
      data.set([240 - ink * 0.8, 240 - ink * 0.8, 240 - ink * 0.5], at);
    }
  }
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { width, height, data };
}

test('recognizes digits in PNG and JPEG files', async () => {
  const { images, labels } = (await loadMnist()).test;
  const files = Array.from({ length: 40 }, (_, i) => {
    const image = drawn(images.data.subarray(784 * i, 784 * (i + 1)));
    const path = join(scratch, `${i}.${i % 2 === 0 ? 'png' : 'jpg'}`);
    writeFileSync(path, i % 2 === 0 ? encodePng({ ...image, channels: 4 }) : jpeg.encode(image, 90).data);
    return path;
  });
  const { status, stdout, stderr } = recognize('--model', model, ...files);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const found = stdout.trim().split('\n');
  expect(found).toHaveLength(40);
  const right = found.filter((line, i) => line.startsWith(`${files[i]}: ${labels.data[i]} (`));
  expect(right.length).toBeGreaterThanOrEqual(35);
});

test('the report links to a page in which one draws digits for the model, without other files', () => {
  const read = (name: string): string => readFileSync(join(scratch, 'out', name), 'utf8');
  expect(read('report.html')).toContain('<a href="draw.html">Draw digits for it</a>');
  const page = read('draw.html');
  expect(page).toContain('data-title="reference, seed 1" data-about="two hidden layers of 128');
  expect(page).toContain(`id="model">${readFileSync(model).toString('base64')}</script>`);
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&#39;', "'");
  expect(policy).toMatch(/^default-src 'none'; /);
  for (const [kind, pattern] of [
    ['script-src', /<script type="module">(.*?)<\/script>/s],
    ['style-src', /<style>(.*?)<\/style>/s],
  ] as const) {
    const hash = createHash('sha256').update(pattern.exec(page)![1]!).digest('base64');
    expect(policy).toContain(`${kind} 'sha256-${hash}'`);
  }
  expect(page).not.toMatch(/<(script|img|link)[^>]* (src|href)=/);
});

test('files that are no images get a line each', () => {
  const text = join(scratch, 'a.txt');
  const broken = join(scratch, 'broken.png');
  writeFileSync(text, 'hello');
  writeFileSync(broken, 'hello');
  const { status, stderr } = recognize('--model', model, text, broken, join(scratch, 'none.png'));
  expect(status).toBe(1);
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(`${text}: got the ending '.txt', wanted .png, .jpg or .jpeg`);
  expect(recognize('--model', text, broken)).toMatchObject({ status: 1 });
  expect(recognize(broken)).toMatchObject({ status: 2 });
});
