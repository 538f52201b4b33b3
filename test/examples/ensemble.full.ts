import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mnistProgram } from './program.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-example-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('npm run mnist trains a convolutional network once for itself and for its ensemble', () => {
  const flags = '--models cnn,ensemble --quick --epochs 1 --limit 200 --validation 50 --batch-size 25'.split(
    ' ',
  );
  const { stdout, stderr, status } = mnistProgram()([...flags, '--out', scratch]);
  expect([stderr, status]).toEqual(['', 0]);
  expect(stdout.match(/^epoch 1\/1/gm)).toHaveLength(2);
  expect(stdout).toMatch(/^trained above, .* s: .*mnist-cnn-1-[0-9a-f]{8}\.json$/m);
  const results = JSON.parse(readFileSync(join(scratch, 'results.json'), 'utf8'));
  const [cnn, ensemble] = results.models;
  expect(results.mode).toBe('quick');
  expect(ensemble.parameters).toBe(2 * cnn.parameters);
  expect(ensemble.seconds).toBeGreaterThan(cnn.seconds);
  expect(ensemble.history).toEqual({});
  expect(ensemble.test.loss).not.toBe(cnn.test.loss);
});
