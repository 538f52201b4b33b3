import { expect, test } from 'vitest';
import { DTypeError, ShapeError, ValueError } from '../../src/ir/errors.ts';
import {
  binaryCrossEntropy,
  binaryFocalCrossEntropy,
  contrastive,
  cosineDistance,
  dice,
  hinge,
  huber,
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poissonLoss,
  softmaxCrossEntropy,
  squaredHinge,
  tripletMargin,
  tversky,
} from '../../src/losses/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';

const labels = (...values: number[]) => tensor(values, { dtype: 'int32' });
const logits = zeros([2, 3]);

test.each([
  [
    () => softmaxCrossEntropy(zeros([3]), labels(0)),
    ShapeError,
    'got logits [3], wanted [N, ..., C]: a row of C classes',
  ],
  [
    () => softmaxCrossEntropy(logits, labels(0, 1, 2)),
    ShapeError,
    'got labels [3] for logits [2, 3], wanted class numbers [2] or distributions [2, 3].',
  ],
  [() => softmaxCrossEntropy(logits, zeros([2, 4])), ShapeError, 'got labels [2, 4] for logits [2, 3]'],
  [
    () => softmaxCrossEntropy(logits, zeros([2])),
    DTypeError,
    "got float32 labels [2], wanted class numbers in int32 or uint8: tensor(labels, { dtype: 'int32' })",
  ],
  [
    () => softmaxCrossEntropy(logits, labels(0, 1), { classWeights: [1, 2] }),
    ShapeError,
    'got classWeights of shape [2], wanted [3].',
  ],
  [
    () => softmaxCrossEntropy(logits, labels(0, 1), { sampleWeights: [1] }),
    ShapeError,
    'got sampleWeights of shape [1], wanted [2].',
  ],
  [
    () => softmaxCrossEntropy(logits, labels(0, 1), { labelSmoothing: 1.5 }),
    ValueError,
    'got labelSmoothing 1.5',
  ],
  [
    () => softmaxCrossEntropy(logits, labels(0, 1), { reduction: 'median' as never }),
    ValueError,
    "got reduction 'median', wanted 'mean', 'sum' or 'none'.",
  ],
])('softmaxCrossEntropy: %#', (make, kind, message) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(`[softmaxCrossEntropy] ${message}`);
});

test.each([[3], [-1]])('label %d of 3 classes is an error when it is computed', (label) => {
  const loss = softmaxCrossEntropy(logits, labels(0, label));
  expect(() => loss.item()).toThrow(
    new ValueError(`[softmaxCrossEntropy] label ${label} is out of range: wanted 0 to 2 for 3 classes.`),
  );
});

const elementLosses = {
  binaryCrossEntropy,
  binaryFocalCrossEntropy,
  hinge,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poissonLoss,
  squaredHinge,
};

test.each(Object.entries(elementLosses))('%s', (name, loss) => {
  expect(() => loss(zeros([4, 1]), zeros([4]))).toThrow(
    `[${name}] got predictions [4, 1] and targets [4], wanted one shape.`,
  );
  expect(() => loss(zeros([4, 2]), zeros([4, 2]), { sampleWeights: [1, 2] })).toThrow(
    `[${name}] got sampleWeights of shape [2], wanted [4] or [4, 2].`,
  );
  expect(() => loss(zeros([]), zeros([]), { sampleWeights: [1] })).toThrow(
    `[${name}] got sampleWeights for scalars`,
  );
  expect(loss(tensor(2), tensor(2, { dtype: 'int32' })).shape).toEqual([]);
});

test.each(Object.entries({ cosineDistance, dice, klDivergence, tversky }))('%s', (name, loss) => {
  expect(() => loss(zeros([4, 1]), zeros([4, 2]))).toThrow(
    `[${name}] got predictions [4, 1] and targets [4, 2], wanted one shape.`,
  );
  expect(() => loss(zeros([4, 2]), zeros([4, 2]), { sampleWeights: [1, 2] })).toThrow(
    `[${name}] got sampleWeights of shape [2], wanted [4].`,
  );
  expect(() => loss(zeros([]), zeros([]))).toThrow(ShapeError);
  expect(loss(ones([4, 2]), ones([4, 2]), { reduction: 'none' }).shape).toEqual([4]);
});

test('losses of three tensors', () => {
  expect(() => tripletMargin(logits, logits, zeros([2, 4]))).toThrow(
    '[tripletMargin] got predictions [2, 3] and targets [2, 4], wanted one shape.',
  );
  expect(() => contrastive(logits, logits, logits)).toThrow(
    '[contrastive] got same of shape [2, 3] for embeddings [2, 3], wanted [2].',
  );
  expect(() => tripletMargin(logits, logits, logits, { margin: -1 })).toThrow(
    '[tripletMargin] got margin -1, wanted a number above 0.',
  );
});

test('a vector of length 0 has a finite distance and gradient', () => {
  const x = zeros([1, 3]);
  const loss = cosineDistance(x, ones([1, 3]));
  expect(loss.item()).toBe(1);
  expect(gradients(loss, [x])[0]!.dataSync().every(Number.isFinite)).toBe(true);
});

test('options out of range', () => {
  expect(() => dice(logits, logits, { smooth: -1 })).toThrow(
    '[dice] got smooth -1, wanted a number from 0 up.',
  );
  expect(() => tversky(logits, logits, { beta: Infinity })).toThrow('[tversky] got beta Infinity');
  expect(() => binaryFocalCrossEntropy(logits, logits, { gamma: -1 })).toThrow(
    '[binaryFocalCrossEntropy] got gamma -1, wanted a number from 0 up.',
  );
  expect(() => binaryFocalCrossEntropy(logits, logits, { alpha: 2 })).toThrow(
    '[binaryFocalCrossEntropy] got alpha 2, wanted a number from 0 to 1.',
  );
  expect(() => huber(logits, logits, { delta: 0 })).toThrow('[huber] got delta 0, wanted a number above 0.');
  expect(() => binaryCrossEntropy(logits, logits, { positiveWeight: [1, 2] })).toThrow(ShapeError);
  expect(() => binaryCrossEntropy(ones([3]), ones([3]), { positiveWeight: ones([2, 3]) })).toThrow(
    '[binaryCrossEntropy] got positiveWeight of shape [2, 3], wanted one that broadcasts to [3].',
  );
});

test('a class that is ruled out by an infinite logit does no harm', () => {
  const x = tensor([[0, Number.NEGATIVE_INFINITY, 0]]);
  const loss = softmaxCrossEntropy(x, labels(2));
  expect(loss.item()).toBeCloseTo(Math.log(2), 6);
  expect(gradients(loss, [x])[0]!.toArray()).toEqual([[0.5, 0, -0.5]]);
});

test('weights and targets may be arrays, bools or integers', () => {
  const targets = tensor([true, false]);
  expect(binaryCrossEntropy(zeros([2]), targets, { sampleWeights: Int32Array.of(1, 1) }).item()).toBeCloseTo(
    Math.LN2,
    6,
  );
  expect(softmaxCrossEntropy(zeros([1, 2]), tensor([[true, false]])).item()).toBeCloseTo(Math.LN2, 6);
});
