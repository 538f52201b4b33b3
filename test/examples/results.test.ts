import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Data } from '../../examples/mnist/data.ts';
import { parseFlags } from '../../examples/mnist/flags.ts';
import { models } from '../../examples/mnist/models.ts';
import type { TrainedNetwork } from '../../examples/mnist/network-store.ts';
import { report } from '../../examples/mnist/report/report.ts';
import { reportInput } from '../../examples/mnist/report-input.ts';
import {
  ensembleOutcome,
  type ModelResult,
  networkOutcome,
  parametersHash,
  writeResults,
} from '../../examples/mnist/results.ts';
import { describeImages, table } from '../../examples/mnist/table.ts';
import { tensor, zeros } from '../../src/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-results-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const model: ModelResult = {
  name: 'tiny',
  parameters: 1234,
  epochs: 2,
  trainingImages: 55_000,
  validationImages: 5000,
  seconds: 24.69,
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
  runs: [{ seed: 7, seconds: 24.69, loss: 0.12345, accuracy: 0.6, macroF1: 0.5555, parametersHash: 'ab' }],
  overall: {
    loss: { mean: 0.12345 },
    accuracy: { mean: 0.6 },
    macroF1: { mean: 0.5555 },
    interval: [0.23072, 0.88238],
  },
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

  it('does not depend on the offset of the values in their buffer', async () => {
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
  const results = {
    dataset: 'mnist',
    mode: 'quick',
    seed: 7,
    version: '0.1.0',
    backend: 'js',
    threads: 1,
    models: [model, model],
    mcnemar: [],
  } as const;

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

  it('leaves no temporary file when it fails', async () => {
    const dir = join(scratch, 'taken');
    mkdirSync(join(dir, 'results.json', 'in the way'), { recursive: true });
    await expect(writeResults(dir, results)).rejects.toThrow();
    expect(readdirSync(dir)).toEqual(['results.json']);
  });
});

const labels = Uint8Array.of(0, 1, 2, 3);
/** A network that gives a probability of 90 % to these classes of four images. */
function network(seed: number, predictions: number[], seconds: number): TrainedNetwork {
  const probabilities = new Float32Array(40).fill(0.1 / 9);
  predictions.forEach((k, i) => {
    probabilities[10 * i + k] = 0.9;
  });
  const configuration = {
    model: 'net',
    seed,
    dataset: 'mnist',
    dataHash: 'ef',
    training: 100,
    validation: 10,
    epochs: 4,
    batchSize: 8,
    recipe: '',
    version: '0.1.0',
    bits: 2,
  };
  return {
    configuration,
    parameters: 50,
    seconds,
    secondsTo99: seed,
    date: '',
    history: { loss: [seed] },
    testLoss: seed / 10,
    probabilities,
    firstLayer: { shape: [0], values: new Float32Array(0) },
    parametersHash: `${seed}`,
  };
}
const networks = [network(1, [0, 1, 2, 3], 10), network(2, [0, 1, 2, 4], 12), network(3, [0, 1, 5, 4], 14)];

describe('networkOutcome', () => {
  it('shows the first run, and mean and deviation over all', () => {
    const { result, probabilities } = networkOutcome('net', 'a net', networks, labels);
    expect(probabilities).toBe(networks[0]!.probabilities);
    expect(result).toMatchObject({
      name: 'net',
      parameters: 50,
      epochs: 4,
      trainingImages: 100,
      validationImages: 10,
      seconds: 12,
      secondsPerEpoch: 3,
      secondsTo99: 1,
      history: { loss: [1] },
      test: { loss: 0.1, accuracy: 1 },
      predictions: [0, 1, 2, 3],
      parametersHash: '1',
      runs: [
        { seed: 1, seconds: 10, loss: 0.1, accuracy: 1, parametersHash: '1' },
        { seed: 2, seconds: 12, loss: 0.2, accuracy: 0.75, parametersHash: '2' },
        { seed: 3, seconds: 14, loss: 0.3, accuracy: 0.5, parametersHash: '3' },
      ],
      overall: {
        loss: { mean: expect.closeTo(0.2, 12), deviation: expect.closeTo(0.1, 12) },
        accuracy: { mean: 0.75, deviation: 0.25 },
        // From statsmodels: proportion_confint(3, 4, method='wilson').
        interval: [expect.closeTo(0.30064184, 8), expect.closeTo(0.95441274, 8)],
      },
    });
  });
});

describe('ensembleOutcome', () => {
  it('is one run with the total time and the parameters of its members', async () => {
    const { result, probabilities } = await ensembleOutcome('all', 'some nets', networks, labels);
    // For image 3 two members agree against the first one.
    expect(result.predictions).toEqual([0, 1, 2, 4]);
    expect(probabilities[34]).toBeCloseTo((0.1 / 9 + 0.9 + 0.9) / 3, 7);
    const third = (0.1 / 9 + 0.1 / 9 + 0.9) / 3;
    const two = (0.1 / 9 + 0.9 + 0.9) / 3;
    const loss = -(2 * Math.log(0.9) + Math.log(two) + Math.log(third)) / 4;
    expect(result).toMatchObject({
      name: 'all',
      parameters: 150,
      epochs: 4,
      seconds: 36,
      secondsPerEpoch: 9,
      history: {},
      test: { accuracy: 0.75, loss: expect.closeTo(loss, 6) },
      // From hashlib: sha256(b'1\n2\n3\n').
      parametersHash: '14c5e74c4b96ccef41cd94db73a9ec3348038ac094feca4fd897cecffa07cdae',
      runs: [{ seed: 1, seconds: 36, accuracy: 0.75 }],
    });
    expect(result.secondsTo99).toBeUndefined();
    expect(result.overall.accuracy).toEqual({ mean: 0.75 });
  });
});

describe('reportInput', () => {
  const read = parseFlags(['--seed', '1'], models);
  if (read === 'help') throw new Error('no flags');
  const pixels = new Uint8Array(4 * 784);
  const images = { x: zeros([4, 784]), y: tensor(labels) };
  const data: Data = {
    name: 'MNIST',
    classes: [...'0123456789'],
    source: 'here',
    hash: 'ab',
    train: { ...images, count: 4 },
    test: { ...images, pixels, labels },
  };

  it('has the seeds of all runs and of all members, all mistakes and the published result', async () => {
    const outcomes = [
      networkOutcome('net', 'a net', networks, labels),
      networkOutcome('one', 'a net', networks.slice(0, 1), labels),
      await ensembleOutcome('all', 'some nets', networks, labels),
    ];
    const input = reportInput(read, data, outcomes, [], []);
    expect(input.seeds).toEqual([1, 2, 3]);
    expect(input.models.map(({ runs }) => runs.map(({ seeds }) => seeds))).toEqual([
      [[1], [2], [3]],
      [[1]],
      [[1, 2, 3]],
    ]);
    expect(input.published).toContainEqual(expect.objectContaining({ accuracy: 0.9742, loss: 0.0842 }));
    expect(() => report(input)).not.toThrow();
    const worst = reportInput(read, data, outcomes.slice(2), [], []);
    expect(worst.misclassified!.images.map(({ index }) => index)).toEqual([3]);
  });
});

describe('table', () => {
  it('has a row for each model and the published numbers below', () => {
    expect(`\n${table([model], true)}\n`).toBe(`
model      parameters  epochs  seconds  train loss  test loss  accuracy, %  95 % interval  macro F1  errors
-----------------------------------------------------------------------------------------------------------
tiny            1,234       2     24.7      0.0000     0.1235        60.00  23.07 - 88.24    0.5555       2
-----------------------------------------------------------------------------------------------------------
published     118,282      10        -           -     0.0842        97.42              -         -     258
`);
  });

  it('shows deviations over the runs, and the time to 99 % if a model reached it', async () => {
    const several = networkOutcome('net', 'a net', networks, labels).result;
    const ensemble = (await ensembleOutcome('all', 'some nets', networks, labels)).result;
    expect(`\n${table([several, ensemble], false)}\n`).toBe(`
model  parameters  epochs  seconds  to 99 %  train loss  test loss    accuracy, %  95 % interval         macro F1  errors
-------------------------------------------------------------------------------------------------------------------------
net            50       4     12.0      1.0      1.0000     0.2000  75.00 ± 25.00  30.06 - 95.44  0.6444 ± 0.3355       1
all           150       4     36.0        -           -     0.4737          75.00  30.06 - 95.44           0.6000       1
`);
  });
});

describe('describeImages', () => {
  it('gives the numbers of training images if models differ in them', () => {
    expect(describeImages([model, model])).toBeUndefined();
    const other = { ...model, name: 'other', trainingImages: 60_000, validationImages: 0 };
    expect(describeImages([model, other, { ...model, name: 'third' }])).toBe(
      'Training images: 55,000 (5,000 held out) for tiny, third; 60,000 for other.',
    );
  });
});
