import {
  Activation,
  BatchNorm,
  Bidirectional,
  type Context,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Cropping1D,
  Dense,
  Dropout,
  Flatten,
  GlobalAvgPool2D,
  GlobalMaxPool1D,
  GRU,
  InstanceNorm,
  Layer,
  LayerNorm,
  LSTM,
  MaxPool2D,
  type Parameter,
  PReLU,
  predict,
  Reshape,
  Residual,
  SeparableConv2D,
  Sequential,
  type Shape,
  SimpleRNN,
  SpatialDropout,
  type Tensor,
  UpSampling2D,
  ZeroPadding2D,
  zeros,
} from 'ndgrad';
import { expectTypeOf, test } from 'vitest';

declare const unknownShape: Tensor;
declare const flag: boolean;

test('Dense knows its features', () => {
  const dense = new Dense(784, 128);
  expectTypeOf(dense).toExtend<Layer<[number, 784], [number, 128]>>();
  expectTypeOf(dense.kernel).toEqualTypeOf<Parameter<[784, 128]>>();
  expectTypeOf(dense.call(zeros([32, 784]))).toEqualTypeOf<Tensor<[32, 128]>>();
  expectTypeOf(dense.call(zeros([32, 5, 784]))).toEqualTypeOf<Tensor<[32, 5, 128]>>();
  // The input may have any number of axes.
  expectTypeOf(dense.call(unknownShape)).toEqualTypeOf<Tensor>();
  // @ts-expect-error 100 features where 784 are wanted
  dense.call(zeros([32, 100]));
  // @ts-expect-error no batch axis
  dense.call(zeros([784]));

  const features: number = 784;
  const loose = new Dense(features, 10);
  expectTypeOf(loose.call(zeros([32, 784]))).toEqualTypeOf<Tensor<[32, 10]>>();
});

test('layers after one of unknown output are checked', () => {
  const unknown: Layer = new Dense(4, 8);
  expectTypeOf(new Sequential([unknown, new Dense(8, 2)]).call(zeros([3, 4]))).toEqualTypeOf<
    Tensor<[number, 2]>
  >();
  // @ts-expect-error 3 features where 2 come
  new Sequential([unknown, new Dense(8, 2), new Dense(3, 1)]);
});

test('layers that keep the shape', () => {
  expectTypeOf(new Dropout(0.5).call(zeros([3, 4, 5]))).toEqualTypeOf<Tensor<[3, 4, 5]>>();
  expectTypeOf(new Activation('relu').call(zeros([3, 4]))).toEqualTypeOf<Tensor<[3, 4]>>();
  expectTypeOf(new Activation('relu').call(unknownShape)).toEqualTypeOf<Tensor<Shape>>();
  // @ts-expect-error no activation of that name
  new Activation('rleu');
});

test('Flatten', () => {
  expectTypeOf(new Flatten().call(zeros([5, 784, 1]))).toEqualTypeOf<Tensor<[5, 784]>>();
  expectTypeOf(new Flatten().call(zeros([5, 28, 28]))).toEqualTypeOf<Tensor<[5, number]>>();
});

test('shapes flow through a Sequential', () => {
  const model = new Sequential([
    new Dense(784, 128),
    new Activation('relu'),
    new Dropout(0.2),
    new Dense(128, 10),
  ]);
  expectTypeOf(model).toExtend<Layer<[number, 784], [number, 10]>>();
  expectTypeOf(model).not.toExtend<Layer<[number, 784], [number, 11]>>();
  expectTypeOf(model.call(zeros([32, 784]))).toEqualTypeOf<Tensor<[32, 10]>>();
  expectTypeOf(model.call(unknownShape)).toEqualTypeOf<Tensor<[number, 10]>>();
  expectTypeOf(model.layers[3]).toEqualTypeOf<Dense<128, 10>>();
  // @ts-expect-error 100 features where 784 are wanted
  model.call(zeros([32, 100]));
});

test('a Sequential may begin with a layer that takes anything', () => {
  const dropped = new Sequential([new Dropout(0.1), new Activation('tanh'), new Dense(20, 10)]);
  expectTypeOf(dropped).toExtend<Layer<[number, 20], [number, 10]>>();
  const flat = new Sequential([new Flatten(), new Dense(784, 10)]);
  expectTypeOf(flat.call(zeros([5, 28, 28]))).toEqualTypeOf<Tensor<[5, 10]>>();
  const kept = new Sequential([new Dropout(0.1), new Activation('tanh')]);
  expectTypeOf(kept.call(zeros([5, 7]))).toEqualTypeOf<Tensor<[5, 7]>>();
});

test('nesting', () => {
  const inner = new Sequential([new Dense(128, 64), new Activation('relu')]);
  const model = new Sequential([new Dense(784, 128), inner, new Dropout(0.5), new Dense(64, 10)]);
  expectTypeOf(model).toExtend<Layer<[number, 784], [number, 10]>>();
  // @ts-expect-error inner gives 64
  new Sequential([inner, new Dense(65, 10)]);
  // @ts-expect-error inner takes 128
  new Sequential([new Dense(784, 100), inner]);
});

test('neighbours that do not fit', () => {
  // @ts-expect-error 128 is given, 129 wanted
  new Sequential([new Dense(784, 128), new Dense(129, 10)]);
  // @ts-expect-error also through layers that keep the shape
  new Sequential([new Dense(784, 128), new Activation('relu'), new Dropout(0.1), new Dense(64, 10)]);
  // @ts-expect-error not a layer
  new Sequential([new Dense(784, 128), zeros([1])]);
});

test('what is unknown fits', () => {
  const features: number = 128;
  const model = new Sequential([new Dense(784, features), new Activation('relu'), new Dense(64, 10)]);
  expectTypeOf(model).toExtend<Layer<[number, 784], [number, 10]>>();

  const list: Layer[] = [new Dense(784, 10)];
  const dynamic = new Sequential(list);
  expectTypeOf(dynamic.call(zeros([1, 784]))).toEqualTypeOf<Tensor<Shape>>();
  expectTypeOf(new Sequential([new Dense(3, 4), dynamic, new Dense(9, 2)])).toExtend<
    Layer<[number, 3], [number, 2]>
  >();
});

test("a layer of one's own", () => {
  class Own extends Layer<[number, 8], [number, 4]> {
    readonly inner = new Dense(8, 4);
    override forward(x: Tensor<[number, 8]>, ctx: Context): Tensor<[number, 4]> {
      return this.inner.call(x, ctx);
    }
  }
  expectTypeOf(new Own().call(zeros([2, 8]))).toEqualTypeOf<Tensor<[number, 4]>>();
  expectTypeOf(new Sequential([new Own(), new Dense(4, 2)])).toExtend<Layer<[number, 8], [number, 2]>>();
  // @ts-expect-error Own gives 4
  new Sequential([new Own(), new Dense(5, 2)]);
  const anyLayer: Layer = new Own();
  expectTypeOf(anyLayer.call(zeros([2, 9]))).toEqualTypeOf<Tensor<Shape>>();
});

test('convolutions know their channels', () => {
  const layer = new Conv2D(1, 32, 3);
  expectTypeOf(layer).toExtend<Layer<[number, number, number, 1], [number, number, number, 32]>>();
  expectTypeOf(layer.kernel).toEqualTypeOf<Parameter<[number, number, number, number]>>();
  expectTypeOf(layer.call(zeros([8, 28, 28, 1]))).toEqualTypeOf<Tensor<[number, number, number, 32]>>();
  expectTypeOf(layer.call(unknownShape)).toEqualTypeOf<Tensor<[number, number, number, 32]>>();
  // @ts-expect-error 3 channels where 1 is wanted
  layer.call(zeros([8, 28, 28, 3]));
  // @ts-expect-error no channel axis
  layer.call(zeros([8, 28, 28]));
  // @ts-expect-error two spatial axes, three sizes
  new Conv2D(1, 32, [3, 3, 3]);
  // @ts-expect-error two spatial axes, one stride
  new Conv2D(1, 32, 3, { stride: [2] });

  expectTypeOf(new Conv1D(4, 8, 3).call(zeros([2, 9, 4]))).toEqualTypeOf<Tensor<[number, number, 8]>>();
  expectTypeOf(new Conv2DTranspose(8, 4, 2, { stride: 2 }).call(zeros([2, 7, 7, 8]))).toEqualTypeOf<
    Tensor<[number, number, number, 4]>
  >();
});

test('later convolutions and layers of spatial axes', () => {
  expectTypeOf(new Conv3D(4, 8, 3).call(zeros([2, 9, 9, 9, 4]))).toEqualTypeOf<
    Tensor<[number, number, number, number, 8]>
  >();
  expectTypeOf(new SeparableConv2D(4, 8, 3).call(zeros([2, 9, 9, 4]))).toEqualTypeOf<
    Tensor<[number, number, number, 8]>
  >();
  expectTypeOf(new UpSampling2D(2).call(zeros([2, 9, 9, 4]))).toEqualTypeOf<Tensor<[2, number, number, 4]>>();
  expectTypeOf(new ZeroPadding2D([1, [0, 2]]).call(unknownShape)).toEqualTypeOf<
    Tensor<[number, number, number, number]>
  >();
  expectTypeOf(new InstanceNorm(4).call(zeros([2, 9, 4]))).toEqualTypeOf<Tensor<[2, 9, 4]>>();
  expectTypeOf(new PReLU(4).call(zeros([2, 4]))).toEqualTypeOf<Tensor<[2, 4]>>();
  new Conv1D(4, 8, 3, { padding: 'causal' });
  // @ts-expect-error causal padding is for sequences
  new Conv2D(4, 8, 3, { padding: 'causal' });
  // @ts-expect-error images, not volumes
  new Conv3D(4, 8, 3).call(zeros([2, 9, 9, 4]));
  // @ts-expect-error three channels where four are wanted
  new SeparableConv2D(4, 8, 3).call(zeros([2, 9, 9, 3]));
  // @ts-expect-error three features where four are wanted
  new PReLU(4).call(zeros([2, 3]));
  // @ts-expect-error a sequence has one margin
  new Cropping1D([1, 2]);
});

test('pooling keeps samples and channels', () => {
  expectTypeOf(new MaxPool2D(2).call(zeros([8, 28, 28, 32]))).toEqualTypeOf<
    Tensor<[8, number, number, 32]>
  >();
  expectTypeOf(new MaxPool2D(2).call(unknownShape)).toEqualTypeOf<Tensor<[number, number, number, number]>>();
  // @ts-expect-error no channel axis
  new MaxPool2D(2).call(zeros([8, 28, 28]));
  // @ts-expect-error two spatial axes, three sizes
  new MaxPool2D([2, 2, 2]);
});

test('global pooling takes the spatial axes away', () => {
  expectTypeOf(new GlobalAvgPool2D().call(zeros([8, 7, 7, 64]))).toEqualTypeOf<Tensor<[8, 64]>>();
  expectTypeOf(new GlobalMaxPool1D().call(unknownShape)).toEqualTypeOf<Tensor<[number, number]>>();
  // @ts-expect-error a sequence, not images
  new GlobalAvgPool2D().call(zeros([8, 7, 64]));
});

test('normalisation keeps the shape and wants its features last', () => {
  const norm = new BatchNorm(32);
  expectTypeOf(norm.gamma).toEqualTypeOf<Parameter<[32]> | null>();
  expectTypeOf(norm.call(zeros([8, 7, 7, 32]))).toEqualTypeOf<Tensor<[8, 7, 7, 32]>>();
  expectTypeOf(norm.call(unknownShape)).toEqualTypeOf<Tensor<Shape>>();
  // @ts-expect-error 64 channels where 32 are wanted
  norm.call(zeros([8, 7, 7, 64]));
  // @ts-expect-error 64 features where 32 are wanted
  new LayerNorm(32).call(zeros([8, 64]));
  expectTypeOf(new SpatialDropout(0.5).call(zeros([8, 7, 32]))).toEqualTypeOf<Tensor<[8, 7, 32]>>();
});

test('Reshape', () => {
  expectTypeOf(new Reshape([28, 28, 1]).call(zeros([8, 784]))).toEqualTypeOf<Tensor<[8, 28, 28, 1]>>();
  expectTypeOf(new Reshape([-1, 4]).call(zeros([8, 784]))).toEqualTypeOf<Tensor<[8, number, 4]>>();
  expectTypeOf(new Reshape([4]).call(unknownShape)).toEqualTypeOf<Tensor<[number, 4]>>();
});

test('channels flow through a convolutional Sequential', () => {
  const features = new Sequential([
    new Conv2D(1, 32, 3, { bias: false }),
    new BatchNorm(32),
    new Activation('relu'),
    new MaxPool2D(2),
    new SpatialDropout(0.1),
    new Conv2D(32, 64, 3),
  ]);
  expectTypeOf(features).toExtend<Layer<[number, number, number, 1], [number, number, number, 64]>>();
  const flat = new Sequential([features, new Flatten()]);
  expectTypeOf(flat).toExtend<Layer<[number, number, number, 1], [number, number]>>();
  const model = new Sequential([features, new GlobalAvgPool2D(), new Dense(64, 10)], {
    inputShape: [28, 28, 1],
  });
  expectTypeOf(model.call(zeros([8, 28, 28, 1]))).toEqualTypeOf<Tensor<[number, 10]>>();
  new Sequential([features, new Flatten(), new Dense(36_864, 10)]);
  new Sequential([new Reshape([28, 28, 1]), features]);
  new Sequential([new BatchNorm(20), new Dense(20, 10)]);

  // @ts-expect-error 64 channels are given, 32 wanted
  new Sequential([features, new Conv2D(32, 64, 3)]);
  // @ts-expect-error BatchNorm is not in step with the convolution
  new Sequential([new Conv2D(1, 32, 3), new BatchNorm(64)]);
  // @ts-expect-error also through layers that keep the shape
  new Sequential([new Conv2D(1, 32, 3), new BatchNorm(32), new Activation('relu'), new Conv2D(64, 64, 3)]);
  // @ts-expect-error through pooling
  new Sequential([new Conv2D(1, 32, 3), new MaxPool2D(2), new Conv2D(64, 64, 3)]);
  // @ts-expect-error pooling gives 64 features
  new Sequential([features, new GlobalAvgPool2D(), new Dense(32, 10)]);
  // @ts-expect-error one channel is wanted
  new Sequential([new Reshape([28, 28, 3]), features]);
});

test('Residual', () => {
  const same = new Residual(new Sequential([new Conv2D(32, 32, 3, { padding: 'same' }), new BatchNorm(32)]), {
    activation: 'relu',
  });
  expectTypeOf(same).toExtend<Layer<[number, number, number, 32], [number, number, number, 32]>>();
  const wider = new Residual(new Conv2D(32, 64, 3, { padding: 'same' }), {
    shortcut: new Conv2D(32, 64, 1),
  });
  expectTypeOf(wider.call(zeros([8, 7, 7, 32]))).toEqualTypeOf<Tensor<[number, number, number, 64]>>();
  expectTypeOf(new Sequential([same, wider, new GlobalAvgPool2D(), new Dense(64, 10)])).toExtend<
    Layer<[number, number, number, 32], [number, 10]>
  >();
  expectTypeOf(new Residual(new Activation('relu')).call(zeros([2, 3]))).toEqualTypeOf<Tensor<[2, 3]>>();
  // @ts-expect-error 64 channels can't be added to 32 without a shortcut
  new Residual(new Conv2D(32, 64, 3));
  // @ts-expect-error the same where there are other options
  new Residual(new Conv2D(32, 64, 3), { activation: 'relu' });
  // @ts-expect-error same gives 32 channels
  new Sequential([same, new Conv2D(64, 64, 3)]);
});

test('a layer may be applied in a loop', () => {
  let x = zeros([8, 16]);
  const layer = new Dense(16, 16);
  const layers: Layer[] = [layer];
  for (const next of layers) x = next.call(x);
  for (let i = 0; i < 3; i++) x = layer.call(x);
  expectTypeOf(x).toEqualTypeOf<Tensor<[8, 16], 'float32'>>();
  // @ts-expect-error 4 features where 16 are wanted
  x = new Dense(16, 4).call(x);
});

test('predict gives the shape of the model', async () => {
  const x = zeros([5, 784]);
  const model = new Sequential([new Dense(784, 128), new Dropout(0.5), new Dense(128, 10)]);
  expectTypeOf(await predict(model, x)).toEqualTypeOf<Tensor<[number, 10]>>();
  expectTypeOf(await predict(new Sequential([new Flatten(), new Dense(784, 3)]), x)).toEqualTypeOf<
    Tensor<[number, 3]>
  >();
  expectTypeOf(await predict(new Flatten(), x)).toExtend<Tensor>();
  const unknown: Layer = model;
  expectTypeOf(await predict(unknown, x)).toEqualTypeOf<Tensor>();
  const own = { forward: (_x: Tensor): Tensor<[number, 7]> => zeros([2, 7]), parameters: () => [] };
  expectTypeOf(await predict(own, x)).toEqualTypeOf<Tensor<[number, 7]>>();
});

test('recurrent layers know their features and what they return', () => {
  const last = new LSTM(16, 32);
  expectTypeOf(last).toExtend<Layer<[number, number, 16], [number, 32]>>();
  expectTypeOf(last.call(zeros([8, 5, 16]))).toEqualTypeOf<Tensor<[8, 32]>>();
  expectTypeOf(last.call(unknownShape)).toEqualTypeOf<Tensor<[number, 32]>>();
  const all = new GRU(16, 32, { returnSequences: true, dropout: 0.1 });
  expectTypeOf(all.call(zeros([8, 5, 16]))).toEqualTypeOf<Tensor<[8, 5, 32]>>();
  expectTypeOf(new SimpleRNN(16, 32, { returnSequences: false }).call(zeros([8, 5, 16]))).toEqualTypeOf<
    Tensor<[8, 32]>
  >();
  expectTypeOf(new LSTM(16, 32, { returnSequences: flag }).call(zeros([8, 5, 16]))).toEqualTypeOf<Tensor>();
  // @ts-expect-error 8 features where 16 are wanted
  last.call(zeros([8, 5, 8]));
  // @ts-expect-error no axis of steps
  last.call(zeros([8, 16]));

  const model = new Sequential([all, new LSTM(32, 8), new Dense(8, 2)]);
  expectTypeOf(model).toExtend<Layer<[number, number, 16], [number, 2]>>();
  expectTypeOf(model.call(zeros([8, 5, 16]))).toEqualTypeOf<Tensor<[8, 2]>>();
  // @ts-expect-error the first layer gives its last output only
  new Sequential([last, new LSTM(32, 8)]);
  // @ts-expect-error 32 features where 31 are wanted
  new Sequential([all, new LSTM(31, 8)]);

  const both = new Bidirectional(all, { merge: 'sum' });
  expectTypeOf(both.call(zeros([8, 5, 16]))).toEqualTypeOf<Tensor<[8, 5, 32]>>();
  expectTypeOf(new Bidirectional(last).call(zeros([8, 5, 16]))).toEqualTypeOf<Tensor<[8, number]>>();
  expectTypeOf(new Bidirectional(last, { merge: 'none' }).call(zeros([8, 5, 16]))).toEqualTypeOf<
    Tensor<[8, 2, 32]>
  >();
  expectTypeOf(new Sequential([both, new Bidirectional(new GRU(32, 4)), new Dense(8, 2)])).toExtend<
    Layer<[number, number, 16], [number, 2]>
  >();
  // @ts-expect-error a layer that is not recurrent
  new Bidirectional(new Dense(16, 32));
});
