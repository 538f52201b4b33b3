import { expect, it } from 'vitest';
import * as ndgrad from '../../../src/index.ts';
import { roundTrip, valuesOf } from './support.ts';

const { Conv1D, Dense, Flatten, Layer } = ndgrad;

/** Arguments of every layer class, with all of its options, and the shape of an input. */
const ROWS: Record<string, readonly (readonly [args: readonly unknown[], inputShape: readonly number[]])[]> =
  {
    Activation: [
      [
        ['tanh', { name: 'a' }],
        [2, 3],
      ],
    ],
    AvgPool1D: [
      [
        [2, { stride: 1, padding: 'same', name: 'a' }],
        [2, 5, 3],
      ],
    ],
    AvgPool2D: [
      [
        [[2, 3], { stride: [1, 2] }],
        [2, 5, 6, 3],
      ],
    ],
    BatchNorm: [
      [
        [3, { epsilon: 0.1, scale: false, momentum: 0.5, name: 'a' }],
        [4, 3],
      ],
      [[3], [4, 3]],
    ],
    Bidirectional: [
      [
        [new ndgrad.GRU(3, 2, { returnSequences: true, bias: false }), { merge: 'sum', name: 'a' }],
        [2, 4, 3],
      ],
      [[new ndgrad.LSTM(3, 2)], [2, 4, 3]],
    ],
    Conv1D: [
      [
        [2, 4, 3, { stride: 2, padding: 'same', groups: 2, activation: 'relu', kernelPenalty: { l2: 0.5 } }],
        [2, 7, 2],
      ],
    ],
    Conv1DTranspose: [
      [
        [2, 4, 3, { stride: 2, outputPadding: 1 }],
        [2, 7, 2],
      ],
    ],
    Conv2D: [
      [
        [2, 4, [3, 2], { dilation: [1, 2], padding: [[1, 0], 2], bias: false }],
        [2, 7, 7, 2],
      ],
    ],
    Conv2DTranspose: [
      [
        [2, 4, 2, { stride: [2, 1], padding: 'same', biasInitializer: 'ones' }],
        [2, 4, 4, 2],
      ],
    ],
    Dense: [
      [
        [
          3,
          4,
          {
            activation: 'gelu',
            kernelInitializer: 'heNormal',
            biasInitializer: ndgrad.initializers.constant(0.5),
            kernelPenalty: { l1: 0.1 },
            biasPenalty: { l2: 0.3 },
            rng: new ndgrad.Generator(5),
            name: 'a',
          },
        ],
        [2, 3],
      ],
      [
        [3, 4],
        [2, 3],
      ],
    ],
    Dropout: [
      [
        [0.5, { name: 'a' }],
        [2, 3],
      ],
    ],
    Flatten: [
      [[], [2, 3, 4]],
      [[{ name: 'a' }], [2, 3, 4]],
    ],
    GRU: [
      [
        [3, 2, { resetAfter: false, returnSequences: true, recurrentDropout: 0.2, name: 'a' }],
        [2, 4, 3],
      ],
      [
        [3, 2, { biasPenalty: { l2: 0.5 } }],
        [2, 4, 3],
      ],
    ],
    GlobalAvgPool1D: [[[{ name: 'a' }], [2, 5, 3]]],
    GlobalAvgPool2D: [[[], [2, 5, 4, 3]]],
    GlobalMaxPool1D: [[[], [2, 5, 3]]],
    GlobalMaxPool2D: [[[{ name: 'a' }], [2, 5, 4, 3]]],
    GroupNorm: [
      [
        [2, 4, { epsilon: 0.1, center: false }],
        [2, 3, 4],
      ],
    ],
    LSTM: [
      [
        [
          3,
          2,
          {
            returnSequences: true,
            goBackwards: true,
            activation: 'softsign',
            recurrentActivation: 'hardSigmoid',
            unitForgetBias: false,
            dropout: 0.2,
            recurrentInitializer: ndgrad.initializers.uniform(),
            recurrentPenalty: { l1: 0.5 },
            name: 'a',
          },
        ],
        [2, 4, 3],
      ],
      [
        [3, 2],
        [2, 4, 3],
      ],
    ],
    LayerNorm: [
      [
        [3, { epsilon: 0.1, gammaInitializer: 'zeros' }],
        [2, 3],
      ],
    ],
    Embedding: [
      [
        [5, 3, { paddingIndex: 1, name: 'a' }],
        [2, 4],
      ],
    ],
    MultiHeadAttention: [
      [
        [4, 2, { causal: true, rotary: true, keyValueHeads: 1, bias: false, name: 'a' }],
        [2, 3, 4],
      ],
      [
        [4, 2],
        [2, 3, 4],
      ],
    ],
    PositionEmbedding: [
      [
        [5, 3],
        [2, 4, 3],
      ],
    ],
    RMSNorm: [
      [
        [3, { epsilon: 0.1 }],
        [2, 3],
      ],
    ],
    SimpleRNN: [
      [
        [3, 2, { activation: 'relu', bias: false, kernelPenalty: { l2: 0.5 } }],
        [2, 4, 3],
      ],
    ],
    SinusoidalPositions: [
      [
        [4, { name: 'a' }],
        [2, 3, 4],
      ],
    ],
    TransformerBlock: [
      [
        [4, 2, { hiddenFeatures: 6, normalization: 'rms', order: 'post', activation: 'relu', dropout: 0.1 }],
        [2, 3, 4],
      ],
    ],
    MaxPool1D: [
      [
        [2, { padding: [[1, 0]] }],
        [2, 5, 3],
      ],
    ],
    MaxPool2D: [[[2], [2, 6, 6, 3]]],
    Reshape: [
      [
        [[3, -1], { name: 'a' }],
        [2, 12],
      ],
    ],
    Residual: [
      [[new Dense(3, 3)], [2, 3]],
      [
        [new Dense(3, 4), { shortcut: new Dense(3, 4), activation: 'relu', name: 'a' }],
        [2, 3],
      ],
    ],
    Sequential: [
      [
        [[new Conv1D(2, 3, 2), new Flatten(), new Dense(12, 2)], { inputShape: [5, 2], name: 'a' }],
        [3, 5, 2],
      ],
      [[[]], [3, 5]],
    ],
    AvgPool3D: [
      [
        [2, { stride: 1 }],
        [1, 3, 2, 3, 2],
      ],
    ],
    Conv3D: [
      [
        [2, 2, [1, 2, 2], { padding: [0, [1, 0], 0], groups: 2, bias: false }],
        [1, 2, 3, 2, 2],
      ],
    ],
    Conv3DTranspose: [
      [
        [2, 2, 2, { stride: [1, 2, 1], outputPadding: [0, 1, 0] }],
        [1, 2, 2, 2, 2],
      ],
    ],
    Cropping1D: [
      [
        [[[1, 0]], { name: 'a' }],
        [2, 4, 3],
      ],
    ],
    Cropping2D: [[[1], [2, 4, 3, 3]]],
    Cropping3D: [[[[1, 0, [0, 1]]], [1, 3, 2, 2, 2]]],
    GlobalAvgPool3D: [[[], [2, 2, 3, 2, 2]]],
    GlobalMaxPool3D: [[[{ name: 'a' }], [2, 2, 3, 2, 2]]],
    InstanceNorm: [
      [
        [3, { epsilon: 0.1, center: false, name: 'a' }],
        [2, 4, 3],
      ],
    ],
    MaxPool3D: [
      [
        [[1, 2, 2], { padding: 'same' }],
        [1, 2, 3, 3, 2],
      ],
    ],
    PReLU: [
      [
        [3, { alphaInitializer: 'uniform', name: 'a' }],
        [2, 3],
      ],
    ],
    SeparableConv1D: [
      [
        [
          2,
          3,
          3,
          {
            padding: 'causal',
            dilation: 2,
            depthMultiplier: 2,
            depthwisePenalty: { l2: 0.5 },
            kernelPenalty: { l1: 0.5 },
          },
        ],
        [2, 5, 2],
      ],
    ],
    SeparableConv2D: [
      [
        [2, 3, [2, 1], { stride: 2, depthwiseInitializer: 'ones', activation: 'relu', name: 'a' }],
        [2, 4, 4, 2],
      ],
    ],
    UpSampling1D: [
      [
        [2, { name: 'a' }],
        [2, 3, 2],
      ],
    ],
    UpSampling2D: [
      [
        [[2, 1], { method: 'bilinear' }],
        [2, 3, 2, 2],
      ],
    ],
    UpSampling3D: [[[2], [1, 2, 1, 2, 2]]],
    ZeroPadding1D: [
      [
        [[[1, 0]], { name: 'a' }],
        [2, 3, 2],
      ],
    ],
    ZeroPadding2D: [[[[1, [0, 2]]], [2, 3, 2, 2]]],
    ZeroPadding3D: [[[1], [1, 2, 1, 2, 2]]],
    SpatialDropout: [
      [
        [0.5, { name: 'a' }],
        [2, 3, 4],
      ],
    ],
  };

const classes = Object.entries(ndgrad).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof Layer,
) as unknown as [string, new (...args: unknown[]) => ndgrad.Layer][];

it('there is a row for every layer', () => {
  expect(Object.keys(ROWS).sort()).toEqual(classes.map(([name]) => name).sort());
});

const rows = classes.flatMap(([name, make]) =>
  (ROWS[name] ?? []).map(([args, shape], i) => [`${name} ${i}`, make, args, shape] as const),
);

it.each(rows)('%s', async (_name, make, args, shape) => {
  const layer = new make(...args);
  const again = await roundTrip(layer);
  expect(again.constructor).toBe(make);
  expect(again.name).toBe(layer.name);
  expect(again.type).toBe(layer.type);
  expect(again.describe().length).toBe(layer.describe().length);
  expect(valuesOf(again)).toEqual(valuesOf(layer));
  expect(again.parameters().map((p) => p.trainable)).toEqual(layer.parameters().map((p) => p.trainable));
  expect(again.penalty()?.item()).toEqual(layer.penalty()?.item());

  // The options are the same: so are the results of both modes, and their gradients.
  const numbers: ndgrad.Tensor = new ndgrad.Generator(2).normal(shape);
  const x = make === ndgrad.Embedding ? numbers.abs().floor().cast('int32') : numbers;
  const results = (model: ndgrad.Layer): number[][] =>
    [ndgrad.inference, ndgrad.training({ rng: new ndgrad.Generator(3) })].map((context) =>
      Array.from<number>(model.call(x, context).dataSync()),
    );
  expect(results(again)).toEqual(results(layer));
});

it('the options of a layer are those at its creation', () => {
  const options = { activation: 'relu' as ndgrad.ActivationName, kernelPenalty: { l2: 0.5 } };
  const layer = new Dense(2, 3, options);
  options.activation = 'tanh';
  options.kernelPenalty.l2 = 7;
  expect(layer.describe()).toEqual([2, 3, { activation: 'relu', kernelPenalty: { l2: 0.5 } }]);
});
