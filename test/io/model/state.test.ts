import { describe, expect, it } from 'vitest';
import {
  Adam,
  AdamW,
  Dense,
  Dropout,
  Generator,
  type Layer,
  Lion,
  loadModel,
  meanSquaredError,
  type Optimizer,
  type Parameter,
  RMSprop,
  Sequential,
  SGD,
  saveModel,
  type Tensor,
  type Transformer,
  type TransformerState,
  tensor,
  training,
  zeros,
} from '../../../src/index.ts';
import { readSafetensors } from '../../../src/io.ts';
import { errorOf } from '../support.ts';
import { changedFile, valuesOf } from './support.ts';

const make = (): Layer =>
  new Sequential([
    new Dense(3, 4, { activation: 'tanh', rng: new Generator(1) }),
    new Dropout(0.5),
    new Dense(4, 2, { rng: new Generator(2) }),
  ]);

/** Steps with dropout masks that depend on the number of the step only. */
async function train(model: Layer, optimizer: Optimizer, from: number, to: number): Promise<void> {
  for (let step = from; step < to; step++) {
    const rng = new Generator(100 + step);
    const [x, y] = [rng.normal([5, 3]), rng.normal([5, 2])];
    await optimizer.minimize(meanSquaredError(model.call(x, training({ rng })), y));
  }
}

const optimizers: Record<string, (p: readonly Parameter[]) => Optimizer> = {
  SGD: (p) => new SGD(p, { learningRate: 0.1 }),
  momentum: (p) => new SGD(p, { learningRate: (step) => 0.1 / (1 + step), momentum: 0.9 }),
  Adam: (p) => new Adam(p, { learningRate: 0.01 }),
  AdamW: (p) => new AdamW(p),
  RMSprop: (p) => new RMSprop(p, { centered: true, momentum: 0.5 }),
  Lion: (p) => new Lion(p),
};

describe('the state of an optimizer', () => {
  it.each(Object.entries(optimizers))('%s goes on with the same bits', async (_name, of) => {
    const model = make();
    const optimizer = of(model.parameters());
    await train(model, optimizer, 0, 3);
    const file = await saveModel(model, { optimizer });
    await train(model, optimizer, 3, 6);

    const loaded = await loadModel(file);
    const again = of(loaded.model.parameters());
    await again.setState(loaded.optimizerState!);
    await train(loaded.model, again, 3, 6);
    expect(valuesOf(loaded.model)).toEqual(valuesOf(model));
    expect(await again.getState()).toEqual(await optimizer.getState());
  });

  it('has the updates of each Parameter, and goes through JSON', async () => {
    const model = make();
    const optimizer = new Adam(model.parameters(), { learningRate: 0.5 });
    model.parameters()[0]!.trainable = false;
    await train(model, optimizer, 0, 2);
    model.parameters()[0]!.trainable = true;
    await train(model, optimizer, 2, 3);
    optimizer.learningRate = 0.25;
    const file = await saveModel(model, { optimizer });
    const { optimizerState } = await loadModel(file);
    expect(optimizerState).toEqual(await optimizer.getState());
    expect(optimizerState!.parameters['0.kernel']!.updates).toBe(1);
    expect(JSON.stringify(optimizerState)).toBe(JSON.stringify(await optimizer.getState()));
    const { entries } = await readSafetensors(file);
    expect(entries.get('optimizer:m/0.kernel')!.shape).toEqual([3, 4]);
  });

  it('is by paths, whatever the Parameters were called', async () => {
    const dense = new Dense(2, 2);
    const other = new Dense(2, 2);
    const optimizer = new Adam([...dense.parameters(), ...other.parameters()]);
    expect(Object.keys((await optimizer.getState()).parameters)).toContain('kernel#2');
    const model = new Sequential([other, dense]);
    const { optimizerState } = await loadModel(await saveModel(model, { optimizer }));
    expect(Object.keys(optimizerState!.parameters).sort()).toEqual([
      '0.bias',
      '0.kernel',
      '1.bias',
      '1.kernel',
    ]);
  });

  it('is null if it was not saved', async () => {
    expect((await loadModel(await saveModel(make()))).optimizerState).toBeNull();
  });

  it('of another model is refused', async () => {
    const optimizer = new SGD(make().parameters(), { learningRate: 1 });
    const error = await errorOf(() => saveModel(make(), { optimizer }));
    expect(error.message).toBe(
      "[saveModel] got an optimizer of the Parameter '0.kernel', which the model does not have. Save its own model.",
    );
  });

  it.each<[string, (json: Record<string, unknown>, tensors: Record<string, Tensor>) => void]>([
    ['a step that is no count', (json) => Object.assign(json, { step: -1 })],
    ['no kind', (json) => Object.assign(json, { kind: 5 })],
    ['a learning rate that is no number', (json) => Object.assign(json, { learningRate: 'x' })],
    ['updates that are no count', (json) => Object.assign(json.parameters as object, { '0.bias': 0.5 })],
    ['a Parameter that does not exist', (json) => Object.assign(json.parameters as object, { x: 1 })],
    [
      'a tensor of another shape',
      (_json, tensors) => Object.assign(tensors, { 'optimizer:m/0.bias': zeros([9]) }),
    ],
    [
      'a tensor of another type',
      (_json, tensors) => Object.assign(tensors, { 'optimizer:m/0.bias': zeros([4], 'int32') }),
    ],
    ['a tensor of no Parameter', (_json, tensors) => Object.assign(tensors, { 'optimizer:m/x': zeros([4]) })],
    ['a tensor of no slot', (_json, tensors) => Object.assign(tensors, { 'optimizer:x': zeros([4]) })],
  ])('with %s is refused', async (_name, change) => {
    const model = make();
    const good = await saveModel(model, { optimizer: new Adam(model.parameters()) });
    const file = await changedFile(good, ({ metadata, tensors }) => {
      const json = JSON.parse(metadata.optimizer!);
      change(json, tensors);
      metadata.optimizer = JSON.stringify(json);
    });
    const error = await errorOf(() => loadModel(file));
    expect(error.message).toMatch(/^\[loadModel\] got .* in the file's 'optimizer'/);
  });
});

/** Subtracts the mean of each column, in double precision. */
class Centered implements Transformer<readonly (readonly number[])[], number[][]> {
  static readonly kind: string = 'Centered';
  readonly factor: number;
  #mean: Float64Array | null = null;
  #count = 0;

  constructor(factor: number) {
    this.factor = factor;
  }

  async fit(x: readonly (readonly number[])[]): Promise<this> {
    const sum = new Float64Array(x[0]!.length);
    for (const row of x) for (const [i, value] of row.entries()) sum[i]! += value;
    this.#count = x.length;
    this.#mean = sum.map((s) => s / x.length);
    return this;
  }

  async transform(x: readonly (readonly number[])[]): Promise<number[][]> {
    return x.map((row) => row.map((value, i) => this.factor * (value - this.#mean![i]!)));
  }

  describe() {
    return [this.factor];
  }

  getState(): TransformerState {
    return { mean: this.#mean, count: this.#count, largest: Number.POSITIVE_INFINITY };
  }

  setState(state: TransformerState): void {
    if (!(state.mean instanceof Float64Array) || typeof state.count !== 'number')
      throw new TypeError('mean must be a Float64Array');
    this.#mean = state.mean;
    this.#count = state.count;
  }
}

describe('preprocessing', () => {
  const data = [
    [0.1, 1e-300],
    [0.2, 7],
    [0.4, -3],
  ];

  it('comes back with the model', async () => {
    const scaler = await new Centered(3).fit(data);
    const file = await saveModel(new Dense(2, 1), { preprocessing: { input: scaler } });
    const { metadata, entries } = await readSafetensors(file);
    expect(JSON.parse(metadata.preprocessing!)).toEqual({
      input: { kind: 'Centered', args: [3], state: { count: 3, largest: { $value: 'Infinity' } } },
    });
    expect(entries.get('preprocessing:input/mean')).toMatchObject({ dtype: 'F64', shape: [2] });
    const { preprocessing } = await loadModel(file, { transformers: { Centered } });
    const again = preprocessing.input as Centered;
    expect(again).toBeInstanceOf(Centered);
    expect(again.getState()).toEqual(scaler.getState());
    expect(await again.transform(data)).toEqual(await scaler.transform(data));
  });

  it('of an unknown kind, or with other data, is refused', async () => {
    const file = await saveModel(new Dense(2, 1), { preprocessing: { a: await new Centered(3).fit(data) } });
    expect((await errorOf(() => loadModel(file))).message).toBe(
      "[loadModel] got a transformer of the kind 'Centered', wanted its class in the option transformers.",
    );
    const without = await changedFile(file, ({ tensors }) => {
      delete tensors['preprocessing:a/mean'];
    });
    const error = await errorOf(() => loadModel(without, { transformers: { Centered } }));
    expect(error.message).toContain("data of 'a' that 'Centered' refuses: mean must be a Float64Array");
    const more = await changedFile(file, ({ tensors }) => {
      tensors['preprocessing:b/mean'] = tensor([1]);
    });
    const unknown = await errorOf(() => loadModel(more, { transformers: { Centered } }));
    expect(unknown.message).toContain("the tensor 'preprocessing:b/mean' in the file's 'preprocessing'");
  });

  it.each<[string, unknown, RegExp]>([
    ['no transformers', { a: 5 }, /preprocessing 'a' 5, wanted a Transformer/],
    ['a list', [new Centered(1)], /preprocessing an array/],
    ['a name with a slash', { 'a/b': new Centered(1) }, /the name 'a\/b'/],
    [
      'a function in the state',
      { a: Object.assign(new Centered(1), { getState: () => ({ f: () => 1 }) }) },
      /a function for f of Centered 'a'/,
    ],
    [
      'a class without a kind',
      { a: { describe: () => [], getState: () => ({}) } },
      /the kind of 'a' undefined/,
    ],
  ])('%s is refused by saveModel', async (_name, preprocessing, message) => {
    const error = await errorOf(() => saveModel(new Dense(1, 1), { preprocessing: preprocessing as never }));
    expect(error.message).toMatch(/^\[saveModel\] /);
    expect(error.message).toMatch(message);
  });
});
