import { describe, expect, test } from 'vitest';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';
import {
  Activation,
  AvgPool1D,
  BatchNorm,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Dense,
  Dropout,
  Flatten,
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  Layer,
  LayerNorm,
  MaxPool2D,
  type PartialShape,
  Reshape,
  Residual,
  Sequential,
  SpatialDropout,
  training,
} from '../../src/layers/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { ones, tensor, zeros } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gradcheck } from '../../src/testing.ts';

const loose = (...shape: number[]): Tensor => zeros(shape);

/** Layers as a program without types has them. */
const untyped = (...layers: Layer[]): Layer[] => layers;

describe('Residual', () => {
  const half: Layer = new Activation((x) => x.mul(0.5));
  const x = tensor([
    [-2, 4],
    [6, -8],
  ]);

  test('is activation(x + inner(x)), or shortcut(x) for x', () => {
    expect(new Residual(half).call(x).toArray()).toEqual([
      [-3, 6],
      [9, -12],
    ]);
    expect(new Residual(half, { activation: 'relu' }).call(x).toArray()).toEqual([
      [0, 6],
      [9, 0],
    ]);
    const negated = new Activation((t) => t.neg());
    expect(new Residual(half, { shortcut: negated }).call(x).toArray()).toEqual([
      [1, -2],
      [-3, 4],
    ]);
  });

  test('its parameters have paths, and the context reaches them', () => {
    const block = new Residual(
      new Sequential([new Conv2D(2, 4, 3, { padding: 'same', bias: false }), new BatchNorm(4)]),
      { shortcut: new Conv2D(2, 4, 1, { bias: false }), name: 'block' },
    );
    const model = new Sequential([block]);
    expect(model.namedParameters().map(([path]) => path)).toEqual([
      'block.inner.0.kernel',
      'block.inner.1.gamma',
      'block.inner.1.beta',
      'block.inner.1.runningMean',
      'block.inner.1.runningVariance',
      'block.shortcut.kernel',
    ]);
    const context = training();
    model.call(loose(2, 3, 3, 2), context);
    expect(context.assignments).toHaveLength(2);
  });

  test('gradients', async () => {
    const rng = new Generator(3);
    const inner = new Sequential([
      new Conv2D(2, 3, 3, { padding: 'same', stride: 2, rng }),
      new BatchNorm(3, { epsilon: 0.1 }),
    ]);
    const layer = new Residual(inner, {
      shortcut: new Conv2D(2, 3, 1, { stride: 2, rng }),
      activation: 'tanh',
    });
    const input = rng.normal([2, 3, 4, 2]);
    const trained = layer.parameters().filter((p) => p.trainable);
    await gradcheck((...inputs) => layer.call(inputs[0]!, training()), [input, ...trained]);
  });

  test('names both shapes where they differ: nothing is broadcast', () => {
    const narrowing: Layer = new Conv2D(4, 4, 3);
    expect(() => new Residual(narrowing).call(loose(2, 8, 8, 4))).toThrow(ShapeError);
    expect(() => new Residual(narrowing).call(loose(2, 8, 8, 4))).toThrow(
      '[Residual] the inner layer gives [2, 6, 6, 4], the input is [2, 8, 8, 4], wanted the same. ' +
        "Keep the shape (padding 'same', stride 1), or give a shortcut with the same output shape.",
    );
    const shortcut = new Conv2D(4, 4, 1, { stride: 2 });
    expect(() => new Residual(narrowing, { shortcut }).call(loose(2, 8, 8, 4))).toThrow(
      '[Residual] the inner layer gives [2, 6, 6, 4], the shortcut gives [2, 4, 4, 4], wanted the same. ' +
        'Give the shortcut the same channels and stride.',
    );
    const one: Layer = new Dense(3, 1);
    expect(() =>
      new Sequential(untyped(new Activation('relu'), new Residual(one))).call(loose(2, 3)),
    ).toThrow('[Sequential.1 Residual] the inner layer gives [2, 1], the input is [2, 3], wanted the same.');
  });
});

describe('pooling', () => {
  test('strides are the size by default', () => {
    const x = tensor(
      Float32Array.from({ length: 16 }, (_, i) => i),
      { shape: [1, 4, 4, 1] },
    );
    expect(new MaxPool2D(2).call(x).toArray()).toEqual([
      [
        [[5], [7]],
        [[13], [15]],
      ],
    ]);
    expect(new MaxPool2D([4, 2], { stride: [1, 1] }).call(x).toArray()).toEqual([[[[13], [14], [15]]]]);
    expect(new AvgPool1D(3, { stride: 2, padding: 'same' }).call(x.reshape([1, 16, 1])).shape).toEqual([
      1, 8, 1,
    ]);
  });

  test('has no parameters, and refuses what does not fit', () => {
    expect(new MaxPool2D(2).parameters()).toEqual([]);
    expect(() => new MaxPool2D(2).call(loose(2, 8, 8))).toThrow(
      '[MaxPool2D] input [2, 8, 8] does not fit [N, height, width, channels].',
    );
    expect(() => new MaxPool2D(3).call(loose(2, 2, 8, 1))).toThrow(
      '[MaxPool2D] input float32 [2, 2, 8, 1]: [maxPool] a window spans 3 elements along axis 1',
    );
    expect(() => new MaxPool2D(0)).toThrow('[MaxPool2D] got size 0');
    expect(() => new AvgPool1D(2, { stride: 0.5 })).toThrow('[AvgPool1D] got stride 0.5');
    expect(() => new MaxPool2D(2, { padding: 'full' as 'same' })).toThrow('[MaxPool2D] got padding "full"');
  });
});

describe('Reshape', () => {
  test('keeps the batch axis and the order', () => {
    const x = tensor([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect(new Reshape([2, 2]).call(x).toArray()).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    expect(new Reshape([-1, 2, 1]).call(x).shape).toEqual([2, 2, 2, 1]);
    expect(new Reshape([]).call(loose(3, 1)).shape).toEqual([3]);
    expect(new Reshape([-1, 2]).call(loose(0, 6)).shape).toEqual([0, 3, 2]);
  });

  test('says what does not fit', () => {
    expect(() => new Reshape([28, 28, 1]).call(loose(2, 700))).toThrow(
      '[Reshape] input [2, 700] has 700 values per sample, [28, 28, 1] wants 784. ' +
        'Give a shape with as many values, without the batch axis.',
    );
    expect(() => new Reshape([-1, 4]).call(loose(2, 6))).toThrow('[-1, 4] wants a multiple of 4.');
    expect(() => new Reshape([1]).call(zeros([]))).toThrow('[Reshape] input [] has no batch axis.');
    for (const shape of [[-1, -1], [2.5], [-2]]) {
      expect(() => new Reshape(shape)).toThrow(
        `[Reshape] got shape [${shape.join(', ')}], wanted whole numbers`,
      );
    }
  });
});

describe('SpatialDropout', () => {
  const x = ones([40, 6, 5, 50]);

  test('drops whole channels of each sample and divides the others by 1 - rate', () => {
    const y = new SpatialDropout(0.2).call(x, training({ rng: new Generator(1) }));
    const largest = y.max([1, 2]).dataSync();
    expect(y.min([1, 2]).dataSync()).toEqual(largest);
    expect(new Set(largest)).toEqual(new Set([0, Math.fround(1.25)]));
    expect(largest.filter((v) => v === 0).length / largest.length).toBeCloseTo(0.2, 1);
    // Samples and channels are dropped independently of each other.
    const grid = y.max([1, 2]);
    expect(new Set(grid.sum(0).dataSync()).size).toBeGreaterThan(5);
    expect(new Set(grid.sum(1).dataSync()).size).toBeGreaterThan(5);
  });

  test('of sequences and of anything else with three axes or more', () => {
    const mask = (shape: number[]): Tensor =>
      new SpatialDropout(0.5).call(ones(shape), training({ rng: new Generator(1) }));
    for (const shape of [
      [3, 7, 20],
      [2, 3, 2, 2, 20],
    ]) {
      const y = mask(shape);
      const spatial = shape.map((_, i) => i).slice(1, -1);
      expect(y.shape).toEqual(shape);
      expect(y.min(spatial).dataSync()).toEqual(y.max(spatial).dataSync());
    }
    expect(() => mask([3, 7])).toThrow(
      '[SpatialDropout] input [3, 7] has no spatial axes, wanted [N, ..., channels]. Use Dropout for [N, features].',
    );
  });

  test('is the identity in inference and at rate 0, which draws nothing', () => {
    expect(new SpatialDropout(0.5).call(x)).toBe(x);
    const rng = new Generator(1);
    expect(new SpatialDropout(0).call(x, training({ rng }))).toBe(x);
    expect(rng.getState()).toEqual(new Generator(1).getState());
  });

  test('masks differ from call to call, come again from the seed, and backward sees them', () => {
    const leaf = tensor(ones([30]).dataSync(), { shape: [1, 1, 30] });
    const layer = new SpatialDropout(0.5);
    const draw = (): Tensor[] => {
      const ctx = training({ rng: new Generator(4) });
      return [layer.call(leaf, ctx), layer.call(leaf, ctx)];
    };
    const [a, b] = draw();
    expect(a!.dataSync()).not.toEqual(b!.dataSync());
    expect(draw().map((t) => t.dataSync())).toEqual([a!.dataSync(), b!.dataSync()]);
    expect(gradients(a!.sum(), [leaf])[0]!.dataSync()).toEqual(a!.dataSync());
  });

  test.each([1, -0.1, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => new SpatialDropout(rate)).toThrow(ValueError);
    expect(() => new SpatialDropout(rate)).toThrow(`[SpatialDropout] got rate ${rate}`);
  });
});

describe('a Sequential is checked when it is built', () => {
  const cnn = (): Layer[] =>
    untyped(
      new Conv2D(1, 8, 3, { bias: false }),
      new BatchNorm(8),
      new Activation('relu'),
      new Residual(new Sequential([new Conv2D(8, 8, 3, { padding: 'same' }), new BatchNorm(8)])),
      new Flatten(),
      new Dense(26 * 26 * 8, 10, { name: 'out' }),
    );

  test('with an input shape, whole; nothing is computed', () => {
    const layers = cnn();
    const before = backendInfo().planMisses + backendInfo().planHits;
    const model = new Sequential(layers, { inputShape: [28, 28, 1] });
    expect(model.inputShape()).toEqual([28, 28, 1]);
    expect(model.outputShape([4, 28, 28, 1])).toEqual([4, 10]);
    expect(backendInfo().planMisses + backendInfo().planHits).toBe(before);
    expect(() => new Sequential(cnn(), { inputShape: [27, 28, 1] })).toThrow(ShapeError);
    expect(() => new Sequential(cnn(), { inputShape: [27, 28, 1] })).toThrow(
      "[Sequential.5 Dense 'out'] input [1, 5200] does not fit inFeatures 5408. " +
        'Give [N, 5408], or create the layer with inFeatures 5200.',
    );
    expect(() => new Sequential(cnn(), { inputShape: [28, 28] })).toThrow(
      '[Sequential.0 Conv2D] input [1, 28, 28] does not fit [N, height, width, channels].',
    );
    expect(() => new Sequential(cnn(), { inputShape: [2, 2, 1] })).toThrow(
      '[Sequential.0 Conv2D] input float32 [1, 2, 2, 1]: [conv] the window',
    );
    const inner: Layer = new Sequential([new Dense(4, 5)]);
    expect(() => new Sequential(untyped(inner, new Dense(6, 1)), { inputShape: [4] })).toThrow(
      '[Sequential.1 Dense] input [1, 5] does not fit inFeatures 6.',
    );
  });

  const misfits: readonly (readonly [name: string, layers: Layer[], text: string])[] = [
    [
      'features',
      [new Dense(4, 5), new Activation('relu'), new Dense(6, 1)],
      '[Sequential.2 Dense] input [N, 5] does not fit inFeatures 6. Give [N, 6], or create the layer with inFeatures 5.',
    ],
    [
      'channels',
      [new Conv2D(1, 32, 3), new SpatialDropout(0.1), new Conv2D(64, 64, 3, { name: 'second' })],
      "[Sequential.2 Conv2D 'second'] input [N, ?, ?, 32] does not fit inChannels 64. " +
        'Give [N, height, width, 64], or create the layer with inChannels 32.',
    ],
    [
      'normalisation',
      [new Conv2D(1, 32, 3), new BatchNorm(64)],
      '[Sequential.1 BatchNorm] input [N, ?, ?, 32] does not fit features 64.',
    ],
    [
      'what normalisation tells',
      [new BatchNorm(4), new Activation('relu'), new Dense(4, 3), new LayerNorm(5)],
      '[Sequential.3 LayerNorm] input [N, 3] does not fit features 5.',
    ],
    [
      'features that normalisation tells',
      [new Flatten(), new BatchNorm(4), new Dense(5, 1)],
      '[Sequential.2 Dense] input [N, 4] does not fit inFeatures 5.',
    ],
    [
      'a missing Flatten',
      [new Conv2D(1, 32, 3), new Dense(64, 10)],
      '[Sequential.1 Dense] input [N, ?, ?, 32] does not fit inFeatures 64. Give [N, ..., 64], or use Flatten',
    ],
    [
      'global pooling',
      [new Conv2D(1, 32, 3), new GlobalAvgPool2D(), new Dense(64, 10)],
      '[Sequential.2 Dense] input [N, 32] does not fit inFeatures 64.',
    ],
    [
      'what pooling keeps',
      [new Conv2D(1, 32, 3), new MaxPool2D(2), new Conv2D(16, 8, 3)],
      '[Sequential.2 Conv2D] input [N, ?, ?, 32] does not fit inChannels 16.',
    ],
    [
      'pooling of other data',
      [new Conv1D(1, 32, 3), new GlobalAvgPool2D()],
      '[Sequential.1 GlobalAvgPool2D] input [N, ?, 32] does not fit [N, height, width, channels].',
    ],
    [
      'transposed convolutions',
      [new Conv2DTranspose(8, 4, 2), new Conv2DTranspose(8, 1, 2)],
      '[Sequential.1 Conv2DTranspose] input [N, ?, ?, 4] does not fit inChannels 8.',
    ],
    [
      'Flatten of a known shape',
      [new Reshape([7, 7, 2]), new Flatten(), new Dense(97, 1)],
      '[Sequential.2 Dense] input [N, 98] does not fit inFeatures 97.',
    ],
    [
      'Reshape',
      [new Flatten(), new Dense(3, 98), new Reshape([7, 7, 3])],
      '[Sequential.2 Reshape] input [N, 98] has 98 values per sample, [7, 7, 3] wants 147.',
    ],
    [
      'an axis that is worked out',
      [new Reshape([-1, 3]), new GlobalAvgPool1D(), new Dense(4, 1)],
      '[Sequential.2 Dense] input [N, 3] does not fit inFeatures 4.',
    ],
    [
      'spatial dropout',
      [new Flatten(), new Dense(3, 98), new SpatialDropout(0.5)],
      '[Sequential.2 SpatialDropout] input [N, 98] has no',
    ],
    [
      'features of inputs with any number of axes',
      [new Dense(3, 98), new Activation('relu'), new Sequential([new LayerNorm(98)]), new Dense(97, 1)],
      '[Sequential.3 Dense] input [N, 98] does not fit inFeatures 97.',
    ],
    [
      'layers inside',
      [new Conv2D(1, 4, 3), new Sequential([new Activation('relu'), new Conv2D(5, 4, 3)])],
      '[Sequential.1.1 Conv2D] input [N, ?, ?, 4] does not fit inChannels 5.',
    ],
    [
      'a residual block',
      [new Conv2D(1, 4, 3), new Residual(new Conv2D(5, 5, 3))],
      '[Sequential.1.inner Conv2D] input [N, ?, ?, 4] does not fit inChannels 5.',
    ],
    [
      'the shortcut of one',
      [new Conv2D(1, 4, 3), new Residual(new Conv2D(4, 5, 3), { shortcut: new Conv2D(3, 5, 3) })],
      '[Sequential.1.shortcut Conv2D] input [N, ?, ?, 4] does not fit inChannels 3.',
    ],
    [
      'the sum of one',
      [new Conv2D(1, 4, 3), new Residual(new Conv2D(4, 5, 3) as Layer)],
      '[Sequential.1 Residual] the inner layer gives [N, ?, ?, 5], the input is [N, ?, ?, 4], wanted the same.',
    ],
  ];

  test.each(misfits)('without one, neighbours are: %s', (_, layers, text) => {
    expect(() => new Sequential(layers)).toThrow(ShapeError);
    expect(() => new Sequential(layers)).toThrow(text);
  });

  test("what is not known passes, and layers of one's own need say nothing", () => {
    class Own extends Layer {
      override forward(): Tensor {
        throw new Error('not to be called');
      }
    }
    const lists = [
      untyped(new Dense(4, 5), new Own(), new Dense(6, 1)),
      untyped(new Flatten(), new Dense(6, 1)),
      untyped(new Conv2D(1, 2, 3), new Flatten(), new Dense(6, 1)),
      untyped(new Reshape([-1, 3]), new Flatten(), new Dense(6, 1)),
      untyped(new Residual(new Own()), new Dense(6, 1)),
    ];
    for (const layers of lists) expect(() => new Sequential(layers)).not.toThrow();
  });

  test('a chain keeps the shape if all its layers do', () => {
    const keeping = new Sequential([new BatchNorm(4), new Activation('relu'), new Dropout(0.5)]);
    expect(keeping.keepsShape).toBe(true);
    expect(new Residual(keeping).keepsShape).toBe(true);
    expect(new Residual(new Flatten()).keepsShape).toBe(false);
    expect(new Residual(keeping, { shortcut: new Flatten() }).keepsShape).toBe(false);
    expect(new Sequential([keeping, new Flatten()]).keepsShape).toBe(false);
    expect(new Sequential([new Residual(keeping), new Dense(4, 2)]).inputShape()).toEqual([4]);
    const known: PartialShape = [null, null, 4];
    expect(keeping.inferShape(known)).toEqual(known);
  });
});

test('the summary of a convolutional model', () => {
  const block = new Residual(
    new Sequential([new Conv2D(16, 16, 3, { padding: 'same', bias: false }), new BatchNorm(16)]),
    {
      activation: 'relu',
      name: 'block',
    },
  );
  const model = new Sequential(
    [
      new Reshape([28, 28, 1]),
      new Conv2D(1, 16, 3, { stride: 2, padding: 'same', activation: 'relu' }),
      block,
      new SpatialDropout(0.1),
      new GlobalAvgPool2D(),
      new Dense(16, 10),
    ],
    { inputShape: [784] },
  );
  expect(model.summary()).toBe(
    [
      'Layer                    Output           Parameters',
      '----------------------------------------------------',
      'Sequential               [N, 10]                    ',
      '0 Reshape                [N, 28, 28, 1]            0',
      '1 Conv2D                 [N, 14, 14, 16]         160',
      'block Residual           [N, 14, 14, 16]            ',
      'block.inner Sequential   [N, 14, 14, 16]            ',
      'block.inner.0 Conv2D     [N, 14, 14, 16]       2,304',
      'block.inner.1 BatchNorm  [N, 14, 14, 16]          64',
      '3 SpatialDropout         [N, 14, 14, 16]           0',
      '4 GlobalAvgPool2D        [N, 16]                   0',
      '5 Dense                  [N, 10]                 170',
      '----------------------------------------------------',
      '2,698 parameters: 2,666 trainable, 32 frozen',
    ].join('\n'),
  );
});
