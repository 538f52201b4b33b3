import { describe, expect, test } from 'vitest';
import {
  binaryCrossEntropy,
  categoricalHinge,
  Dense,
  evaluate,
  softmaxCrossEntropy,
  softmaxFocalCrossEntropy,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

// Values of PyTorch and Keras are in reference.test.ts.

const logits = tensor([1, 2, 3, 0, 1, 5, 2, 2, 2, 1, 0, 0], { shape: [2, 2, 3] }) as Tensor;
const labels = tensor([0, -100, 2, 1], { shape: [2, 2], dtype: 'int32' }) as Tensor;

test('ignored labels get no gradient and no error for their number', () => {
  const loss = softmaxCrossEntropy(logits, labels, { ignoreIndex: -100, reduction: 'none' });
  expect(loss.shape).toEqual([2, 2]);
  expect(loss.toArray()).toEqual([
    [expect.any(Number), 0],
    [expect.any(Number), expect.any(Number)],
  ]);
  expect(() => softmaxCrossEntropy(logits, labels).item()).toThrow('[softmaxCrossEntropy]');
  const bytes = tensor([0, 255], { dtype: 'uint8' });
  const two = zeros([2, 3]) as Tensor;
  expect(softmaxCrossEntropy(two, bytes, { ignoreIndex: 255 }).item()).toBeCloseTo(Math.log(3), 6);
});

test('the loss of evaluate with ignoreIndex does not depend on the batch size', async () => {
  const model = new Dense(2, 3);
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 1], { shape: [5, 2] });
  const y = tensor([0, -1, -1, -1, 2], { dtype: 'int32' });
  const loss = (p: Tensor, t: Tensor, options?: object) =>
    softmaxCrossEntropy(p, t, { ...options, ignoreIndex: -1 });
  const whole = await evaluate(model, { x, y }, { loss, batchSize: 5 });
  for (const batchSize of [1, 2, 3])
    expect((await evaluate(model, { x, y }, { loss, batchSize })).loss).toBeCloseTo(whole.loss!, 6);
});

describe('arguments', () => {
  test.each<[() => unknown, string]>([
    [
      () => softmaxCrossEntropy(logits, zeros([2, 3], 'int32') as Tensor),
      '[softmaxCrossEntropy] got labels [2, 3] for logits [2, 2, 3], wanted class numbers [2, 2] or distributions [2, 2, 3].',
    ],
    [
      () => softmaxCrossEntropy(logits, logits, { ignoreIndex: 1 }),
      '[softmaxCrossEntropy] got ignoreIndex 1',
    ],
    [
      () => softmaxCrossEntropy(logits, labels, { ignoreIndex: 0.5 }),
      'got ignoreIndex 0.5, wanted a whole number',
    ],
    [
      () => softmaxCrossEntropy(logits, labels, { sampleWeights: [1, 2, 3] }),
      'got sampleWeights of shape [3], wanted [2] or [2, 2].',
    ],
    [
      () => binaryCrossEntropy(logits, logits, { labelSmoothing: 2 }),
      '[binaryCrossEntropy] got labelSmoothing 2',
    ],
    [
      () => categoricalHinge(logits, logits.sum(-1)),
      '[categoricalHinge] got float32 labels [2, 2], wanted class numbers',
    ],
    [
      () => softmaxFocalCrossEntropy(logits, labels, { gamma: -1 }),
      '[softmaxFocalCrossEntropy] got gamma -1',
    ],
    [() => softmaxFocalCrossEntropy(logits, labels, { alpha: [1] }), 'got alpha of shape [1], wanted [3].'],
  ])('%#', (call, message) => {
    expect(call).toThrow(message);
  });
});
