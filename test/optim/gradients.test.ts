import { describe, expect, test } from 'vitest';
import { DTypeError, NonFiniteError, ShapeError, StateError, ValueError } from '../../src/ir/errors.ts';
import { BatchNorm, Dense, Sequential, training } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { Adam, SGD, WeightAverage } from '../../src/optim/index.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { realize } from '../../src/tensor/evaluate.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { Generator, seed } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const parameter = (values: number[], name: string): Parameter =>
  new Parameter<readonly number[]>(tensor(values), { name });

const x = new Generator(1).normal([16, 3]);
const y = x.sum(1, { keepDims: true });

/** A network with running statistics and an optimizer with all that a step has; the same at every call. */
function network() {
  seed(1);
  const model = new Sequential([new Dense(3, 4), new BatchNorm(4), new Dense(4, 1)]);
  const average = new WeightAverage(model.parameters());
  const optimizer = new Adam(model.parameters(), { learningRate: 0.1, clip: { globalNorm: 0.5 } });
  return { model, average, optimizer };
}

describe('gradients and apply', () => {
  test('are minimize, to the bit, with clipping, running statistics and an average', async () => {
    const a = network();
    const b = network();
    for (let step = 0; step < 3; step++) {
      const context = training();
      const loss = meanSquaredError(a.model.call(x, context), y);
      await a.optimizer.minimize(loss, { context, average: a.average });

      const own = training();
      const same = meanSquaredError(b.model.call(x, own), y);
      await b.optimizer.apply(b.optimizer.gradients(same), {
        context: own,
        average: b.average,
        also: [same],
      });
      expect(same.item()).toBe(loss.item());
      expect(own.assignments).toHaveLength(0);
    }
    const values = ({ model }: typeof a) => model.parameters().map((p) => p.dataSync());
    expect(values(b)).toEqual(values(a));
    expect(b.model.layers[1].runningMean.dataSync()).not.toEqual(new Float32Array(4));
    expect(await b.optimizer.getState()).toEqual(await a.optimizer.getState());
    expect(await b.average.getState()).toEqual(await a.average.getState());
  });

  test('gradients are not clipped, and those of batches can be added', async () => {
    const p = parameter([3, 4], 'p');
    const optimizer = new SGD([p], { learningRate: 1, clip: { norm: 1 } });
    let total: Tensor | null = null;
    for (const factor of [1, 2, 3]) {
      const g = optimizer.gradients(p.square().sum().mul(factor)).get(p)!;
      const sum: Tensor = total === null ? g : total.add(g);
      await realize(sum);
      total = sum;
    }
    expect(total!.toArray()).toEqual([36, 48]);
    await optimizer.apply(new Map([[p, total!]]));
    // The norm of the gradient is 60, so the step is (0.6, 0.8).
    expect(p.dataSync()[0]).toBeCloseTo(2.4, 6);
    expect(p.dataSync()[1]).toBeCloseTo(3.2, 6);
    expect(optimizer.step).toBe(1);
  });

  test('leave out what is frozen', async () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'b')];
    const optimizer = new SGD([a, b], { learningRate: 0.5 });
    b.trainable = false;
    const gradients = optimizer.gradients(a.mul(b).sum());
    expect([...gradients.keys()]).toEqual([a]);
    await optimizer.apply(gradients);
    expect([a.item(), b.item()]).toEqual([0.5, 1]);
  });
});

describe('errors', () => {
  test('a Parameter that the loss does not reach is named', () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'b')];
    expect(() => new Adam([a, b]).gradients(a.sum())).toThrow(
      "[gradients] the loss does not depend on Parameter 'b'.",
    );
    expect(() => new Adam([]).gradients(a.sum())).toThrow('[gradients] got an optimizer of 0 Parameters');
    expect(() => new Adam([a]).gradients(a.mul(tensor([1, 2])))).toThrow(ShapeError);
  });

  const refused: [string, (p: Parameter, q: Parameter) => unknown, new () => Error, string][] = [
    ['no Map', (p) => ({ p }), ValueError, '[apply] got gradients an object, wanted a Map'],
    [
      'a key',
      () => new Map([['p', tensor([1, 2])]]),
      ValueError,
      "[apply] got a key 'p', wanted a Parameter",
    ],
    ['no tensor', (p) => new Map([[p, [1, 2]]]), DTypeError, '[apply] got an array, wanted a Tensor'],
    ['a missing one', () => new Map(), StateError, "[apply] got no gradient of 'p'."],
    [
      'another Parameter',
      (p, q) => new Map([p, q].map((key) => [key, key])),
      ValueError,
      "[apply] got a gradient of 'q' [2], wanted those of the trainable Parameters",
    ],
    [
      'a shape',
      (p) => new Map([[p, tensor([1])]]),
      ShapeError,
      "[apply] got a gradient of 'p' of shape [1], wanted [2].",
    ],
    [
      'a type',
      (p) => new Map([[p, tensor([1, 2], { dtype: 'int32' })]]),
      DTypeError,
      "[apply] got a gradient of 'p' of type int32, wanted float32.",
    ],
    ['a frozen Parameter', (p, q) => frozen(p, q), ValueError, "[apply] got a gradient of 'frozen' [2]"],
  ];
  const frozen = (p: Parameter, q: Parameter) => {
    q.name = 'frozen';
    q.trainable = false;
    return new Map([p, q].map((key) => [key, key]));
  };
  test.each(refused)('%s', async (_, gradients, type, text) => {
    const [p, q] = [parameter([1, 2], 'p'), parameter([1, 2], 'q')];
    const given = gradients(p, q) as Map<Parameter, Tensor>;
    const optimizer = new Adam(q.trainable ? [p] : [p, q]);
    const step = optimizer.apply(given);
    await expect(step).rejects.toThrow(type);
    await expect(step).rejects.toThrow(text);
    expect([optimizer.step, p.version]).toEqual([0, 0]);
  });

  test('a gradient that is not finite overwrites nothing', async () => {
    const p = parameter([1, 2], 'p');
    const optimizer = new Adam([p]);
    const step = optimizer.apply(new Map([[p, tensor([1, Number.NaN])]]));
    await expect(step).rejects.toThrow(NonFiniteError);
    await expect(step).rejects.toThrow("[apply] the new value of 'p' is NaN or infinite at step 0.");
    expect([optimizer.step, ...p.dataSync()]).toEqual([0, 1, 2]);
  });

  test('gradients of an older version are refused, unless they have been computed', async () => {
    const p = parameter([1], 'p');
    const optimizer = new SGD([p], { learningRate: 0.5 });
    const old = optimizer.gradients(p.square().sum());
    const known = optimizer.gradients(p.square().sum());
    await realize(...known.values());
    await p.assign([5]);
    await expect(optimizer.apply(old)).rejects.toThrow(StateError);
    await optimizer.apply(known);
    expect(p.item()).toBe(4);
  });

  test('an average that is swapped in', async () => {
    const p = parameter([1], 'p');
    const average = new WeightAverage([p]);
    const optimizer = new SGD([p], { learningRate: 0.5 });
    await average.swap();
    await expect(optimizer.apply(new Map([[p, tensor([1])]]), { average })).rejects.toThrow(
      '[apply] the Parameters hold averaged weights',
    );
  });
});
