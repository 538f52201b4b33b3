import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Activation, Dense, type Layer, Reshape, Sequential } from '../../src/layers/index.ts';
import { binaryCrossEntropy, meanSquaredError, softmaxCrossEntropy } from '../../src/losses/index.ts';
import { Adam } from '../../src/optim/index.ts';
import { ones, tensor } from '../../src/tensor/creation.ts';
import { exp, logSoftmax, sigmoid, softmax } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { fit } from '../../src/train/index.ts';

// A warning comes once for each loss and activation, so each pair is used in one test only.

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => warn.mockRestore());

const x = ones([4, 3]);
const classes = tensor([0, 1, 1, 0], { dtype: 'int32' });
const binary = tensor([[0], [1], [1], [0]]);
const text = (loss: string, activation: string): string =>
  `[${loss}] got the output of ${activation}, wanted logits: the loss contains the last activation, and trains badly on ` +
  `values from 0 to 1. Remove ${activation} from the end of the model, and apply it to predictions instead.`;

test('logits give no warning, whatever is inside the model', () => {
  const model: Layer = new Sequential([
    new Dense(3, 4, { activation: 'sigmoid' }),
    new Activation('softmax'),
    new Dense(4, 2),
  ]);
  const y = model.call(x);
  softmaxCrossEntropy(y, classes);
  softmaxCrossEntropy(logSoftmax(y), classes);
  softmaxCrossEntropy(y.div(exp(y).sum(1, { keepDims: true })), classes);
  softmaxCrossEntropy(y, softmax(y));
  binaryCrossEntropy(y.mul(sigmoid(y)), sigmoid(y));
  meanSquaredError(softmax(y), y);
  expect(warn).not.toHaveBeenCalled();
});

test('a softmax layer under softmaxCrossEntropy gives one warning in a training', async () => {
  const model = new Sequential([new Dense(3, 2), new Activation('softmax')]);
  const options = { loss: softmaxCrossEntropy, batchSize: 2, epochs: 2 };
  await fit(model, { x, y: classes }, { ...options, optimizer: new Adam(model.parameters()) });
  softmaxCrossEntropy(softmax(x), tensor([0, 1, 1, 2], { dtype: 'int32' }));
  expect(warn.mock.calls).toEqual([[text('softmaxCrossEntropy', 'softmax')]]);
});

test('a sigmoid under binaryCrossEntropy does, also reshaped', () => {
  const model: Layer = new Sequential([new Dense(3, 1, { activation: 'sigmoid' }), new Reshape([])]);
  binaryCrossEntropy(model.call(x), binary.flatten());
  binaryCrossEntropy(sigmoid(binary), binary);
  expect(warn.mock.calls).toEqual([[text('binaryCrossEntropy', 'sigmoid')]]);
});

test('so do the other pairs, and a softmax that is written out', () => {
  const e = exp(x);
  const written: Tensor = e.div(e.sum(1, { keepDims: true }));
  binaryCrossEntropy(written, ones([4, 3]));
  softmaxCrossEntropy(sigmoid(x), tensor([0, 1, 1, 2], { dtype: 'int32' }));
  expect(warn.mock.calls).toEqual([
    [text('binaryCrossEntropy', 'softmax')],
    [text('softmaxCrossEntropy', 'sigmoid')],
  ]);
});
