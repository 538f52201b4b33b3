import {
  Activation,
  type Context,
  Dense,
  Dropout,
  Flatten,
  Layer,
  type Parameter,
  Sequential,
  type Shape,
  type Tensor,
  zeros,
} from 'ndgrad';
import { expectTypeOf, test } from 'vitest';

declare const unknownShape: Tensor;

test('Dense knows its features', () => {
  const dense = new Dense(784, 128);
  expectTypeOf(dense).toExtend<Layer<[number, 784], [number, 128]>>();
  expectTypeOf(dense.kernel).toEqualTypeOf<Parameter<[784, 128]>>();
  expectTypeOf(dense.call(zeros([32, 784]))).toEqualTypeOf<Tensor<[number, 128]>>();
  expectTypeOf(dense.call(unknownShape)).toEqualTypeOf<Tensor<[number, 128]>>();
  // @ts-expect-error 100 features where 784 are wanted
  dense.call(zeros([32, 100]));
  // @ts-expect-error no batch axis
  dense.call(zeros([784]));

  const features: number = 784;
  const loose = new Dense(features, 10);
  expectTypeOf(loose.call(zeros([32, 784]))).toEqualTypeOf<Tensor<[number, 10]>>();
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
  expectTypeOf(model.call(zeros([32, 784]))).toEqualTypeOf<Tensor<[number, 10]>>();
  expectTypeOf(model.call(unknownShape)).toEqualTypeOf<Tensor<[number, 10]>>();
  expectTypeOf(model.layers[3]).toEqualTypeOf<Dense<128, 10>>();
  // @ts-expect-error 100 features where 784 are wanted
  model.call(zeros([32, 100]));
});

test('a Sequential may begin with a layer that takes anything', () => {
  const dropped = new Sequential([new Dropout(0.1), new Activation('tanh'), new Dense(20, 10)]);
  expectTypeOf(dropped).toExtend<Layer<[number, 20], [number, 10]>>();
  const flat = new Sequential([new Flatten(), new Dense(784, 10)]);
  expectTypeOf(flat.call(zeros([5, 28, 28]))).toEqualTypeOf<Tensor<[number, 10]>>();
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
