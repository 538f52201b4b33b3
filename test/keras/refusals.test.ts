import { expect, test } from 'vitest';
import { functional, layer, load, messageOf, sequential } from './support.ts';

// Layers, settings and graphs that can't be loaded. All are found before any weight is read.

const refused = (...layers: object[]): Promise<string> => messageOf(() => load(sequential(...layers)));

test('one error lists all layers that do not exist here, by name and class, those of inner models too', async () => {
  const message = await refused(
    layer('ConvLSTM2D', 'memory', { filters: 4 }),
    layer('Dense', 'fine', { units: 2 }),
    { class_name: 'Sequential', config: { name: 'inner', layers: [layer('Lambda', 'code')] } },
    { ...layer('Dense', 'own', { units: 2 }), registered_name: 'Package>Dense' },
    layer('toString', 'prototype'),
  );
  expect(message).toBe(
    "[loadTfjs] got layers that can't be loaded: 'memory' (ConvLSTM2D), 'code' (Lambda), 'own' (Package>Dense), 'prototype' (toString). " +
      'Wanted layers and settings of the table in docs/keras.md. Replace them in Keras, and save the model again.',
  );
});

const conv = { filters: 2, kernel_size: [3, 3] };

test.each([
  ['Conv2D', { ...conv, data_format: 'channels_first' }, "data_format 'channels_first'"],
  ['Conv2D', { ...conv, padding: 'full' }, "padding 'full'"],
  ['Conv2D', { ...conv, padding: 'causal' }, "padding 'causal'"],
  ['Conv2D', { ...conv, strides: [0, 1] }, 'strides [0, 1]'],
  ['Conv2D', { ...conv, kernel_size: [3] }, 'kernel_size [3]'],
  ['Conv2D', { ...conv, activation: 'my_function' }, "the activation 'my_function'"],
  [
    'Conv2D',
    { ...conv, kernel_regularizer: { class_name: 'Orthogonal', config: {} } },
    "kernel_regularizer 'Orthogonal'",
  ],
  [
    'Conv2D',
    { ...conv, activity_regularizer: { class_name: 'L2', config: {} } },
    'activity_regularizer an object',
  ],
  [
    'Conv2DTranspose',
    { ...conv, padding: 'same', output_padding: [1, 1] },
    "output_padding with padding 'same'",
  ],
  ['Dense', { units: 2.5 }, 'units 2.5'],
  ['Dense', {}, 'units undefined'],
  ['Dense', { units: 2, use_bias: 'yes' }, "use_bias 'yes'"],
  ['BatchNormalization', { axis: [1, 2] }, 'axis [1, 2]'],
  ['BatchNormalization', { renorm: true }, 'renorm true'],
  ['LayerNormalization', { scale: false, center: false }, 'no gamma and no beta'],
  ['Dropout', { rate: 1 }, 'rate 1'],
  ['Dropout', { rate: 0.5, noise_shape: [1, 2] }, 'noise_shape [1, 2]'],
  ['UpSampling2D', { interpolation: 'bicubic' }, "interpolation 'bicubic'"],
  ['Softmax', { axis: [1, 2] }, 'several axes'],
  ['ReLU', { max_value: 'six' }, "max_value 'six'"],
  ['Reshape', { target_shape: [-1, -1] }, 'target_shape [-1, -1]'],
  ['Permute', { dims: [1, 1] }, 'dims [1, 1]'],
  ['ZeroPadding2D', { padding: [[1, 2, 3]] }, 'padding an array'],
  ['MaxPooling2D', { pool_size: [2, 2], padding: 'causal' }, "padding 'causal'"],
])('%s with %j is refused', async (className, config, reason) => {
  expect(await refused(layer(className, 'it', config))).toMatch(
    `[loadTfjs] got layers that can't be loaded: 'it' (${className}: ${reason}).`,
  );
});

const input = (name: string): object => layer('InputLayer', name, { batch_input_shape: [null, 2] }, []);
const ends = (...names: string[]): unknown => names.map((name) => [name, 0, 0]);
const call = (...names: string[]): unknown => [names.map((name) => [name, 0, 0, {}])];
const graph = (layers: object[], inputs: unknown, outputs: unknown): Promise<string> =>
  messageOf(() => load(functional(layers, inputs, outputs)));

test('several inputs or outputs are refused', async () => {
  const add = layer('Add', 'sum', {}, call('a', 'b'));
  expect(await graph([input('a'), input('b'), add], ends('a', 'b'), ends('sum'))).toBe(
    "[loadTfjs] got the model 'model' with the inputs 'a', 'b', wanted one. Layers have one input and one output: save a model " +
      'with one in Keras.',
  );
  const flat = layer('Flatten', 'flat', {}, call('a'));
  expect(await graph([input('a'), flat], ends('a'), ends('a', 'flat'))).toMatch(
    "with the outputs 'a', 'flat', wanted one",
  );
  expect(await graph([input('a'), flat], ends('a'), [])).toMatch('with the outputs of none, wanted one');
});

test('damaged graphs are refused', async () => {
  const one = (name: string, ...from: string[]): object => layer('Flatten', name, {}, call(...from));
  const circle = [input('a'), one('b', 'c'), one('c', 'b')];
  expect(await graph(circle, ends('a'), ends('c'))).toMatch("got a circle through 'c' in the model 'model'");
  expect(await graph([input('a'), one('b', 'b')], ends('a'), ends('b'))).toMatch("a circle through 'b'");
  expect(await graph([input('a'), one('b', 'x')], ends('a'), ends('b'))).toMatch("no call 0 of 'x'");
  expect(await graph([input('a'), one('b', 'a', 'a')], ends('a'), ends('b'))).toMatch("2 inputs of 'b'");
  expect(await graph([input('a'), input('a')], ends('a'), ends('a'))).toMatch('two layers with one name');
  const forced = layer('Dropout', 'd', { rate: 0.5 }, [[['a', 0, 0, { training: true }]]]);
  expect(await graph([input('a'), forced], ends('a'), ends('d'))).toMatch(
    "'d' (Dropout: called with training)",
  );
});

test('models that are no graph of layers, and models inside models without end, are refused', async () => {
  expect(await messageOf(() => load({ class_name: 'MyModel', config: {} }))).toMatch(
    "[loadTfjs] got a model of the class 'MyModel', wanted a Sequential or functional model.",
  );
  expect(await messageOf(() => load(sequential([] as never)))).toMatch(
    'got the layer an array, wanted an object',
  );
  let deep = sequential();
  for (let i = 0; i < 100; i++) deep = sequential(deep);
  expect(await messageOf(() => load(deep))).toMatch('got models inside models, 65 deep, wanted at most 64');
});
