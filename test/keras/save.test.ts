import {
  Conv1D,
  Conv3D,
  Conv3DTranspose,
  type Layer,
  loadModel,
  PReLU,
  Sequential,
  saveModel,
  tensor,
} from 'ndgrad';
import { kerasLayers, loadKeras } from 'ndgrad/keras';
import { expect, test } from 'vitest';
import {
  filled,
  fixture,
  functional,
  jsonFixture,
  layer,
  load,
  messageOf,
  type Numbers,
  sequential,
  tensorOf,
} from './support.ts';

const answers = jsonFixture<Record<string, { readonly input: Numbers }>>('keras.json');

/** The model out of a file of saveModel. */
async function again(model: Layer): Promise<Layer> {
  const loaded = await loadModel(await saveModel(model), { layers: kerasLayers });
  return loaded.model;
}

const trainable = (model: Layer): unknown[] =>
  model.namedParameters().map(([path, p]) => [path, p.shape, p.trainable]);

test.each(Object.keys(answers))('%s is saved and loaded again', async (name) => {
  const model = await loadKeras(fixture(name));
  const loaded = await again(model);
  expect(loaded.summary()).toBe(model.summary());
  expect(trainable(loaded)).toEqual(trainable(model));
  expect(loaded.inputShape()).toEqual(model.inputShape());
  const x = tensorOf(answers[name]!.input);
  expect(await loaded.call(x).data()).toEqual(await model.call(x).data());
  expect(await saveModel(loaded)).toEqual(await saveModel(model));
});

const image: readonly number[] = [2, 4, 5, 3];
const sequence: readonly number[] = [2, 5, 3];
const volume: readonly number[] = [1, 2, 4, 3, 2];

/** Layers without weights: a class, its configuration, and the shape of an input. */
const operations: readonly (readonly [className: string, config: object, shape: readonly number[]])[] = [
  ['Cropping1D', { cropping: [1, 2] }, sequence],
  [
    'Cropping2D',
    {
      cropping: [
        [1, 0],
        [0, 2],
      ],
    },
    image,
  ],
  ['UpSampling1D', { size: 3 }, sequence],
  ['UpSampling2D', { size: [2, 3], interpolation: 'nearest' }, image],
  ['UpSampling2D', { size: 2, interpolation: 'bilinear' }, image],
  ['UpSampling3D', {}, volume],
  ['ZeroPadding3D', { padding: [1, 2, 0] }, volume],
  [
    'Cropping3D',
    {
      cropping: [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
    },
    volume,
  ],
  ['MaxPooling3D', {}, volume],
  ['AveragePooling3D', { pool_size: [1, 2, 2], padding: 'same' }, volume],
  ['GlobalMaxPooling3D', {}, volume],
  ['GlobalAveragePooling3D', { keepdims: true }, volume],
  ['ZeroPadding1D', { padding: 2 }, sequence],
  ['ZeroPadding2D', { padding: [2, 1] }, image],
  ['Permute', { dims: [2, 1] }, sequence],
  ['RepeatVector', { n: 4 }, [2, 3]],
  ['Rescaling', { scale: 1 / 3, offset: -0.25 }, sequence],
  ['GlobalMaxPooling1D', { keepdims: true }, sequence],
  ['GlobalMaxPooling2D', { keepdims: true }, image],
  ['GlobalAveragePooling1D', { keepdims: true }, sequence],
  ['GlobalAveragePooling2D', { keepdims: true }, image],
  ['ELU', { alpha: 0.5 }, sequence],
  ['LeakyReLU', { alpha: 0.1 }, sequence],
  ['LeakyReLU', { negative_slope: 0.2 }, sequence],
  ['ReLU', { max_value: 0.4, negative_slope: 0.1, threshold: 0.2 }, sequence],
  ['ReLU', { max_value: 6, negative_slope: null }, sequence],
  ['Softmax', { axis: 1 }, sequence],
  ['Activation', { activation: 'exponential' }, sequence],
  ['Activation', { activation: 'hard_sigmoid' }, sequence],
  ['Activation', { activation: 'leaky_relu' }, sequence],
];

test.each(operations)('%s %o', async (className, config, shape) => {
  const model = await load(sequential(layer(className, 'a', config)));
  const loaded = await again(model);
  expect(loaded.summary()).toBe(model.summary());
  const x = tensorOf(filled(...shape));
  const y = model.call(x);
  expect(await loaded.call(x).data()).toEqual(await y.data());
  expect(loaded.call(x).shape).toEqual(y.shape);
});

test('activations without a name follow their layers', async () => {
  const dense = { units: 2, activation: { class_name: 'LeakyReLU', config: { negative_slope: 0.5 } } };
  const weights = {
    'a/kernel': { shape: [2, 2], data: [1, 0, 0, -1] },
    'a/bias': { shape: [2], data: [0, -1] },
  };
  const model = (await load(sequential(layer('Dense', 'a', dense)), weights)) as Sequential;
  expect(model.layers[0]).toBeInstanceOf(Sequential);
  expect(model.namedParameters().map(([path]) => path)).toEqual(['a.layer.kernel', 'a.layer.bias']);
  // 3, -4 - 1 and half of it.
  for (const each of [model, await again(model)])
    expect(await each.call(tensor([[3, 4]])).toArray()).toEqual([[3, -2.5]]);
});

const three = { kernel_size: [1, 2, 1], filters: 2, strides: [1, 1, 1], padding: 'valid' };
const numbers = (...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Array.from({ length: size }, (_, i) => (i % 5) / 4 - 0.5) };
};

test.each([
  [
    'Conv3D',
    three,
    { kernel: numbers(1, 2, 1, 2, 2), bias: numbers(2) },
    volume,
    new Conv3D(2, 2, [1, 2, 1]),
  ],
  [
    'Conv3DTranspose',
    three,
    { kernel: numbers(1, 2, 1, 2, 2), bias: numbers(2) },
    volume,
    new Conv3DTranspose(2, 2, [1, 2, 1]),
  ],
  [
    'Conv1D',
    { kernel_size: [2], filters: 2, padding: 'causal', dilation_rate: [2] },
    { kernel: numbers(2, 3, 2), bias: numbers(2) },
    sequence,
    new Conv1D(3, 2, 2, { padding: 'causal', dilation: 2 }),
  ],
  ['PReLU', { shared_axes: [1, 2] }, { alpha: numbers(1, 1, 3) }, image, new PReLU(3)],
])('%s has the weights of Keras', async (className, config, weights, shape, plain: Layer) => {
  const named = Object.fromEntries(Object.entries(weights).map(([name, value]) => [`a/${name}`, value]));
  const input = layer('InputLayer', 'in', { batch_input_shape: [null, ...shape.slice(1)] });
  const model = await load(sequential(input, layer(className, 'a', config)), named);
  for (const [name, p] of plain.namedParameters()) {
    const value = tensorOf((weights as Record<string, Numbers>)[name]!);
    await p.assign(name === 'alpha' ? value.flatten() : value);
  }
  const x = tensorOf(filled(...shape));
  for (const each of [model, await again(model)])
    expect(await each.call(x).data()).toEqual(await plain.call(x).data());
});

test('slopes of positions are refused', async () => {
  const input = layer('InputLayer', 'in', { batch_input_shape: [null, 4, 3] });
  const model = sequential(input, layer('PReLU', 'a', { shared_axes: null }));
  expect(await messageOf(() => load(model, { 'a/alpha': numbers(4, 3) }))).toContain(
    'alpha [4, 3], not of channels',
  );
});

const merged = (className: string, config: object = {}): Promise<Layer> =>
  load(
    functional(
      [
        layer('InputLayer', 'in', { batch_input_shape: [null, 2] }, []),
        layer('Rescaling', 'r', { scale: -2 }, [[['in', 0, 0, {}]]]),
        layer(className, 'm', config, [
          [
            ['in', 0, 0, {}],
            ['r', 0, 0, {}],
          ],
        ]),
      ],
      [['in', 0, 0]],
      [['m', 0, 0]],
    ),
  );

test.each([
  ['Add', {}, [[-3, 1]]],
  ['Average', {}, [[-1.5, 0.5]]],
  ['Concatenate', { axis: 1 }, [[3, -1, -6, 2]]],
  ['Maximum', {}, [[3, 2]]],
  ['Minimum', {}, [[-6, -1]]],
  ['Multiply', {}, [[-18, -2]]],
  ['Subtract', {}, [[9, -3]]],
])('%s', async (className, config, wanted) => {
  const model = await merged(className, config);
  for (const each of [model, await again(model)])
    expect(await each.call(tensor([[3, -1]])).toArray()).toEqual(wanted);
});

test('loading without the classes says where they are', async () => {
  const bytes = await saveModel(await merged('Add'));
  expect(await messageOf(() => loadModel(bytes))).toMatch(
    /^\[loadModel\] got layers of unknown kinds 'KerasOperation', 'KerasFunctional'\. .*layers: kerasLayers/,
  );
});

test.each<[string, string, unknown, string]>([
  ['KerasOperation', '0', 'Lambda', "class 'Lambda', wanted one of ELU"],
  ['KerasOperation', '1', { scale: 'x' }, "scale 'x' for 'Rescaling', wanted Keras's settings"],
  ['KerasOperation', '1', [1], "class 'Rescaling', wanted one of ELU"],
  ['KerasFunctional', '0', 5, "'KerasFunctional' refuses: "],
  ['KerasFunctional', '0', [null], 'step 0 null, wanted a layer or merge'],
  ['KerasFunctional', '0.1.inputs', [2, 0], 'step 1 an object, wanted a layer or merge of values before it'],
  ['KerasFunctional', '0.1.inputs', [], 'step 1 an object, wanted a layer or merge of values before it'],
  ['KerasFunctional', '0.0.inputs', [0, 0], 'step 0 an object, wanted a layer or merge of values before it'],
  ['KerasFunctional', '0.1.apply.className', '__proto__', "class '__proto__', wanted one of Add"],
  ['KerasFunctional', '1', 9, 'output 9, wanted 0 to 2'],
  ['KerasFunctional', '2.inputShape', [-1], '-1'],
])('a file with another argument of %s at %s is an error', async (kind, path, value, message) => {
  const model = await merged('Concatenate');
  const text = new TextDecoder('latin1').decode(await saveModel(model));
  const length = new DataView((await saveModel(model)).buffer).getUint32(0, true);
  const header = JSON.parse(text.slice(8, 8 + length)) as { __metadata__: { model: string } };
  const configuration = JSON.parse(header.__metadata__.model) as {
    layers: { kind: string; args: unknown }[];
  };
  const keys = path.split('.');
  let at = configuration.layers.find((entry) => entry.kind === kind)!.args as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
  header.__metadata__.model = JSON.stringify(configuration);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  expect(await messageOf(() => loadModel(bytes, { layers: kerasLayers }))).toContain(message);
});
