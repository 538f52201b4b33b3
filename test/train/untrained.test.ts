import { describe, expect, test } from 'vitest';
import { StateError } from '../../src/ir/errors.ts';
import { BatchNorm, type Context, Dense, Layer, Sequential, training } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { Adam, SGD } from '../../src/optim/index.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type FitOptions, fit, type LossFunction, type Model } from '../../src/train/index.ts';
import { samples, valuesOf } from './support.ts';

const data = samples(8);

const train = (model: Model, options: Partial<FitOptions> = {}) =>
  fit(model, data, { loss: meanSquaredError, optimizer: new Adam(model.parameters()), ...options });

describe('fit', () => {
  const key = Symbol('hidden');
  class Private extends Layer {
    readonly #hidden = new Dense(3, 4);
    readonly out = new Dense(4, 1);
    override forward(x: Tensor, ctx: Context): Tensor {
      return this.out.call(this.#hidden.call(x as Tensor<[number, 3]>, ctx), ctx);
    }
  }
  class BehindSymbol extends Layer {
    readonly [key] = new Dense(3, 4);
    readonly out = new Dense(4, 1);
    override forward(x: Tensor, ctx: Context): Tensor {
      return this.out.call(this[key].call(x as Tensor<[number, 3]>, ctx), ctx);
    }
  }

  test.each([Private, BehindSymbol])('refuses a layer that is not found: %o', async (Class) => {
    const model = new Class();
    const values = valuesOf(model);
    const training = train(model);
    await expect(training).rejects.toThrow(StateError);
    await expect(training).rejects.toThrow(
      "[fit] the loss depends on trainable Parameters that the optimizer does not hold: 'kernel' [3, 4], 'bias' [4]. " +
        'They would not be trained. Layers are found in public fields, and in arrays, records and Maps there, but not in ' +
        '#private fields or under symbols: use a public field, give their Parameters to the optimizer, freeze them, or pass ' +
        'allowUntrained: true.',
    );
    expect(valuesOf(model)).toEqual(values);
    const { history } = await train(model, { allowUntrained: true });
    expect(history.loss).toHaveLength(1);
    expect(valuesOf(model)).not.toEqual(values);
  });

  test('refuses an optimizer of a part of the model, unless the rest is frozen', async () => {
    const model = new Sequential([new Dense(3, 4, { name: 'base' }), new BatchNorm(4), new Dense(4, 1)]);
    model.parameters();
    const optimizer = new SGD(model.layers[2].parameters(), { learningRate: 0.1 });
    await expect(train(model, { optimizer })).rejects.toThrow(
      "trainable Parameters that the optimizer does not hold: 'base.kernel' [3, 4], 'base.bias' [4], '1.gamma' [4], '1.beta' [4].",
    );
    expect(optimizer.step).toBe(0);
    model.layers[0].freeze();
    model.layers[1].freeze();
    await train(model, { optimizer });
    expect(optimizer.step).toBe(1);
  });

  test("refuses a loss function's own Parameter, and takes one that no gradient reaches", async () => {
    const model = new Dense(3, 1);
    const scale = new Parameter<readonly number[]>(tensor([2]), { name: 'scale' });
    const loss: LossFunction = (x, y) => meanSquaredError(x, y).mul(scale).sum();
    await expect(train(model, { loss })).rejects.toThrow(
      "trainable Parameters that the optimizer does not hold: 'scale' [1]",
    );
    await train(model, { loss: (x, y) => meanSquaredError(x, y).mul(scale.detach()).sum() });
    await train(model, {
      loss: (x, y) => meanSquaredError(x, y).mul(scale.greater(0).cast('float32')).sum(),
    });
    const optimizer = new Adam([...model.parameters(), scale]);
    await train(model, { loss, optimizer });
    expect(scale.version).toBe(1);
  });
});

describe('minimize', () => {
  test('of an optimizer without trainable Parameters is an error, and takes nothing from the context', async () => {
    const p = new Parameter<readonly number[]>(tensor([1]), { name: 'p' });
    const mean = new Parameter<readonly number[]>(tensor([0]), { name: 'mean', trainable: false });
    const context = training();
    context.assign(mean, tensor([5]));
    const none = new Adam([]).minimize(p.square().sum(), { context });
    await expect(none).rejects.toThrow(StateError);
    await expect(none).rejects.toThrow(
      '[minimize] got an optimizer of 0 Parameters, none of them trainable. Create it with model.parameters(), or unfreeze some.',
    );
    const optimizer = new Adam([p, mean]);
    p.trainable = false;
    await expect(optimizer.minimize(p.square().sum(), { context })).rejects.toThrow(
      'of 2 Parameters, none of them trainable',
    );
    expect(context.assignments).toHaveLength(1);
    expect(optimizer.step).toBe(0);
    p.trainable = true;
    await optimizer.minimize(p.square().sum(), { context });
    expect([optimizer.step, mean.item()]).toEqual([1, 5]);
  });

  test('trains a part of what the loss depends on', async () => {
    const [a, b] = [1, 2].map((value) => new Parameter<readonly number[]>(tensor([value]))) as [
      Parameter,
      Parameter,
    ];
    await new SGD([a], { learningRate: 0.5 }).minimize(a.mul(b).sum());
    expect([a.item(), b.item()]).toEqual([0, 2]);
  });
});
