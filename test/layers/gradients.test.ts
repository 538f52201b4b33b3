import { expect, test } from 'vitest';
import * as layers from '../../src/layers/index.ts';
import { type Layer, training } from '../../src/layers/index.ts';
import { fromArray } from '../../src/tensor/creation.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gradcheck } from '../../src/testing.ts';

// Every layer against finite differences, while training, by its input and all that is trained.

const rng = new Generator(1);
/** Biases and the like are not zero. */
const normal = { biasInitializer: 'normal', rng } as const;
/** States in the middle of their range. */
const recurrent = { kernelInitializer: 'glorotNormal', biasInitializer: 'normal', rng } as const;
const affine = { gammaInitializer: 'normal', betaInitializer: 'normal', epsilon: 0.1, rng } as const;
const { Conv2D, Dense, Dropout, Activation } = layers;

/** Of every layer one or more, and the shape that it is given. */
const table: { readonly [Name in LayerName]: readonly (readonly [Layer, number[]])[] } = {
  Activation: [[new Activation('tanh'), [2, 3]]],
  AvgPool1D: [[new layers.AvgPool1D(3, { stride: 1 }), [2, 5, 2]]],
  AvgPool3D: [[new layers.AvgPool3D(2, { stride: 1 }), [1, 3, 2, 3, 2]]],
  AvgPool2D: [[new layers.AvgPool2D(3, { stride: 2, padding: 'same' }), [2, 4, 5, 2]]],
  Bidirectional: [
    [new layers.Bidirectional(new layers.LSTM(2, 2, { returnSequences: true, ...recurrent })), [2, 3, 2]],
  ],
  BatchNorm: [
    [new layers.BatchNorm(3, affine), [4, 3]],
    [new layers.BatchNorm(2, affine), [2, 3, 2, 2]],
  ],
  Conv1D: [[new layers.Conv1D(2, 3, 3, { activation: 'tanh', dilation: 2, ...normal }), [2, 6, 2]]],
  Conv1DTranspose: [
    [new layers.Conv1DTranspose(2, 3, 3, { stride: 2, outputPadding: 1, ...normal }), [2, 3, 2]],
  ],
  Conv2D: [
    [new Conv2D(2, 3, 2, { activation: 'tanh', stride: 2, padding: 1, ...normal }), [1, 3, 4, 2]],
    [new Conv2D(2, 4, 3, { groups: 2, padding: 'same', ...normal }), [1, 3, 3, 2]],
    [new Conv2D(4, 6, [1, 2], { groups: 2, ...normal }), [1, 2, 3, 4]],
  ],
  Conv2DTranspose: [
    [new layers.Conv2DTranspose(2, 3, 3, { stride: 2, activation: 'silu', ...normal }), [1, 2, 3, 2]],
  ],
  Conv3D: [
    [new layers.Conv3D(2, 2, 2, { padding: 'same', dilation: [1, 2, 1], ...normal }), [1, 2, 3, 2, 2]],
  ],
  Conv3DTranspose: [[new layers.Conv3DTranspose(2, 1, 2, { stride: [2, 1, 1], ...normal }), [1, 2, 2, 2, 2]]],
  Cropping1D: [[new layers.Cropping1D([[1, 2]]), [2, 5, 2]]],
  Cropping2D: [[new layers.Cropping2D(1), [2, 3, 4, 2]]],
  Cropping3D: [[new layers.Cropping3D([1, 0, [0, 1]]), [1, 3, 2, 3, 2]]],
  Dense: [[new Dense(3, 2, { activation: 'gelu', ...normal }), [4, 3]]],
  Dropout: [[new Dropout(0.4), [4, 5]]],
  Flatten: [[new layers.Flatten(), [2, 3, 2]]],
  GRU: [
    [new layers.GRU(3, 2, { dropout: 0.3, recurrentDropout: 0.3, ...recurrent }), [2, 3, 3]],
    [new layers.GRU(2, 3, { resetAfter: false, returnSequences: true, ...recurrent }), [2, 3, 2]],
  ],
  GlobalAvgPool1D: [[new layers.GlobalAvgPool1D(), [2, 4, 3]]],
  GlobalAvgPool2D: [[new layers.GlobalAvgPool2D(), [2, 3, 2, 3]]],
  GlobalAvgPool3D: [[new layers.GlobalAvgPool3D(), [2, 2, 3, 2, 2]]],
  GlobalMaxPool3D: [[new layers.GlobalMaxPool3D(), [2, 2, 3, 2, 2]]],
  GlobalMaxPool1D: [[new layers.GlobalMaxPool1D(), [2, 4, 3]]],
  GlobalMaxPool2D: [[new layers.GlobalMaxPool2D(), [2, 3, 2, 3]]],
  GroupNorm: [
    [new layers.GroupNorm(2, 4, affine), [3, 4]],
    [new layers.GroupNorm(1, 2, affine), [2, 2, 3, 2]],
  ],
  LSTM: [
    [new layers.LSTM(3, 2, { dropout: 0.3, recurrentDropout: 0.3, ...recurrent }), [2, 3, 3]],
    [new layers.LSTM(2, 3, { goBackwards: true, returnSequences: true, ...recurrent }), [2, 3, 2]],
  ],
  InstanceNorm: [
    [new layers.InstanceNorm(2, affine), [2, 3, 2]],
    [new layers.InstanceNorm(2, affine), [1, 2, 3, 2]],
  ],
  LayerNorm: [
    [new layers.LayerNorm(3, affine), [4, 3]],
    [new layers.LayerNorm(3, affine), [2, 2, 2, 3]],
  ],
  MultiHeadAttention: [
    [new layers.MultiHeadAttention(4, 2, { causal: true, rotary: true, dropout: 0.2, rng }), [1, 3, 4]],
  ],
  PositionEmbedding: [[new layers.PositionEmbedding(4, 2, { rng }), [2, 3, 2]]],
  RMSNorm: [[new layers.RMSNorm(3, { gammaInitializer: 'normal', rng }), [2, 2, 3]]],
  SimpleRNN: [[new layers.SimpleRNN(2, 3, { activation: 'softsign', ...recurrent }), [2, 3, 2]]],
  SinusoidalPositions: [[new layers.SinusoidalPositions(4), [1, 3, 4]]],
  TransformerBlock: [
    [new layers.TransformerBlock(4, 2, { hiddenFeatures: 3, causal: true, dropout: 0.2, rng }), [1, 3, 4]],
  ],
  MaxPool1D: [[new layers.MaxPool1D(2), [2, 5, 3]]],
  MaxPool2D: [[new layers.MaxPool2D([2, 3], { stride: [1, 2], padding: [0, 1] }), [2, 4, 5, 2]]],
  MaxPool3D: [[new layers.MaxPool3D(2, { stride: 1 }), [1, 3, 2, 3, 2]]],
  PReLU: [[new layers.PReLU(3, { alphaInitializer: 'uniform', rng }), [2, 4, 3]]],
  Reshape: [[new layers.Reshape([3, -1]), [2, 6]]],
  Residual: [
    [new layers.Residual(new Dense(3, 3, { activation: 'tanh', ...normal })), [2, 3]],
    [
      new layers.Residual(new Conv2D(2, 3, 3, { stride: 2, padding: 'same', ...normal }), {
        shortcut: new Conv2D(2, 3, 1, { stride: 2, ...normal }),
        activation: 'tanh',
      }),
      [1, 3, 4, 2],
    ],
  ],
  Sequential: [
    [
      new layers.Sequential([
        new Conv2D(1, 2, 2, { bias: false, rng }),
        new layers.BatchNorm(2, affine),
        new Activation('tanh'),
        new layers.Flatten(),
        new Dropout(0.3),
        new Dense(12, 2, normal),
      ]),
      [2, 3, 4, 1],
    ],
  ],
  SeparableConv1D: [
    [new layers.SeparableConv1D(2, 3, 3, { padding: 'causal', depthMultiplier: 2, ...normal }), [2, 4, 2]],
  ],
  SeparableConv2D: [
    [new layers.SeparableConv2D(2, 3, 2, { padding: 'same', activation: 'tanh', ...normal }), [1, 3, 3, 2]],
  ],
  UpSampling1D: [[new layers.UpSampling1D(3, { method: 'bilinear' }), [2, 3, 2]]],
  UpSampling2D: [[new layers.UpSampling2D([2, 3]), [2, 2, 3, 2]]],
  UpSampling3D: [[new layers.UpSampling3D(2, { method: 'bilinear' }), [1, 2, 2, 2, 2]]],
  ZeroPadding1D: [[new layers.ZeroPadding1D([[1, 2]]), [2, 3, 2]]],
  ZeroPadding2D: [[new layers.ZeroPadding2D(1), [2, 2, 3, 2]]],
  ZeroPadding3D: [[new layers.ZeroPadding3D([1, 0, [0, 2]]), [1, 2, 2, 2, 2]]],
  SpatialDropout: [[new layers.SpatialDropout(0.4), [3, 2, 2, 3]]],
};

/** Embedding takes integers. */
type LayerName = Exclude<
  {
    [K in keyof typeof layers]: (typeof layers)[K] extends new (...args: never[]) => Layer ? K : never;
  }[keyof typeof layers],
  'Embedding'
>;

/** Different numbers far apart, so that no maximum changes hands. */
function input(shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, (_, i) => ((i * 71 + 40) % 211) * 0.02 - 2);
  return fromArray(values, shape, 'float32');
}

const cases = Object.entries(table).flatMap(([name, list]) =>
  list.map(([layer, shape]) => [name, layer, shape] as const),
);

test.each(cases)('%s', async (name, layer, shape) => {
  expect(layer.type.startsWith(name)).toBe(true);
  const trained = layer.parameters().filter((p) => p.trainable);
  const x = input(shape);
  const report = await gradcheck(
    (...inputs) => layer.call(inputs[0]!, training({ rng: new Generator(7) })),
    [x, ...trained],
  );
  expect(report.checked).toBe([x, ...trained].reduce((n, t) => n + t.size, 0));
});
