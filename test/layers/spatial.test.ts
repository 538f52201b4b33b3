import { describe, expect, test } from 'vitest';
import {
  AvgPool1D,
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv3D,
  Cropping1D,
  Cropping2D,
  conv,
  convTranspose,
  Dense,
  Flatten,
  Generator,
  gradients,
  InstanceNorm,
  MaxPool3D,
  PReLU,
  SeparableConv1D,
  SeparableConv2D,
  Sequential,
  type Tensor,
  UpSampling1D,
  UpSampling2D,
  ZeroPadding1D,
  ZeroPadding2D,
  zeros,
} from '../../src/index.ts';

// Values and gradients of PyTorch are in reference.test.ts, finite differences in gradients.test.ts.

test('a causal convolution does not see later steps', () => {
  const layer = new Conv1D(2, 3, 3, { padding: 'causal', dilation: 2 });
  const x = new Generator(1).normal([1, 9, 2]);
  const [g] = gradients((layer.call(x).slice(null, [4, 5]) as Tensor).sum(), [x]);
  const touched = g!
    .abs()
    .sum([0, 2])
    .toArray()
    .map((sum: number) => sum > 0);
  expect(touched).toEqual([true, false, true, false, true, false, false, false, false]);
});

test('initial values of the separable convolution have a generator', () => {
  const make = () => new SeparableConv2D(3, 4, 3, { rng: new Generator(5) });
  const [a, b] = [make(), make()].map((layer) => layer.parameters().map((p) => p.toArray()));
  expect(a).toEqual(b);
  const layer = new SeparableConv2D(3, 4, 3, {
    depthMultiplier: 2,
    depthwiseInitializer: 'ones',
    kernelInitializer: 'zeros',
    depthwisePenalty: { l2: 0.5 },
  });
  expect(layer.namedParameters().map(([name, p]) => [name, p.shape])).toEqual([
    ['depthwise.kernel', [3, 3, 1, 6]],
    ['pointwise.kernel', [1, 1, 6, 4]],
    ['pointwise.bias', [4]],
  ]);
  expect(layer.penalty()!.item()).toBe(0.5 * 54);
});

test('sizes of spatial axes are known when a model is built', () => {
  const model = new Sequential(
    [
      new ZeroPadding2D([[1, 0], 2]),
      new UpSampling2D([2, 1]),
      new Cropping2D(1),
      new Flatten(),
      new Dense(12 * 6 * 3, 2),
    ],
    { inputShape: [6, 4, 3] },
  );
  expect(model.outputShape([5, 6, 4, 3])).toEqual([5, 2]);
  expect(new Cropping1D([[1, 2]]).inferShape([null, null, 3])).toEqual([null, null, 3]);
});

describe('errors', () => {
  const images = zeros([2, 4, 4, 3]) as Tensor;
  test.each<[() => unknown, string]>([
    [
      () => new Conv2D(1, 1, 3, { padding: 'causal' as never }),
      "[Conv2D] got padding \"causal\", wanted 'valid', 'same', a whole",
    ],
    [
      () => new Conv1DTranspose(1, 1, 3, { padding: 'causal' as never }),
      '[Conv1DTranspose] got padding "causal"',
    ],
    [() => new AvgPool1D(2, { padding: 'causal' as never }), '[AvgPool1D] got padding "causal"'],
    [() => conv(images, zeros([2, 2, 3, 1]), { padding: 'causal' }), '[conv] got padding "causal"'],
    [
      () => convTranspose(zeros([1, 4, 3]), zeros([2, 1, 3]), { padding: 'causal' as never }),
      '[convTranspose] got padding',
    ],
    [
      () => new Conv3D(3, 2, 2).call(images as never),
      '[Conv3D] input [2, 4, 4, 3] does not fit [N, depth, height, width, channels].',
    ],
    [() => new MaxPool3D(2).call(images as never), '[MaxPool3D] input [2, 4, 4, 3] does not fit'],
    [() => new Cropping2D(2).call(images), '[Cropping2D] nothing is left of axis 1 of input [2, 4, 4, 3].'],
    [
      () => new Cropping1D(-1),
      '[Cropping1D] got cropping -1, wanted a whole number from 0 up, or for each of the 1 spatial axes',
    ],
    [() => new ZeroPadding1D([1, 2] as never), '[ZeroPadding1D] got padding [1,2], wanted a whole number'],
    [
      () => new ZeroPadding1D(1).call(images as never),
      '[ZeroPadding1D] input [2, 4, 4, 3] does not fit [N, length, channels].',
    ],
    [() => new UpSampling1D(0), '[UpSampling1D] got size 0'],
    [
      () => new UpSampling2D(2, { method: 'cubic' as never }),
      "[UpSampling2D] got method 'cubic', wanted 'nearest' or 'bilinear'.",
    ],
    [() => new SeparableConv1D(3, 2, 2, { depthMultiplier: 0 }), '[SeparableConv1D] got depthMultiplier 0'],
    [() => new SeparableConv1D(3, 2, 0), '[SeparableConv1D] got kernelSize 0'],
    [
      () => new SeparableConv1D(3, 2, 2, { bias: false, biasPenalty: { l2: 1 } }),
      '[SeparableConv1D] got biasPenalty with bias: false',
    ],
    [
      () => new SeparableConv2D(4, 2, 2).call(images as never),
      '[SeparableConv2D] input [2, 4, 4, 3] does not fit inChannels 4.',
    ],
    [
      () => new InstanceNorm(3).call(zeros([2, 3])),
      '[InstanceNorm] input [2, 3] has no spatial axes, wanted [N, ..., features].',
    ],
    [
      () => new Sequential([new InstanceNorm(3)], { inputShape: [3] }),
      '[Sequential.0 InstanceNorm] input [1, 3] has no spatial axes',
    ],
    [
      () => new InstanceNorm(2).call(images as never),
      '[InstanceNorm] input [2, 4, 4, 3] does not fit features 2.',
    ],
    [() => new PReLU(2).call(images as never), '[PReLU] input [2, 4, 4, 3] does not fit features 2'],
    [() => new PReLU(0), '[PReLU] got features 0, wanted a whole number from 1 up.'],
  ])('%#', (call, message) => {
    expect(call).toThrow(message);
  });
});
