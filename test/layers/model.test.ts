import { describe, expect, test } from 'vitest';
import { DTypeError, ShapeError, ValueError } from '../../src/ir/errors.ts';
import {
  Activation,
  type Context,
  Dense,
  Dropout,
  Flatten,
  Layer,
  Sequential,
  TrainingContext,
  training,
} from '../../src/layers/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { ones, tensor, zeros } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { oneHot } from '../../src/tensor/ops/index.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** Takes the mean of its inputs away: that of the batch in training, the running one in inference. */
class Center extends Layer {
  readonly scale: Parameter;
  readonly mean: Parameter;

  constructor(features: number) {
    super();
    this.scale = new Parameter<readonly number[]>(ones([features]));
    this.mean = new Parameter<readonly number[]>(zeros([features]), { trainable: false });
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    if (!ctx.training) return x.sub(this.mean).mul(this.scale);
    const mean = x.mean(0);
    ctx.assign(this.mean, ctx.latest(this.mean).mul(0.5).add(mean.mul(0.5)));
    return x.sub(mean).mul(this.scale);
  }
}

class Net extends Layer<[number, 4], [number, 2]> {
  readonly hidden = new Dense(4, 3, { rng: new Generator(1) });
  readonly temperature = new Parameter<readonly number[]>(ones([]));
  readonly blocks = [new Dense(3, 3), new Sequential([new Dense(3, 3), new Dropout(0.5)])];
  readonly out = new Dense(3, 2);
  readonly note = 'not a member';

  override forward(x: Tensor, ctx: Context): Tensor<[number, 2]> {
    let h: Tensor = this.hidden.call(x, ctx);
    for (const block of this.blocks) h = block.call(h, ctx);
    return this.out.call(h.mul(this.temperature), ctx);
  }
}

describe('parameters', () => {
  test('are found through fields, in the order of declaration, with their paths', () => {
    const paths = new Net().namedParameters().map(([path, p]) => `${path} [${p.shape}]`);
    expect(paths).toEqual([
      'hidden.kernel [4,3]',
      'hidden.bias [3]',
      'temperature []',
      'blocks.0.kernel [3,3]',
      'blocks.0.bias [3]',
      'blocks.1.0.kernel [3,3]',
      'blocks.1.0.bias [3]',
      'out.kernel [3,2]',
      'out.bias [2]',
    ]);
  });

  test('are named by their paths', () => {
    const model = new Sequential([
      new Dense(2, 2, { name: 'hidden' }),
      new Activation('relu'),
      new Dense(2, 1),
    ]);
    const expected = ['hidden.kernel', 'hidden.bias', '2.kernel', '2.bias'];
    expect(model.namedParameters().map(([path]) => path)).toEqual(expected);
    expect(model.parameters().map((p) => p.name)).toEqual(expected);
    expect(new Sequential([model, new Dense(1, 1)]).parameters().map((p) => p.name)).toEqual([
      ...expected.map((path) => `0.${path}`),
      '1.kernel',
      '1.bias',
    ]);
  });

  test('of a shared layer come once', () => {
    const shared = new Dense(2, 2, { kernelPenalty: { l2: 1 }, kernelInitializer: 'ones' });
    const model = new Sequential([shared, shared]);
    expect(model.namedParameters().map(([path]) => path)).toEqual(['0.kernel', '0.bias']);
    expect(model.penalty()!.item()).toBe(4);
  });

  test('two layers of one name in a Sequential are refused', () => {
    const make = () => new Sequential([new Dense(2, 2, { name: 'a' }), new Dense(2, 2, { name: 'a' })]);
    expect(make).toThrow(ValueError);
    expect(make).toThrow("[Sequential] got two layers with the name 'a', wanted distinct names.");
  });

  test('freeze, and only what freeze froze', async () => {
    const center = new Center(2);
    const model = new Sequential([new Dense(2, 2), center]);
    const trainable = (): boolean[] => model.parameters().map((p) => p.trainable);
    expect(trainable()).toEqual([true, true, true, false]);
    model.freeze();
    expect(trainable()).toEqual([false, false, false, false]);
    center.unfreeze();
    expect(trainable()).toEqual([false, false, true, false]);
    model.unfreeze();
    expect(trainable()).toEqual([true, true, true, false]);

    model.layers[0].freeze();
    const before = model.layers[0].kernel.dataSync();
    await new SGD(model.parameters(), { learningRate: 1 }).minimize(
      model
        .call(
          tensor([
            [1, 2],
            [3, 5],
          ]),
        )
        .square()
        .sum(),
    );
    expect(model.layers[0].kernel.dataSync()).toEqual(before);
    expect(center.scale.dataSync()).not.toEqual(Float32Array.of(1, 1));
  });
});

describe('penalty', () => {
  test('is l1 sum |w| + l2 sum w^2 over trainable parameters', async () => {
    const layer = new Dense(2, 2, {
      kernelPenalty: { l1: 0.5, l2: 2 },
      biasPenalty: { l1: 1 },
      biasInitializer: 'ones',
    });
    await layer.kernel.assign([
      [1, -2],
      [0, 3],
    ]);
    const model = new Sequential([layer, new Dense(2, 2)]);
    const penalty = model.penalty()!;
    expect(penalty.shape).toEqual([]);
    expect(penalty.item()).toBe(0.5 * 6 + 2 * 14 + 2);
    expect(gradients(penalty, [layer.kernel])[0]!.toArray()).toEqual([
      [4.5, -8.5],
      [0, 12.5],
    ]);
    layer.kernel.trainable = false;
    expect(model.penalty()!.item()).toBe(2);
  });

  test('is null where there is none', () => {
    expect(new Sequential([new Dense(2, 2)]).penalty()).toBeNull();
  });

  test('refuses negative factors', () => {
    expect(() => new Dense(1, 1, { kernelPenalty: { l2: -1 } })).toThrow(
      '[Dense] got kernelPenalty.l2 -1, wanted a finite number from 0 up.',
    );
  });
});

describe('deferred assignments', () => {
  const x = tensor([
    [1, 10],
    [3, 30],
  ]);

  test('run in the plan of minimize, not before', async () => {
    const model = new Sequential([new Center(2), new Dense(2, 1)]);
    const [center] = model.layers;
    const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
    const context = training();
    let misses = 0;
    for (let i = 0; i < 3; i++) {
      const loss = model.call(x, context).square().sum();
      expect(context.assignments.map(([p]) => p)).toEqual([center.mean]);
      expect(center.mean.version).toBe(i);
      await optimizer.minimize(loss, { context });
      expect(context.assignments).toEqual([]);
      expect(center.mean.version).toBe(i + 1);
      if (i === 0) misses = backendInfo().planMisses;
    }
    expect(backendInfo().planMisses).toBe(misses);
    expect(center.mean.toArray()).toEqual([1.75, 17.5]);
  });

  test('of a layer that is called twice follow each other', async () => {
    const center = new Center(2);
    const context = training();
    const loss = center.call(center.call(x, context).add(4), context).sum();
    await new SGD(center.parameters(), { learningRate: 0 }).minimize(loss, { context });
    // (0 + mean of x) / 2, then the mean of that and 4
    expect(center.mean.toArray()).toEqual([(2 / 2 + 4) / 2, (20 / 2 + 4) / 2]);
  });

  test('do not run where the loss is NaN', async () => {
    const center = new Center(2);
    const context = training();
    const loss = center.call(x, context).sub(100).log().sum();
    await expect(
      new SGD(center.parameters(), { learningRate: 1 }).minimize(loss, { context }),
    ).rejects.toThrow('NaN');
    expect(center.mean.toArray()).toEqual([0, 0]);
    expect(center.scale.toArray()).toEqual([1, 1]);
  });

  test('change nothing in inference', () => {
    const center = new Center(2);
    expect(center.call(x).toArray()).toEqual(x.toArray());
  });

  test('carry no gradient and fit their Parameter', () => {
    const p = new Parameter<readonly number[]>(zeros([2]), { name: 'mean' });
    const context = new TrainingContext();
    const y = x.mul(2).sum(0);
    context.assign(p, y);
    expect(gradients(context.latest(p).sum(), [x])[0]!.toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(() => context.assign(p, zeros([3]))).toThrow(
      "[assign] 'mean' is float32 [2], got float32 [3]. Reshape or cast the value.",
    );
  });
});

describe('errors name the path', () => {
  const wide: Tensor = zeros([32, 100]);

  test('in a Sequential', () => {
    const model = new Sequential([
      new Flatten(),
      new Activation('relu'),
      new Dense(784, 10, { name: 'hidden' }),
    ]);
    const text =
      "[Sequential.2 Dense 'hidden'] input [32, 100] does not fit inFeatures 784. " +
      'Give [N, 784], or create the layer with inFeatures 100.';
    expect(() => model.call(wide)).toThrow(ShapeError);
    expect(() => model.call(wide)).toThrow(text);
    expect(() => model.forward(wide as Tensor<[number, 784]>, training())).toThrow(text);
    expect(() => new Sequential([new Flatten(), model]).call(wide)).toThrow(
      "[Sequential.1.2 Dense 'hidden'] input [32, 100]",
    );
    expect(() => model.outputShape([32, 100])).toThrow(text);
  });

  test('in fields', () => {
    class Broken extends Layer {
      readonly parts = [new Sequential([new Activation('relu'), new Dense(6, 1)])];
      override forward(x: Tensor, ctx: Context): Tensor {
        return this.parts[0]!.call(x, ctx);
      }
    }
    expect(() => new Broken().call(wide)).toThrow(
      '[Broken.parts.0.1 Dense] input [32, 100] does not fit inFeatures 6.',
    );
  });

  test('of operations inside a layer keep their class and message', () => {
    class Broken extends Layer {
      override forward(x: Tensor): Tensor {
        return x.rank === 1 ? oneHot(x, 3) : x.matmul(x);
      }
    }
    const model = new Sequential([new Broken()]);
    expect(() => model.call(wide)).toThrow(ShapeError);
    expect(() => model.call(wide)).toThrow('[Sequential.0 Broken] input float32 [32, 100]: [matmul] ');
    expect(() => model.call(zeros([3]))).toThrow(DTypeError);
    try {
      model.call(wide);
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(ShapeError);
      expect(String((error as Error).cause)).toContain('ShapeError: [matmul]');
    }
  });

  test('that are not ours pass', () => {
    class Broken extends Layer {
      override forward(): Tensor {
        throw new TypeError('mine');
      }
    }
    expect(() => new Sequential([new Broken()]).call(wide)).toThrow(new TypeError('mine'));
  });
});

describe('shapes and summary', () => {
  test('outputShape computes nothing', () => {
    const model = new Sequential([new Flatten(), new Dense(784, 128), new Dropout(0.5), new Dense(128, 10)]);
    const before = backendInfo().planMisses + backendInfo().planHits;
    expect(model.outputShape([512, 28, 28])).toEqual([512, 10]);
    expect(new Flatten().outputShape([7, 2, 3])).toEqual([7, 6]);
    expect(backendInfo().planMisses + backendInfo().planHits).toBe(before);
  });

  test('inputShape', () => {
    expect(new Dense(784, 10).inputShape()).toEqual([784]);
    expect(new Sequential([new Dropout(0.1), new Dense(784, 10)]).inputShape()).toEqual([784]);
    expect(new Sequential([new Flatten(), new Dense(784, 10)]).inputShape()).toBeNull();
    expect(new Sequential([]).inputShape()).toBeNull();
  });

  test('an empty Sequential is the identity', () => {
    const x = zeros([2, 3]);
    expect(new Sequential([]).call(x)).toBe(x);
  });

  test('the reference model', () => {
    const hidden = new Dense(784, 128, { activation: 'relu', name: 'hidden' });
    hidden.freeze();
    const model = new Sequential([
      hidden,
      new Dropout(0.2),
      new Sequential([new Dense(128, 128), new Activation('relu')]),
      new Dense(128, 10),
    ]);
    expect(model.summary()).toBe(
      [
        'Layer                 Output    Parameters',
        '------------------------------------------',
        'Sequential            [N, 10]             ',
        'hidden Dense          [N, 128]     100,480',
        '1 Dropout             [N, 128]           0',
        '2 Sequential          [N, 128]            ',
        '2.0 Dense             [N, 128]      16,512',
        '2.1 Activation(relu)  [N, 128]           0',
        '3 Dense               [N, 10]        1,290',
        '------------------------------------------',
        '118,282 parameters: 17,802 trainable, 100,480 frozen',
      ].join('\n'),
    );
  });

  test("a model of one's own, told its input shape or not", () => {
    const told = new Net().summary({ inputShape: [4] });
    expect(told).toContain('Net                  [N, 2]           1');
    expect(told).toContain('blocks.1.0 Dense     [N, 3]          12');
    const model = new Sequential([new Flatten(), new Dense(6, 2)]);
    expect(model.summary()).toContain('0 Flatten   ?                0');
    expect(model.summary({ inputShape: [2, 3] })).toContain('0 Flatten   [N, 6]           0');
    expect(() => model.summary({ inputShape: [7] })).toThrow(
      '[Sequential.1 Dense] input [1, 7] does not fit inFeatures 6.',
    );
  });
});
