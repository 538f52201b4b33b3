import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { killedAfter, mnistRuns, readResults, untimed } from './mnist-runs.ts';

// Runs that take longer than those of mnist.test.ts.

const { scratch, mnist, program, train } = mnistRuns();

describe('npm run mnist', () => {
  it('writes the same results for the same seed, whatever other models are trained', () => {
    const first = train('first', '--models', 'softmax,reference', '--seed', '5').results;
    const again = train('again', '--models', 'reference', '--seed', '5').results;
    expect(untimed(again).models[0]).toEqual(untimed(first).models[1]);
    const other = train('other', '--models', 'reference', '--seed', '6').results;
    expect(other.models[0].parametersHash).not.toBe(again.models[0].parametersHash);
  });

  it('resumes an interrupted run with the same results', () => {
    const dir = join(scratch, 'interrupted');
    const flags = ['--models', 'softmax,hidden', '--epochs', '2', '--limit', '300', '--resume'];
    expect(program([...flags, '--out', dir], killedAfter('.json', 1)).signal).toBe('SIGKILL');
    const networks = join(dir, 'networks');
    const left = readdirSync(networks).filter((name) => name.endsWith('.json'));
    expect(left).toEqual([expect.stringMatching(/^mnist-softmax-1-.*\.json$/)]);
    expect(existsSync(join(dir, 'results.json'))).toBe(false);

    const resumed = mnist(...flags, '--out', dir);
    expect(resumed.status).toBe(0);
    expect(resumed.stdout.match(/^trained before, .* s: .*\.json$/gm)).toHaveLength(1);
    expect(resumed.stdout.match(/^epoch 2\/2/gm)).toHaveLength(1);
    const results = untimed(readResults(dir));

    // A damaged network is trained again. Without --resume all networks are trained again.
    truncateSync(join(networks, left[0]!), 1000);
    const repaired = mnist(...flags, '--out', dir);
    expect(repaired.stdout.match(/^trained before/gm)).toHaveLength(1);
    expect(untimed(readResults(dir))).toEqual(results);
    const anew = mnist(...flags.filter((flag) => flag !== '--resume'), '--out', dir);
    expect(anew.stdout).not.toContain('trained before');
    expect(untimed(readResults(dir))).toEqual(results);
  });

  it('holds out the last images for validation', () => {
    const { stdout, results } = train('held', '--models', 'softmax', '--validation', '100');
    expect(stdout).toMatch(/^seed 1: 300 training images, 100 held out$/m);
    expect(stdout).toMatch(/^epoch 2\/2 .* val_loss .* val_accuracy /m);
    expect(results.models[0]).toMatchObject({ trainingImages: 300, validationImages: 100 });
    expect(results.models[0].history.val_accuracy).toHaveLength(2);
    const without = train('unheld', '--models', 'softmax', '--validation', '0').results;
    expect(without.models[0].parametersHash).toBe(results.models[0].parametersHash);
  });

  it('goes on within the network in whose training it was interrupted', () => {
    const flags = ['--models', 'reference', '--epochs', '2', '--limit', '250', '--batch-size', '1'];
    const whole = train('whole', ...flags).results;
    const dir = join(scratch, 'within');
    // Checkpoints after 100 and 200 steps of the first epoch.
    expect(program([...flags, '--out', dir], killedAfter('.safetensors', 2)).signal).toBe('SIGKILL');
    const networks = join(dir, 'networks');
    const [folder] = readdirSync(networks);
    expect(folder).toMatch(/^mnist-reference-1-.*\.checkpoints$/);
    expect(readdirSync(join(networks, folder!))).toHaveLength(2);

    const resumed = mnist(...flags, '--resume', '--threads', '2', '--out', dir);
    expect([resumed.status, resumed.stderr]).toEqual([0, '']);
    const results = readResults(dir);
    expect(untimed(results).models).toEqual(untimed(whole).models);
    expect(results.models[0].seconds).toBeGreaterThan(0);
    expect(readdirSync(networks)).toEqual([expect.stringMatching(/\.json$/)]);
  });

  it('has the same bits on js and on WebAssembly with several threads', () => {
    const flags = ['--models', 'softmax', '--limit', '1024', '--batch-size', '512', '--epochs', '1'];
    const runs = ['js', 'wasm 1', 'wasm 3'].map((run) => {
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

  it.skipIf(process.platform === 'win32')('ends with one line or none where it cannot write', () => {
    const flags = '--models softmax --limit 100 --epochs 1 --out';
    const shell = (command: string, out: string) =>
      program.shell(command.replace('MNIST', `MNIST ${flags} '${out}'`));
    const closed = shell('set -o pipefail; MNIST | head -1', join(scratch, 'closed'));
    expect(closed).toMatchObject({ status: 0, stderr: '' });
    expect(closed.stdout).toMatch(/^MNIST from .*\n$/);

    const small = join(scratch, 'small');
    const limited = shell('ulimit -f 200; MNIST', small);
    expect(limited.status).toBe(1);
    expect(limited.stderr).toMatch(
      /^\[saveFile\] .*\.json: got EFBIG .*\. --resume reuses the networks so far\.\n$/,
    );
    // The last checkpoint, from which --resume takes the network.
    expect(readdirSync(join(small, 'networks'))).toEqual([expect.stringMatching(/\.checkpoints$/)]);

    if (!existsSync('/dev/full')) return;
    const full = shell('MNIST > /dev/full', join(scratch, 'full'));
    expect(full.status).toBe(1);
    expect(full.stderr).toBe('ENOSPC: no space left on device, write\n');
    expect(shell('MNIST', '/proc/ndgrad').stderr).toMatch(
      /^--out: got '\/proc\/ndgrad', wanted a directory to write to/,
    );
  });

  it('keeps the saved model when it resumes, and trains it again if its file is missing', () => {
    const flags = ['--models', 'reference', '--resume', '--save', join(scratch, 'models')];
    const model = join(scratch, 'models', 'mnist-reference-1.safetensors');
    train('saved', ...flags);
    const { mtimeMs } = statSync(model);
    expect(train('saved', ...flags).stdout).toMatch(/trained before/);
    expect(statSync(model).mtimeMs).toBe(mtimeMs);
    rmSync(model);
    expect(train('saved', ...flags).stdout).not.toMatch(/trained before/);
    expect(statSync(model).size).toBeGreaterThan(400_000);
  });

  it('trains on Fashion-MNIST, and rejects other files as MNIST', () => {
    const noData = mnist('--dataset', 'fashion');
    expect(noData.status).toBe(2);
    expect(noData.stderr).toMatch(/^--dataset: got fashion without --data, .*fashion-mnist\n\nUsage/);
    const dir = join(scratch, 'fashion');
    mkdirSync(dir);
    for (const [start, perClass] of [
      ['train', 6000],
      ['t10k', 1000],
    ] as const) {
      const n = 10 * perClass;
      const images = new Uint8Array(16 + 784 * n);
      images.set([0, 0, 8, 3, 0, 0, n >> 8, n & 255, 0, 0, 0, 28, 0, 0, 0, 28]);
      const labels = new Uint8Array(8 + n);
      labels.set([0, 0, 8, 1, 0, 0, n >> 8, n & 255]);
      for (let i = 0; i < n; i++) {
        labels[8 + i] = i % 10;
        images.fill(255, 16 + 784 * i + 28 * (i % 10), 16 + 784 * i + 28 * (i % 10) + 28);
      }
      writeFileSync(join(dir, `${start}-images-idx3-ubyte`), images);
      writeFileSync(join(dir, `${start}-labels-idx1-ubyte`), labels);
    }
    const { stdout, results } = train(
      'fashion-results',
      '--models',
      'softmax',
      '--dataset',
      'fashion',
      '--data',
      dir,
    );
    expect(stdout).toMatch(/^Fashion-MNIST from /);
    expect(stdout).not.toContain('published');
    expect(results.dataset).toBe('fashion');
    expect(readFileSync(join(scratch, 'fashion-results', 'report.html'), 'utf8')).toContain('Ankle boot');
    const digits = mnist('--dataset', 'mnist', '--data', dir, '--out', join(scratch, 'digits'));
    expect(digits.status).toBe(1);
    expect(digits.stderr).toMatch(/not of MNIST: MD5/);
  });
});
