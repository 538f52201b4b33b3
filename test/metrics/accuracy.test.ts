import { expect, test } from 'vitest';
import { Accuracy, BinaryAccuracy, TopKAccuracy } from '../../src/index.ts';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';
import { FakeTensor } from './support.ts';

const SCORES = [
  [0.1, 0.7, 0.2],
  [0.5, 0.4, 0.1],
  [0.2, 0.3, 0.5],
  [0.4, 0.4, 0.2],
];

test('accuracy of scores, class indices, one-hot and soft labels', async () => {
  const labels = [1, 2, 2, 1];
  const soft = [
    [0, 1, 0],
    [0, 0, 1],
    [0.2, 0.2, 0.6],
    [0, 1, 0],
  ];
  for (const predictions of [SCORES, [1, 0, 2, 0], new FakeTensor(SCORES.flat(), [4, 3])]) {
    for (const truth of [labels, Int32Array.from(labels), soft, labels.map((label) => [label])]) {
      const accuracy = new Accuracy();
      await accuracy.update(predictions, truth);
      expect(accuracy.result()).toBe(0.5);
    }
  }
});

test('the first of equal scores wins, and infinities are scores', async () => {
  const accuracy = new Accuracy();
  await accuracy.update(
    [
      [2, 2, 2],
      [-Infinity, -Infinity, -5],
      [0, Infinity, Infinity],
    ],
    [0, 2, 1],
  );
  expect(accuracy.result()).toBe(1);
});

test('weights, reset, and NaN before any sample', async () => {
  const accuracy = new Accuracy({ name: 'validationAccuracy' });
  expect(accuracy.name).toBe('validationAccuracy');
  expect(accuracy.result()).toBeNaN();
  await accuracy.update([], []);
  await accuracy.update([1, 1], [1, 0], [0, 0]);
  expect(accuracy.result()).toBeNaN();
  await accuracy.update(SCORES, [1, 2, 2, 1], [1, 0.25, 2, 0.75]);
  expect(accuracy.result()).toBe(0.75);
  accuracy.reset();
  expect(accuracy.result()).toBeNaN();
  await accuracy.update([3], [3]);
  expect(accuracy.result()).toBe(1);
});

test('an update that throws changes nothing', async () => {
  const accuracy = new Accuracy();
  await accuracy.update([1, 0], [1, 1]);
  await expect(accuracy.update([0, 1, 2], [0, 1, -1])).rejects.toThrow(ValueError);
  await expect(accuracy.update([0, 1], [0, 1], [1, -1])).rejects.toThrow(ValueError);
  expect(accuracy.result()).toBe(0.5);
});

test('accuracy names what does not fit', async () => {
  const update = (...args: Parameters<Accuracy['update']>) => new Accuracy().update(...args);
  await expect(update([1, 2, 3], [1, 2])).rejects.toThrow('[accuracy] 3 predictions but 2 labels.');
  await expect(update([1, 2], [1, 2], [1])).rejects.toThrow(
    '[accuracy] got sampleWeights of shape [1] for 2 samples.',
  );
  await expect(update([1, 2], [1, 2], [1, Number.NaN])).rejects.toThrow('[accuracy] sampleWeights[1] is NaN');
  await expect(update([1, 2], [1, 2], [1, -0.5])).rejects.toThrow('[accuracy] sampleWeights[1] is -0.5');
  await expect(update(SCORES, [0, 1, 2, 3])).rejects.toThrow(
    '[accuracy] label 3 is class 3, wanted a class from 0 to 2.',
  );
  await expect(update([0, -1], [0, 0])).rejects.toThrow('[accuracy] prediction 1 is class -1');
  await expect(update([0, 0.7], [0, 1])).rejects.toThrow(
    '[accuracy] prediction 1 is 0.7, wanted a class index',
  );
  await expect(update([0, 1], [0, Number.NaN])).rejects.toThrow('[accuracy] label 1 is NaN');
  await expect(update([0, 3e9], [0, 1])).rejects.toThrow('[accuracy] prediction 1 is class 3000000000');
  await expect(update([[1], [0]], [1, 0])).rejects.toThrow('Use BinaryAccuracy');
  await expect(update(SCORES, [[1, 0]])).rejects.toThrow('[accuracy] 4 predictions but 1 labels.');
  await expect(update([[1, 2, 3]], [[1, 0]])).rejects.toThrow(
    '[accuracy] labels have shape [1, 2], but there are 3 classes.',
  );
  await expect(update([[1, 2, 3]], [[0, 0, 0]])).rejects.toThrow('[accuracy] labels[0] has no entry above 0');
  await expect(update(new FakeTensor([1, 2, 3, 4], [1, 2, 2]), [0])).rejects.toThrow(ShapeError);
  await expect(update({ shape: [2, 0], data: [] }, [0, 1])).rejects.toThrow('wanted [N, C]');
  await expect(update({ shape: [], data: [1] }, [0])).rejects.toThrow('Reshape a scalar to [1].');
});

test('NaN scores are an error that names the place, and never class 0', async () => {
  const scores = [
    [0, 1],
    [Number.NaN, Number.NaN],
  ];
  await expect(new Accuracy().update(scores, [1, 0])).rejects.toThrow(
    '[accuracy] predictions[1, 0] is NaN, wanted a number. The model has diverged',
  );
  await expect(new Accuracy().update([[0, 1]], [[1, Number.NaN]])).rejects.toThrow('labels[0, 1] is NaN');
  await expect(new TopKAccuracy({ k: 1 }).update(scores, [1, 0])).rejects.toThrow(ValueError);
  await expect(new BinaryAccuracy().update([1, Number.NaN], [1, 0])).rejects.toThrow(
    '[binaryAccuracy] predictions[1] is NaN',
  );
});

test('binary accuracy of logits and of probabilities', async () => {
  const logits = new BinaryAccuracy();
  await logits.update(new FakeTensor([-1, 2, 0, 0.25], [4, 1]), [0, 1, 1, 0]);
  expect(logits.result()).toBe(0.5);

  const probabilities = new BinaryAccuracy({ threshold: 0.5 });
  await probabilities.update([0.2, 0.9, 0.5, 0.75], [[0], [1], [1], [1]], [1, 1, 1, 5]);
  expect(probabilities.result()).toBe(7 / 8);

  await expect(logits.update([1], [2])).rejects.toThrow(
    '[binaryAccuracy] label 0 is class 2, wanted a class from 0 to 1.',
  );
  await expect(logits.update([[1, 2]], [1])).rejects.toThrow('Use Accuracy for scores of shape [N, C].');
  expect(() => new BinaryAccuracy({ threshold: Number.NaN })).toThrow(ValueError);
});

test('top-k accuracy', async () => {
  const labels = [2, 2, 0, 1];
  const results = [];
  for (const k of [1, 2, 3]) {
    const topK = new TopKAccuracy({ k });
    expect(topK.name).toBe(`top${k}Accuracy`);
    await topK.update(SCORES, labels);
    results.push(topK.result());
  }
  expect(results).toEqual([0, 0.5, 1]);
});

test('top-1 is accuracy, ties included', async () => {
  const ties = [
    [1, 1, 1],
    [0, 2, 2],
    [3, 3, 0],
  ];
  for (const labels of [
    [0, 1, 0],
    [1, 2, 1],
    [2, 0, 2],
  ]) {
    const topK = new TopKAccuracy({ k: 1 });
    const accuracy = new Accuracy();
    await topK.update(ties, labels);
    await accuracy.update(ties, labels);
    expect(topK.result()).toBe(accuracy.result());
  }
});

test('top-k names what does not fit', async () => {
  expect(() => new TopKAccuracy({ k: 0 })).toThrow(
    '[TopKAccuracy] got k 0, wanted a whole number from 1 up.',
  );
  expect(() => new TopKAccuracy({ k: 1.5 })).toThrow(ValueError);
  const topK = new TopKAccuracy({ k: 4 });
  await expect(topK.update(SCORES, [0, 1, 2, 0])).rejects.toThrow(
    '[top4Accuracy] predictions have 3 classes, fewer than k = 4',
  );
  await expect(topK.update([1, 2], [1, 2])).rejects.toThrow('predictions have shape [2], wanted [N, C]');
  await expect(new TopKAccuracy({ k: 2 }).update(SCORES, [0, 1, 2, 3])).rejects.toThrow('label 3 is class 3');
});
