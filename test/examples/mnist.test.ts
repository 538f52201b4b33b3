import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-example-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** Runs `examples/mnist.ts` as `npm run mnist -- ...` does. */
function mnist(...args: string[]) {
  const { MNIST_DIR: _, ...env } = process.env;
  return spawnSync(process.execPath, ['--import', 'tsx', 'examples/mnist.ts', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
}

function train(out: string, ...args: string[]) {
  const dir = join(scratch, out);
  const run = mnist('--epochs', '2', '--limit', '300', '--batch-size', '25', '--out', dir, ...args);
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  expect(readdirSync(dir)).toEqual(['results.json']);
  return { stdout: run.stdout, results: JSON.parse(readFileSync(join(dir, 'results.json'), 'utf8')) };
}

const untimed = (results: { models: { secondsPerEpoch: number }[] }) => ({
  ...results,
  models: results.models.map((model) => ({ ...model, secondsPerEpoch: 0 })),
});

describe('npm run mnist', { timeout: 120_000 }, () => {
  let first: ReturnType<typeof train>;
  beforeAll(() => {
    first = train('first', '--models', 'softmax,reference', '--seed', '5');
  }, 120_000);

  it('prints a table of the models and the published numbers', () => {
    expect(first.stdout).toMatch(
      /^model +parameters +epochs +s\/epoch +train loss +test loss +accuracy +macro F1 +errors$/m,
    );
    expect(first.stdout).toMatch(/^softmax +7,850 +2 /m);
    expect(first.stdout).toMatch(/^reference +118,282 +2 /m);
    expect(first.stdout).toMatch(/^published +118,282 +10 .* 0\.0842 +97\.42 % .* 258$/m);
  });

  it('writes results.json with exactly the promised fields', () => {
    expect(Object.keys(first.results)).toEqual(['seed', 'backend', 'threads', 'models']);
    expect(first.results.seed).toBe(5);
    expect(first.results.models.map(({ name }: { name: string }) => name)).toEqual(['softmax', 'reference']);
    for (const model of first.results.models) {
      expect(Object.keys(model).join()).toBe(
        'name,parameters,epochs,secondsPerEpoch,history,test,predictions,parametersHash',
      );
      expect(Object.keys(model.test)).toEqual(['loss', 'accuracy', 'macroF1', 'confusion']);
      expect(model.history.loss).toHaveLength(2);
      expect(model.parametersHash).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('agrees with itself: confusion, predictions, accuracy and the labels of the test set', () => {
    for (const { predictions, test } of first.results.models) {
      const confusion: number[][] = test.confusion;
      const sum = (counts: number[]) => counts.reduce((total, n) => total + n, 0);
      expect(confusion.map(sum)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
      expect(predictions).toHaveLength(10_000);
      for (let digit = 0; digit < 10; digit++) {
        const count = predictions.filter((predicted: number) => predicted === digit).length;
        expect(count).toBe(sum(confusion.map((row) => row[digit]!)));
      }
      expect(test.accuracy).toBeCloseTo(sum(confusion.map((row, i) => row[i]!)) / 10_000, 12);
      expect(test.accuracy).toBeGreaterThan(0.3);
    }
  });

  it('gives the same file for the same seed, whatever else is trained, and another for another', () => {
    const again = train('again', '--models', 'softmax,reference', '--seed', '5').results;
    expect(untimed(again)).toEqual(untimed(first.results));
    const alone = train('alone', '--models', 'reference', '--seed', '5').results;
    expect(untimed(alone).models[0]).toEqual(untimed(first.results).models[1]);
    const other = train('other', '--models', 'reference', '--seed', '6').results;
    expect(other.models[0].parametersHash).not.toBe(alone.models[0].parametersHash);
  });

  it('has the same bits on js and on WebAssembly with 1, 2 and 3 threads', () => {
    const flags = ['--models', 'wide', '--limit', '1536', '--batch-size', '512', '--epochs', '1'];
    const runs = ['js', 'wasm 1', 'wasm 2', 'wasm 3'].map((run) => {
      const [backend, threads] = run.split(' ') as [string, string?];
      const { results } = train(
        run,
        ...flags,
        '--backend',
        backend,
        ...(threads ? ['--threads', threads] : []),
      );
      expect(results).toMatchObject({ backend, threads: Number(threads ?? 1) });
      return untimed(results).models;
    });
    for (const models of runs) expect(models).toEqual(runs[0]);
  });

  it('answers a wrong flag with one line and the usage, and exit code 2', () => {
    const { status, stdout, stderr } = mnist('--epochs', 'many');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^--epochs: got 'many', wanted a whole number from 1 to 10000\n\nUsage: npm run mnist/,
    );
  });

  it('answers a place where it cannot write before it trains', () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    const { status, stderr } = mnist('--out', join(file, 'results'));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^--out: got '.*file\/results', wanted a directory to write to \(ENOTDIR.*\)\n\nUsage/,
    );
  });

  it('answers missing data with one line, and exit code 1', () => {
    const { status, stderr } = mnist('--data', scratch, '--out', join(scratch, 'none'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\[loadMnist\] .*: no train-images-idx3-ubyte there, .*\n$/);
  });

  it('prints the usage when asked', () => {
    const { status, stdout } = mnist('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run mnist/);
    expect(stdout).toMatch(/^ {2}wide +two hidden layers of 512$/m);
  });
});
