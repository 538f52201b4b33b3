import { Dense, Dropout, type Layer, Sequential } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { Adam } from '../../src/optim/index.ts';
import { Generator, seed } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { FitOptions, History } from '../../src/train/index.ts';
import { fit } from '../../src/train/index.ts';

/** Samples of a smooth function: x [count, 3], y [count, 1]. */
export function samples(count: number): { x: Tensor; y: Tensor } {
  const x: Tensor = new Generator(5).uniform([count, 3], -1, 1);
  return { x, y: x.sum(1, { keepDims: true }).sin() };
}

/** A small network with Dropout and its optimizer, the same at every call. */
export function network({ dropout = 0.25, learningRate = 0.01 } = {}) {
  seed(3);
  const model = new Sequential([
    new Dense(3, 8, { activation: 'tanh' }),
    new Dropout(dropout),
    new Dense(8, 1),
  ]);
  return { model, optimizer: new Adam(model.parameters(), { learningRate }) };
}

/** Trains a new network on 50 samples: its values and its history. */
export async function train(
  options: Partial<FitOptions> = {},
): Promise<{ values: number[]; history: History; model: Layer }> {
  const { model, optimizer } = network();
  const history = await fit(model, samples(50), {
    loss: meanSquaredError,
    optimizer,
    epochs: 3,
    batchSize: 16,
    ...options,
  });
  return { values: valuesOf(model), history, model };
}

export function valuesOf(model: { parameters(): Tensor[] }): number[] {
  return model.parameters().flatMap((p) => [...p.dataSync()]);
}
