import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  Adam,
  BatchNorm,
  Conv2D,
  Dense,
  Flatten,
  Generator,
  Layer,
  loadModel,
  Parameter,
  Residual,
  Sequential,
  saveModel,
  type Tensor,
  type TransformerState,
  tensor,
} from '../../../src/index.ts';
import { comparable, load } from '../support.ts';
import { valuesOf } from './support.ts';

/** A layer with two kernels that are one. */
class Tied extends Layer {
  static override readonly kind: string = 'Tied';
  readonly first: Dense;
  readonly second: Dense;
  constructor(features: number, options: { name?: string; scale: number }) {
    super(options.name, arguments);
    const rng = new Generator(1);
    this.first = new Dense(features, features, { rng, bias: false });
    this.second = new Dense(features, features, { rng });
  }
  override forward(x: Tensor): Tensor {
    return this.second.call(this.first.call(x as Tensor<[number, number]>));
  }
}

class Offset {
  static readonly kind: string = 'Offset';
  #state: TransformerState = { mean: Float64Array.of(0.1, -2.5), fitted: true, limits: [-0, Number.NaN] };
  async fit(): Promise<this> {
    return this;
  }
  async transform(x: unknown): Promise<unknown> {
    return x;
  }
  describe() {
    return ['columns', { axis: 0 }];
  }
  getState(): TransformerState {
    return this.#state;
  }
  setState(state: TransformerState): void {
    this.#state = state;
  }
}

/** A model with values that are binary fractions, and an optimizer that has done 5 steps. */
async function made(): Promise<{ model: Layer; optimizer: Adam }> {
  const rng = new Generator(1);
  const tied = new Tied(3, { name: 'tied', scale: 0.5 });
  Object.assign(tied.second, { kernel: tied.first.kernel });
  const model = new Sequential(
    [
      new Conv2D(1, 2, [2, 1], { activation: 'relu', padding: [[1, 0], 0], rng }),
      new BatchNorm(2, { momentum: 0.75 }),
      new Flatten(),
      new Dense(12, 3, { kernelPenalty: { l2: 0.25 }, rng, name: 'dense' }),
      new Residual(tied, { activation: 'tanh' }),
    ] as Layer[],
    { inputShape: [2, 3, 1] },
  );
  model.layers[0]!.freeze();
  for (const [i, p] of model.parameters().entries()) {
    const numbers = Float32Array.from({ length: p.size }, (_, j) => ((i + 1) * (j - 2)) / 8);
    await p.assign(tensor(numbers, { shape: p.shape }));
  }
  const optimizer = new Adam(model.parameters(), { learningRate: 0.125 });
  const state = await optimizer.getState();
  for (const [i, { slots }] of Object.values(state.parameters).entries()) {
    slots.m!.fill(-i / 4);
    slots.v!.fill(i / 16);
  }
  const parameters = { ...state.parameters };
  parameters['0.kernel'] = { ...parameters['0.kernel']!, updates: 2 };
  await optimizer.setState({ ...state, step: 5, parameters });
  return { model, optimizer };
}

const file = new URL('../golden/model-1.safetensors', import.meta.url);
const golden = new Uint8Array(readFileSync(file));
const options = { layers: { Tied }, transformers: { Offset } };

it('saveModel writes the file of version 1', async () => {
  const { model, optimizer } = await made();
  const bytes = await saveModel(model, { optimizer, preprocessing: { input: new Offset() } });
  expect(comparable(bytes)).toEqual(comparable(golden));
});

it('loadModel reads it', async () => {
  const { model, optimizer } = await made();
  const loaded = await loadModel(golden, options);
  expect(valuesOf(loaded.model)).toEqual(valuesOf(model));
  expect(loaded.model.summary()).toBe(model.summary());
  expect(loaded.optimizerState).toEqual(await optimizer.getState());
  expect((loaded.preprocessing.input as Offset).getState()).toEqual(new Offset().getState());
  const x = tensor(
    Float32Array.from({ length: 12 }, (_, i) => i / 8),
    { shape: [2, 2, 3, 1] },
  );
  expect(loaded.model.call(x).dataSync()).toEqual(model.call(x).dataSync());
  expect(loaded.model.parameters().map((p) => p.trainable)).toEqual(
    model.parameters().map((p) => p.trainable),
  );
  expect(loaded.model.parameters().every((p) => p instanceof Parameter)).toBe(true);
});

it('Python reads the same', async () => {
  // Made by model.py, with Python's standard library.
  const reference = load<{ model: unknown; tensors: Record<string, number[]> }>('model/model.json');
  const { model, optimizerState } = await loadModel(golden, options);
  expect(reference.model).toEqual({
    layers: [
      { kind: 'Conv2D', args: [1, 2, [2, 1], { activation: 'relu', padding: [[1, 0], 0] }] },
      { kind: 'BatchNorm', args: [2, { momentum: 0.75 }] },
      { kind: 'Flatten', args: [] },
      { kind: 'Dense', args: [12, 3, { kernelPenalty: { l2: 0.25 }, name: 'dense' }] },
      { kind: 'Tied', args: [3, { name: 'tied', scale: 0.5 }] },
      { kind: 'Residual', args: [{ $layer: 4 }, { activation: 'tanh' }] },
      {
        kind: 'Sequential',
        args: [
          [{ $layer: 0 }, { $layer: 1 }, { $layer: 2 }, { $layer: 3 }, { $layer: 5 }],
          { inputShape: [2, 3, 1] },
        ],
      },
    ],
    root: 6,
  });
  const slots = Object.entries(optimizerState!.parameters).flatMap(([path, { slots }]) =>
    Object.entries(slots).map(([slot, values]) => [`optimizer:${slot}/${path}`, Array.from<number>(values)]),
  );
  const tensors = {
    ...valuesOf(model),
    ...Object.fromEntries(slots),
    'preprocessing:input/mean': [0.1, -2.5],
  };
  expect(reference.tensors).toEqual(tensors);
});
