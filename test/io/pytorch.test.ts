import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import {
  Activation,
  BatchNorm,
  Conv2D,
  Conv2DTranspose,
  Dense,
  Flatten,
  fit,
  type Layer,
  loadWeights,
  meanSquaredError,
  Sequential,
  SGD,
  saveWeights,
  type Tensor,
  tensor,
  type WeightMap,
} from '../../src/index.ts';
import { fromHex, load } from './support.ts';

// Importing PyTorch takes seconds.
const hasPyTorch = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ['numpy', 'torch'])))";
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', hasPyTorch]).status === 0,
);
const missing = python === undefined ? ' (python3 has no torch)' : '';
// Without PyTorch a test is skipped; in CI that is an error.
if (python === undefined && process.env.CI) throw new Error('python3 has no torch, and CI skips no test');

interface Described {
  readonly shape: number[];
  readonly data: number[];
}

/** Made by weights.py with PyTorch: a state_dict, predictions for x, and those after five steps over one batch. */
const reference = load<{
  file: string;
  x: Described;
  y: Described;
  training: { x: Described; y: Described };
  trained: Described;
}>('weights.json');

const tensorOf = ({ data, shape }: Described): Tensor => tensor(Float32Array.from(data), { shape });

/** How far predictions are from others. */
async function distance(model: Layer, others: readonly number[]): Promise<number> {
  const y = await model.call(tensorOf(reference.x)).data();
  expect(y).toHaveLength(others.length);
  return Math.max(...others.map((value, i) => Math.abs(value - y[i]!)));
}

const map: WeightMap = (name) => {
  const [layer, key] = name.split('.') as [string, string];
  const norm: Record<string, string | null> = {
    weight: 'gamma',
    bias: 'beta',
    running_mean: 'runningMean',
    running_var: 'runningVariance',
  };
  if (layer === '1') return norm[key] === undefined ? null : `1.${norm[key]}`;
  if (key === 'bias') return name;
  const path = `${layer}.kernel`;
  if (layer === '0' || layer === '3') return { path, transpose: [2, 3, 1, 0] };
  if (layer === '5') return { path, view: [6, 4, 4, 5], transpose: [2, 3, 1, 0] };
  return { path, transpose: [1, 0] };
};

async function loadedModel(): Promise<Layer> {
  const model = new Sequential([
    new Conv2D(2, 3, [3, 2]),
    new BatchNorm(3),
    new Activation('relu'),
    new Conv2DTranspose(3, 4, 2),
    new Flatten(),
    new Dense(80, 6),
    new Activation('tanh'),
    new Dense(6, 2),
  ]) as Layer;
  const report = await loadWeights(model, fromHex(reference.file), { map });
  expect(report).toEqual({ missing: [], unexpected: [] });
  return model;
}

async function trainOn(model: Layer): Promise<void> {
  const { x, y } = reference.training;
  await fit(
    model,
    { x: tensorOf(x), y: tensorOf(y) },
    {
      loss: meanSquaredError,
      optimizer: new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.5 }),
      batchSize: 8,
      epochs: 5,
      progress: false,
    },
  );
}

it('a state_dict gives the same predictions here, also after the same training', async () => {
  const model = await loadedModel();
  expect(await distance(model, reference.y.data)).toBeLessThan(1e-6);
  await trainOn(model);
  expect(await distance(model, reference.trained.data)).toBeLessThan(1e-5);
});

it.skipIf(python === undefined)(
  `what was trained here gives the same predictions in PyTorch${missing}`,
  async () => {
    const model = await loadedModel();
    await trainOn(model);
    const folder = mkdtempSync(join(tmpdir(), 'ndgrad-pytorch-'));
    try {
      const path = join(folder, 'trained.safetensors');
      writeFileSync(path, await saveWeights(model));
      const script = fileURLToPath(new URL('weights.py', import.meta.url));
      const { stdout, stderr } = spawnSync(python!, ['-B', script, 'predict', path], { encoding: 'utf8' });
      expect(stderr).toBe('');
      const there = JSON.parse(stdout) as number[][];
      expect(await distance(model, there.flat())).toBeLessThan(1e-6);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
