import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BackendDescription } from '../../examples/mnist/backend.ts';
import { splitSizes } from '../../examples/mnist/data.ts';
import { parseFlags } from '../../examples/mnist/flags.ts';
import { models, type Network } from '../../examples/mnist/models.ts';
import {
  type Configuration,
  configure,
  NetworkStore,
  type TrainedNetwork,
} from '../../examples/mnist/network-store.ts';
import { seed, tensor, zeros } from '../../src/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-networks-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const flags = (args = '') => {
  const read = parseFlags(args.split(' ').filter(Boolean), models);
  if (read === 'help') throw new Error('no flags');
  return read;
};
const data = { hash: 'ab12', train: { count: 60_000, x: zeros([1, 784]), y: tensor([0]) } };
const softmax = models.softmax as Network;
const cpu: BackendDescription = { backend: 'wasm', threads: 2 };
const configuration = (args = '', network = softmax, seed = 1, backend = cpu) =>
  configure('softmax', network, seed, flags(args), data, backend);

const trained = (configuration: Configuration): TrainedNetwork => ({
  configuration,
  parameters: 7850,
  seconds: 1.5,
  secondsTo99: undefined,
  date: '2025-11-02T14:03:00.000Z',
  history: { loss: [0.5, 0.1 + 0.2] },
  testLoss: 1 / 3,
  probabilities: Float32Array.of(0.1, 1e-45, -0, Number.POSITIVE_INFINITY),
  firstLayer: { shape: [1, 2], values: new Float32Array([9, 1, 2]).subarray(1) },
  parametersHash: 'cd',
});

describe('splitSizes', () => {
  it('trains on the first images, without the held-out last ones', () => {
    expect(splitSizes(60_000, 60_000, 5000)).toEqual({ training: 55_000, validation: 5000 });
    expect(splitSizes(60_000, 10_000, 5000)).toEqual({ training: 10_000, validation: 5000 });
    expect(splitSizes(60_000, 60_000, 0)).toEqual({ training: 60_000, validation: 0 });
  });
});

describe('configure', () => {
  it('uses the recipe for what the flags do not set', () => {
    expect(configuration()).toMatchObject({ epochs: 10, batchSize: 512, training: 60_000, validation: 0 });
    expect(configuration('--quick')).toMatchObject({ epochs: 4, training: 10_000, validation: 5000 });
    expect(configuration('--full')).toMatchObject({ epochs: 10, training: 60_000, validation: 0 });
    expect(configuration('--epochs 3 --batch-size 64 --validation 100 --limit 500')).toMatchObject({
      epochs: 3,
      batchSize: 64,
      training: 500,
      validation: 100,
    });
  });

  it('differs exactly if something differs that the bits depend on', () => {
    const text = (...args: Parameters<typeof configuration>) => JSON.stringify(configuration(...args));
    const recipe = { ...softmax.recipe, labelSmoothing: 0.1 };
    const others = [
      text('--epochs 3'),
      text('--batch-size 3'),
      text('--limit 3'),
      text('--validation 3'),
      text('--dataset fashion --data d'),
      text('', softmax, 2),
      text('', { ...softmax, recipe }),
      text('', { ...softmax, build: (models.hidden as Network).build }),
      text('', softmax, 1, { backend: 'webgpu', threads: 1, adapter: 'a GPU' }),
      text('', softmax, 1, { backend: 'webgpu', threads: 1, adapter: 'another GPU' }),
      text('', softmax, 1, { backend: 'webgl2', threads: 1, adapter: 'a GPU' }),
    ];
    expect(new Set([text(), ...others]).size).toBe(12);
    expect(text('', softmax, 1, { backend: 'js', threads: 1 })).toBe(text());
    expect(text('--threads 3 --backend js --out o --models hidden --full')).toBe(text());
  });
});

describe('NetworkStore', () => {
  it('loads the same bits that were saved, from a file with the name of the configuration', async () => {
    const dir = join(scratch, 'kept');
    const networks = new NetworkStore(dir);
    await networks.save(trained(configuration()));
    expect(readdirSync(dir)).toEqual([expect.stringMatching(/^mnist-softmax-1-[0-9a-f]{8}\.json$/)]);
    const { secondsTo99: _, ...wanted } = trained(configuration());
    expect(await networks.load(configuration())).toStrictEqual({
      ...wanted,
      firstLayer: { shape: [1, 2], values: Float32Array.of(1, 2) },
    });
  });

  it('loads nothing for another configuration, even from a file with its name', async () => {
    const networks = new NetworkStore(join(scratch, 'other'));
    await networks.save(trained(configuration()));
    expect(await networks.load(configuration('--epochs 3'))).toBeUndefined();
    const [from, to] = [configuration(), configuration('--epochs 3')].map((c) => networks.path(c));
    writeFileSync(to!, readFileSync(from!));
    expect(await networks.load(configuration('--epochs 3'))).toBeUndefined();
  });

  it.each([
    ['cut', (path: string) => truncateSync(path, 500)],
    ['empty', (path: string) => truncateSync(path)],
    [
      'changed in one digit',
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('7850', '7851')),
    ],
  ])('loads nothing if the file is %s', async (name, damage) => {
    const networks = new NetworkStore(join(scratch, name));
    await networks.save(trained(configuration()));
    expect(await networks.load(configuration())).toBeDefined();
    damage(networks.path(configuration()));
    expect(await networks.load(configuration())).toBeUndefined();
  });
});

describe('models', () => {
  const networks = Object.entries(models).flatMap(([name, model]): [string, Network][] =>
    'of' in model ? [] : [[name, model]],
  );

  it.each(networks)('%s computes ten logits from an image, flat or not', (_name, { build, recipe }) => {
    seed(1);
    const model = build();
    expect(model.outputShape([3, 784])).toEqual([3, 10]);
    if (recipe.augment) expect(model.outputShape([3, 28, 28])).toEqual([3, 10]);
    expect(recipe.optimizer(model.parameters(), 100).parameters.length).toBeGreaterThan(0);
  });

  it('train the ensemble’s first members under the name of their model', () => {
    const { ensemble, cnn } = models;
    expect(ensemble).toMatchObject({ of: ['cnn', cnn] });
  });
});
