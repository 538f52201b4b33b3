import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ModelResult, parametersHash, writeResults } from '../../examples/mnist/results.ts';
import { table } from '../../examples/mnist/table.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-results-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const model: ModelResult = {
  name: 'tiny',
  parameters: 1234,
  epochs: 2,
  secondsPerEpoch: 12.345,
  history: { loss: [0.5, 1e-7], accuracy: [0.25, 0.75] },
  test: {
    loss: 0.12345,
    accuracy: 0.6,
    macroF1: 0.5555,
    confusion: [
      [1, 2],
      [0, 2],
    ],
  },
  predictions: [0, 1, 1, 1, 1],
  parametersHash: 'ab',
};

const values = <T>(dtype: string, shape: number[], data: T) => ({ dtype, shape, data: async () => data });

describe('parametersHash', () => {
  const kernel = values('float32', [2, 2], Float32Array.of(1, -2, 0.5, 3));
  const steps = values('int32', [1], Int32Array.of(-7));
  const mask = values('bool', [3], Uint8Array.of(1, 0, 1));

  it('is the SHA-256 of names, shapes and little-endian values', async () => {
    // From Python's hashlib and struct.pack('<4f', ...) over the same bytes.
    expect(
      await parametersHash([
        ['0.kernel', kernel],
        ['0.steps', steps],
        ['0.mask', mask],
      ]),
    ).toBe('e7e183aece25c40958d29ead22d2eb95484d66ae0f7571788fe55e0baf4f1d1b');
  });

  it('does not care where in a buffer the values lie', async () => {
    const larger = Float32Array.of(9, 1, -2, 0.5, 3, 9);
    const view = values('float32', [2, 2], larger.subarray(1, 5));
    expect(await parametersHash([['a', view]])).toBe(await parametersHash([['a', kernel]]));
  });

  it('changes with a name, a shape, an order, a sign of zero', async () => {
    const zero = (n: number, shape: number[]) => values('float32', shape, Float32Array.of(n, n));
    const hashes = await Promise.all([
      parametersHash([['a', zero(0, [2])]]),
      parametersHash([['b', zero(0, [2])]]),
      parametersHash([['a', zero(0, [1, 2])]]),
      parametersHash([['a', zero(-0, [2])]]),
      parametersHash([
        ['a', zero(0, [2])],
        ['b', zero(1, [2])],
      ]),
      parametersHash([
        ['b', zero(1, [2])],
        ['a', zero(0, [2])],
      ]),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('writeResults', () => {
  const results = { seed: 7, backend: 'js', threads: 1, models: [model, model] };

  it('writes what JSON reads back, lists of numbers on one line', async () => {
    const path = await writeResults(scratch, results);
    expect(path).toBe(join(scratch, 'results.json'));
    const text = readFileSync(path, 'utf8');
    expect(JSON.parse(text)).toEqual(results);
    expect(text).toContain('\n      "predictions": [0, 1, 1, 1, 1],\n');
    expect(text).toContain('"loss": [0.5, 1e-7],\n');
    expect(text).toContain('"confusion": [\n          [1, 2],\n          [0, 2]\n        ]\n');
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('replaces an older file and leaves nothing else behind', async () => {
    await writeResults(scratch, results);
    await writeResults(scratch, { ...results, models: [] });
    expect(readdirSync(scratch)).toEqual(['results.json']);
    expect(JSON.parse(readFileSync(join(scratch, 'results.json'), 'utf8'))).toMatchObject({ models: [] });
  });

  it('leaves no draft behind when it fails', async () => {
    const dir = join(scratch, 'taken');
    mkdirSync(join(dir, 'results.json', 'in the way'), { recursive: true });
    await expect(writeResults(dir, results)).rejects.toThrow();
    expect(readdirSync(dir)).toEqual(['results.json']);
  });
});

describe('table', () => {
  it('has a row for each model and the published numbers below', () => {
    expect(`\n${table([model])}\n`).toBe(`
model      parameters  epochs  s/epoch  train loss  test loss  accuracy  macro F1  errors
-----------------------------------------------------------------------------------------
tiny            1,234       2    12.35      0.0000     0.1235   60.00 %    0.5555       2
-----------------------------------------------------------------------------------------
published     118,282      10        -           -     0.0842   97.42 %         -     258
`);
  });
});
