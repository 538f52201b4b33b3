import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mnistRuns } from './mnist-runs.ts';

const { scratch, mnist, train } = mnistRuns();

describe('npm run mnist', () => {
  let first: ReturnType<typeof train>;
  beforeAll(() => {
    first = train('first', '--models', 'softmax,reference', '--seed', '5');
  });

  it('prints a table of the models and the published numbers', () => {
    expect(first.stdout).toMatch(
      /^model +parameters +epochs +seconds +train loss +test loss +accuracy, % +95 % interval +macro F1 +errors$/m,
    );
    expect(first.stdout).toMatch(/^softmax +7,850 +2 /m);
    expect(first.stdout).toMatch(/^reference +118,282 +2 /m);
    expect(first.stdout).toMatch(/^published +118,282 +10 .* 0\.0842 +97\.42 .* 258$/m);
    expect(first.stdout).toMatch(/^seed 5: 300 training images$/m);
    expect(first.stdout).toMatch(/^epoch 2\/2 +loss .* accuracy .* s$/m);
    expect(first.stdout).toMatch(/^(All|No) models differ significantly, by McNemar's test, p < 0\.05/m);
    expect(first.stdout).toContain(`Written to ${first.dir}/results.json and ${first.dir}/report.html`);
  });

  it('writes results.json with exactly the promised fields', () => {
    expect(Object.keys(first.results).join()).toBe(
      'dataset,mode,seed,version,backend,threads,models,mcnemar',
    );
    expect(first.results).toMatchObject({ dataset: 'mnist', mode: 'standard', seed: 5 });
    expect(first.results.mcnemar).toHaveLength(1);
    expect(first.results.models.map(({ name }: { name: string }) => name)).toEqual(['softmax', 'reference']);
    for (const model of first.results.models) {
      expect(Object.keys(model).join()).toBe(
        'name,parameters,epochs,trainingImages,validationImages,seconds,secondsPerEpoch,history,test,' +
          'predictions,parametersHash,runs,overall',
      );
      expect(Object.keys(model.test)).toEqual(['loss', 'accuracy', 'macroF1', 'confusion']);
      expect(Object.keys(model.history)).toEqual(['loss', 'accuracy']);
      expect(model.history.loss).toHaveLength(2);
      expect(model.runs).toHaveLength(1);
      expect(model.overall.accuracy).toEqual({ mean: model.test.accuracy });
      expect(model.seconds).toBeCloseTo(2 * model.secondsPerEpoch, 12);
      expect(model.parametersHash).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('writes a report of these models', () => {
    const page = readFileSync(join(first.dir, 'report.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('npm run mnist -- --epochs 2 --limit 300 --batch-size 25 --out');
    for (const { parametersHash } of first.results.models)
      expect(page).toContain(parametersHash.slice(0, 16));
  });

  it('writes consistent confusion matrices, predictions, accuracies and label counts', () => {
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

  it('prints one line and the usage for a wrong flag, with exit code 2', () => {
    const { status, stdout, stderr } = mnist('--epochs', 'many');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^--epochs: got 'many', wanted a whole number from 1 to 10000\n\nUsage: npm run mnist/,
    );
  });

  it('rejects a directory that is not writable before training', () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    const { status, stderr } = mnist('--out', join(file, 'results'));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^--out: got '.*file\/results', wanted a directory to write to \(.*ENOTDIR.*\)\n\nUsage/,
    );
  });

  it('prints one line for missing data, with exit code 1', () => {
    const { status, stderr } = mnist('--data', scratch, '--out', join(scratch, 'none'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\[loadMnist\] .*: found no train-images-idx3-ubyte, wanted .*\n$/);
  });

  it('prints the usage when asked', () => {
    const { status, stdout } = mnist('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run mnist/);
    expect(stdout).toMatch(/^ {2}wide +two hidden layers of 512$/m);
  });
});
