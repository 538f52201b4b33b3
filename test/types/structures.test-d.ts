import {
  Accuracy,
  type Adam,
  type Context,
  Dense,
  evaluate,
  fit,
  meanSquaredError,
  Network,
  predict,
  Sequential,
  softmaxCrossEntropy,
  type Tensor,
  zeros,
} from 'ndgrad';
import { expectTypeOf, test } from 'vitest';

declare const x: Tensor;
declare const optimizer: Adam;

class Car extends Network<{ a: Tensor; b: Tensor }, { c: Tensor<[number, 2]>; d: Tensor }> {
  readonly dense = new Dense(2, 2);
  override forward({ a, b }: { a: Tensor; b: Tensor }, ctx: Context): { c: Tensor<[number, 2]>; d: Tensor } {
    return { c: this.dense.call(a, ctx), d: b };
  }
}
const car = new Car();

test('names of inputs and outputs are checked', () => {
  void fit(car, { x: { a: x, b: x }, y: { c: x } }, { optimizer, loss: { c: meanSquaredError } });
  void fit(
    car,
    { x: { a: x, b: [[1]] }, y: { d: x } },
    {
      optimizer,
      loss: { d: { loss: softmaxCrossEntropy, weight: 2 } },
      metrics: { d: [new Accuracy()] },
      validationData: { x: { a: x, b: x }, y: { d: x } },
    },
  );
  // @ts-expect-error no input b
  void fit(car, { x: { a: x }, y: { c: x } }, { optimizer, loss: { c: meanSquaredError } });
  // @ts-expect-error no output e
  void fit(car, { x: { a: x, b: x }, y: { e: x } }, { optimizer, loss: { c: meanSquaredError } });
  // @ts-expect-error one tensor
  void fit(car, { x, y: { c: x } }, { optimizer, loss: { c: meanSquaredError } });
  // @ts-expect-error no output e
  void fit(car, { x: { a: x, b: x }, y: { c: x } }, { optimizer, loss: { e: meanSquaredError } });
  // @ts-expect-error one loss
  void evaluate(car, { x: { a: x, b: x }, y: { c: x } }, { loss: meanSquaredError });
  // @ts-expect-error no output e
  void evaluate(car, { x: { a: x, b: x }, y: { c: x } }, { metrics: { e: [new Accuracy()] } });
  // @ts-expect-error a model of several inputs is no layer of a chain
  new Sequential([car]);
});

test('predictions have the names and shapes of the outputs', () => {
  expectTypeOf(predict(car, { a: x, b: x })).resolves.toEqualTypeOf<{
    readonly c: Tensor<[number, 2]>;
    readonly d: Tensor;
  }>();
  // @ts-expect-error no input b
  void predict(car, { a: x });
});

test('models of one tensor are as before', () => {
  const model = new Sequential([new Dense(2, 3)]);
  void fit(model, { x, y: x }, { optimizer, loss: meanSquaredError, metrics: [new Accuracy()] });
  void fit(model, () => [{ x, y: x }], { optimizer, loss: (p, y) => p.sub(y).square().mean() });
  const own = { forward: (x: Tensor) => x, parameters: () => [] };
  void fit(own, { x: [[1]], y: [[1]] }, { optimizer, loss: meanSquaredError });
  // The parameters of the functions get their types.
  void evaluate({ forward: (x) => x.mul(2), parameters: () => [] }, { x, y: x }, { loss: meanSquaredError });
  expectTypeOf(predict(model, zeros([4, 2]))).resolves.toEqualTypeOf<Tensor<[number, 3]>>();
  // @ts-expect-error losses of outputs
  void fit(model, { x, y: x }, { optimizer, loss: { a: meanSquaredError } });
  // @ts-expect-error several inputs
  void fit(model, { x: { a: x }, y: x }, { optimizer, loss: meanSquaredError });
});

test('tuples', () => {
  const pair = {
    forward: ([a, b]: readonly [Tensor, Tensor]): readonly [Tensor, Tensor<[number, 1]>] => [
      a,
      b.reshape([-1, 1]) as Tensor<[number, 1]>,
    ],
    parameters: () => [],
  };
  void fit(pair, { x: [x, x], y: [x, x] }, { optimizer, loss: [meanSquaredError, softmaxCrossEntropy] });
  expectTypeOf(predict(pair, [x, x])).resolves.toEqualTypeOf<readonly [Tensor, Tensor<[number, 1]>]>();
});
