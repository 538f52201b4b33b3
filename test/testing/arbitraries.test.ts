import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  loadModel,
  saveModel,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  ValueError,
} from '../../src/index.ts';
import { allClose, arbitraries, assertClose, gradcheck } from '../../src/testing.ts';

const { shapes, tensors, views, layers, data } = arbitraries(fc);

/** The smallest counterexample that shrinking finds. */
async function counterexample<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => boolean): Promise<T> {
  const property = fc.property(arbitrary, holds);
  const { counterexample } = await fc.check(property, { numRuns: 1000, endOnFailure: false });
  return counterexample![0];
}

describe('arbitraries', () => {
  it('keep their limits', () => {
    fc.assert(
      fc.property(
        shapes({ minRank: 1, maxRank: 3, minLength: 0, maxLength: 2 }),
        (shape) => shape.length >= 1 && shape.length <= 3 && shape.every((n) => n >= 0 && n <= 2),
      ),
    );
    fc.assert(
      fc.property(tensors({ min: -1, max: 0.5 }), (t) => t.dataSync().every((x) => x >= -1 && x <= 0.5)),
    );
    fc.assert(
      fc.property(tensors({ dtype: 'int32', shape: [2, 3], min: -2, max: 2 }), (t) => {
        expect(t.shape).toEqual([2, 3]);
        return t.dtype === 'int32' && t.dataSync().every((x) => Math.abs(x) <= 2);
      }),
    );
    fc.assert(
      fc.property(data({ classes: 3, features: 2 }), ({ x, y }) => {
        expect(x.shape).toEqual([y.shape[0], 2]);
        return y.dataSync().every((label) => label >= 0 && label < 3);
      }),
    );
  });

  it('shrink to small counterexamples', async () => {
    expect(await counterexample(shapes(), (shape) => shape.length < 3)).toEqual([1, 1, 1]);
    const large = await counterexample(tensors(), (t) => t.dataSync().every((x) => x < 5));
    expect(large.size).toBe(1);
    expect(large.dataSync()[0]).toBeCloseTo(5, 1);
    const integers = await counterexample(tensors({ dtype: 'int32' }), (t) =>
      t.dataSync().every((x) => x < 5),
    );
    expect(integers.dataSync()).toEqual(Int32Array.of(5));
    const deep = await counterexample(layers({ maxLayers: 6 }), (layer) => layer.layers.length < 3);
    expect(deep.layers.map(({ constructor }) => constructor.name)).toEqual(['Dense', 'Dense', 'Dense']);
    const { x, y } = await counterexample(data(), ({ y }) => !y.dataSync().includes(1));
    expect([x.toArray(), y.toArray()]).toEqual([[[0, 0, 0]], [1]]);
  });

  it('refuse wrong options', () => {
    expect(() => arbitraries({} as never)).toThrow(
      '[arbitraries] got fc an object, wanted the default export',
    );
    expect(() => shapes({ minRank: 3, maxRank: 2 })).toThrow(
      '[shapes] got minRank 3 and maxRank 2, wanted whole numbers with 0 <= minRank <= maxRank.',
    );
    expect(() => tensors({ dtype: 'float64' as never })).toThrow(ValueError);
    expect(() => views({ min: 2, max: 1 })).toThrow('[views] got min 2 and max 1, wanted finite numbers');
    expect(() => layers({ features: 0 })).toThrow('[layers] got features 0, wanted');
    expect(() => data({ sample: 3 } as never)).toThrow("[data] got the unknown option 'sample'");
  });
});

describe('property tests with them', () => {
  it('operations do not depend on how elements lie in memory', async () => {
    await fc.assert(
      fc.asyncProperty(views(), async (view) => {
        const copy = tensor(Float32Array.from(await view.data()), { shape: view.shape }) as Tensor;
        assertClose(view.mul(2).add(view.tanh()).sum(), copy.mul(2).add(copy.tanh()).sum());
        return allClose(view.transpose(), copy.transpose());
      }),
      { numRuns: 60 },
    );
  });

  it('every network survives a file, and its gradients are right', async () => {
    await fc.assert(
      fc.asyncProperty(layers({ maxLayers: 3 }), data({ maxSamples: 3 }), async (layer, { x }) => {
        const { model } = await loadModel(await saveModel(layer));
        assertClose(model.call(x), layer.call(x));
        const trainable = layer.parameters().filter((p) => p.trainable);
        if (trainable.length > 0)
          await gradcheck(() => layer.call(x).square(), trainable, { tolerance: 1e-5 });
      }),
      { numRuns: 15 },
    );
  });

  it('losses are means over samples', () => {
    fc.assert(
      fc.property(data({ features: 4, classes: 4 }), ({ x, y }) => {
        const losses = softmaxCrossEntropy(x, y, { reduction: 'none' });
        return allClose(softmaxCrossEntropy(x, y), losses.mean(), { relative: 1e-4, absolute: 1e-5 });
      }),
      { numRuns: 50 },
    );
  });
});
