import {
  BatchNorm,
  type ByteSource,
  Conv2D,
  Dense,
  Dropout,
  defaultGenerator,
  type Layer,
  Sequential,
  SGD,
  training,
} from 'ndgrad';
import { loadKeras } from 'ndgrad/keras';
import { assertClose } from 'ndgrad/testing';
import { expect, test } from 'vitest';
import { fixture, jsonFixture, type Numbers, tensorOf } from './support.ts';

type Answer = { readonly input: Numbers; readonly output: Numbers };
const answers = jsonFixture<Record<string, Answer>>('keras.json');

async function expectPredictions(model: Layer, { input, output }: Answer): Promise<void> {
  const y = model.call(tensorOf(input));
  expect(y.shape).toEqual(output.shape);
  assertClose(y, tensorOf(output), { relative: 2e-5, absolute: 5e-6 });
}

test.each(Object.keys(answers))('%s has the predictions of PyTorch', async (name) => {
  await expectPredictions(await loadKeras(fixture(name)), answers[name]!);
});

test('a Sequential model is one of layers of this library, with the settings and names of Keras', async () => {
  const before = defaultGenerator().getState();
  const model = (await loadKeras(fixture('sequential.keras'))) as Sequential;
  expect(defaultGenerator().getState()).toEqual(before);
  expect(model).toBeInstanceOf(Sequential);
  expect(model.inputShape()).toEqual([11, 10, 3]);
  expect(model.layers.map(({ name }) => name).slice(0, 4)).toEqual(['first', 'second', 'third', 'fourth']);
  const [conv, norm, , grouped] = model.layers as readonly Layer[];
  expect(conv).toMatchObject({ kernelSize: [3, 3], stride: [2, 2], padding: 'same', activationName: null });
  expect(conv).toBeInstanceOf(Conv2D);
  expect(norm).toBeInstanceOf(BatchNorm);
  expect(norm).toMatchObject({ features: 6, momentum: 0.99, epsilon: 0.001 });
  expect(grouped).toMatchObject({ groups: 2, dilation: [2, 1], activationName: 'gelu' });
  expect(model.layers[11]).toBeInstanceOf(Dropout);
  expect(model.layers[11]).toMatchObject({ rate: 0.5 });
  const paths = model.namedParameters().map(([path]) => path);
  expect(paths).toContain('first.kernel');
  expect(paths).toContain('second.runningVariance');
  expect(paths).toContain('sixth.depthwise.kernel');
  const hidden = model.layers[10] as Dense;
  const squares = (await hidden.kernel.data()).reduce((sum, x) => sum + x * x, 0);
  assertClose(model.penalty()!, 0.01 * squares, { relative: 1e-5 });
});

test('a functional model keeps names; frozen layers stay frozen, and training changes the others', async () => {
  const model = await loadKeras(fixture('functional.keras'));
  expect(model.type).toBe('Functional');
  const frozen = model.namedParameters().filter(([, p]) => !p.trainable);
  expect(frozen.map(([path]) => path)).toEqual([
    'head.head_dense.kernel',
    'head.head_dense.bias',
    'head.head_norm.gamma',
    'head.head_norm.beta',
    'head.head_norm.runningMean',
    'head.head_norm.runningVariance',
  ]);
  // A dot separates layers in paths.
  expect(model.namedParameters().map(([path]) => path)).toContain('block_a.inner_conv.kernel');
  const values = (): Promise<unknown[]> => Promise.all(model.parameters().map((p) => p.data()));
  const before = await values();
  const context = training();
  const { input } = answers['functional.keras']!;
  const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
  await optimizer.minimize(model.call(tensorOf(input), context).square().mean(), { context });
  const after = await values();
  const changed = model.namedParameters().flatMap(([path], i) => (after[i] === before[i] ? [] : [path]));
  expect(changed.length).toBeGreaterThan(0);
  for (const [i, [path, p]] of model.namedParameters().entries()) {
    if (p.trainable) expect(after[i], path).not.toEqual(before[i]);
    else expect(after[i], path).toEqual(before[i]);
  }
});

test('a file can be read in parts, from any position in memory', async () => {
  const bytes = fixture('functional.keras');
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const source: ByteSource = {
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
  };
  for (const given of [source, shifted.subarray(3), shifted.buffer.slice(3)])
    await expectPredictions(await loadKeras(given), answers['functional.keras']!);
});

test('a layer that is applied to the last axis of a sequence keeps the other axes', async () => {
  const model = await loadKeras(fixture('functional.keras'));
  const embed = model.members().find(([key]) => key === 'embed')![1] as Layer;
  expect(embed.outputShape([3, 9, 4])).toEqual([3, 9, 6]);
  expect(embed).toBeInstanceOf(Dense);
  // The summary knows the outputs of all layers, those of inner layers too.
  expect(model.summary()).not.toContain('?');
});
