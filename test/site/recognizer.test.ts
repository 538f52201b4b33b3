import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import facts from '../../site/models/digits.json';
import { imageOf } from '../../site/src/draw/ink.ts';
import { openRecognizer, Recognizer } from '../../site/src/draw/recognizer.ts';
import { scalePixels } from '../../src/data.ts';
import {
  Accuracy,
  Activation,
  Conv2D,
  Dense,
  evaluate,
  Flatten,
  type Layer,
  loadModel,
  MaxPool2D,
  Sequential,
  seed,
  softmaxCrossEntropy,
  tensor,
} from '../../src/index.ts';
import { loadMnist } from '../../src/node.ts';
import { strokeDigits } from './stroke-digits.ts';

const file = readFileSync(new URL('../../site/models/digits.safetensors', import.meta.url));
const images = strokeDigits.map((strokes) => imageOf(strokes)!);

it('recognizes drawn digits with the model of the page', async () => {
  const recognizer = await openRecognizer(file);
  for (const [digit, image] of images.entries()) {
    const { probabilities, best } = await recognizer.look(image, null);
    expect(best).toBe(digit);
    expect(probabilities[digit]).toBeGreaterThan(0.8);
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  }
});

it('ships with a model whose accuracy is written beside it', async () => {
  expect(file.length).toBe(facts.bytes);
  expect(file.length).toBeLessThan(150_000);
  const { images: pixels, labels } = (await loadMnist()).test;
  const { data, shape } = scalePixels(pixels);
  const { model } = await loadModel(file);
  const found = { x: tensor(data, { shape }), y: tensor(labels.data) };
  const { accuracy } = await evaluate(model, found, { loss: softmaxCrossEntropy, metrics: [new Accuracy()] });
  expect(accuracy).toBe(facts.testAccuracy);
  expect(accuracy).toBeGreaterThan(0.99);
});

it('shows what each layer gives, without those that change nothing', async () => {
  const { layers, probabilities } = await (await openRecognizer(file)).look(images[4]!, null);
  expect(layers.map(({ type, shape }) => [type, ...shape])).toEqual([
    ['Conv2D', 24, 24, 16],
    ['MaxPool2D', 12, 12, 16],
    ['Activation(relu)', 12, 12, 16],
    ['Conv2D', 10, 10, 32],
    ['MaxPool2D', 5, 5, 32],
    ['Activation(relu)', 5, 5, 32],
    ['Dense', 64],
    ['Dense', 10],
  ]);
  const { model } = await loadModel(file);
  const x = tensor(images[4]!, { shape: [1, 784] });
  expect([...probabilities]).toEqual(
    [...(await model.call(x).softmax().data())].map((p) => expect.closeTo(p, 5)),
  );
  expect([...layers.at(-1)!.values]).toEqual([...(await model.call(x).data())]);
});

it('gives the gradient of a digit, by default of the most probable one', async () => {
  seed(1);
  const recognizer = new Recognizer(
    new Sequential([new Dense(784, 16, { activation: 'tanh' }), new Dense(16, 10)]),
  );
  const image = images[7]!;
  const score = async (x: Float32Array, digit: number) =>
    (await recognizer.look(x, null)).layers.at(-1)!.values[digit]!;
  for (const digit of [1, 7]) {
    const { gradient } = await recognizer.look(image, digit);
    for (const pixel of [0, 300, 406, 783]) {
      const [less, more] = [-1 / 64, 1 / 64].map((step) =>
        image.map((value, i) => (i === pixel ? value + step : value)),
      );
      const slope = ((await score(more!, digit)) - (await score(less!, digit))) * 32;
      expect(gradient[pixel]).toBeCloseTo(slope, 3);
    }
  }
  const first = await recognizer.look(image, null);
  expect(first.gradient).toEqual((await recognizer.look(image, first.best)).gradient);
  expect(first.gradient).not.toEqual((await recognizer.look(image, (first.best + 1) % 10)).gradient);
});

it('takes networks with other inputs and outputs', async () => {
  seed(1);
  const models = [
    new Sequential([new Flatten(), new Dense(784, 10)]),
    new Sequential([
      new Conv2D(1, 4, 5),
      new MaxPool2D(2),
      new Flatten(),
      new Dense(576, 10),
      new Activation('softmax'),
    ]),
    new Sequential<readonly Layer[]>([new Dense(28, 8), new Flatten(), new Dense(224, 10)]),
  ];
  for (const model of models) {
    const { probabilities, gradient, layers } = await new Recognizer(model).look(images[3]!, 2);
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(gradient).toHaveLength(784);
    expect(gradient.some((g) => g !== 0)).toBe(true);
    if (model === models[1]) expect(probabilities).toEqual(layers.at(-1)!.values);
  }
  const bytes = new Sequential([new Dense(784, 10)]);
  const [one, full] = [new Recognizer(bytes), new Recognizer(bytes, 255)];
  const scores = async (recognizer: Recognizer, image: Float32Array) =>
    (await recognizer.look(image, 0)).layers[0]!.values;
  expect(await scores(full, images[0]!)).toEqual(
    await scores(
      one,
      images[0]!.map((value) => value * 255),
    ),
  );
});

it('refuses networks for something else', () => {
  const wanted = 'wanted one that takes images of 28 x 28 pixels and gives scores of 10 digits';
  expect(() => new Recognizer(new Dense(4, 10))).toThrow(wanted);
  expect(() => new Recognizer(new Dense(784, 9))).toThrow(wanted);
});
