import { expect, test } from 'vitest';
import {
  Adam,
  BatchNorm,
  Dense,
  Dropout,
  defaultGenerator,
  findLearningRate,
  fit,
  meanSquaredError,
  Parameter,
  Sequential,
  SGD,
  seed,
  tensor,
  ValueError,
} from '../../src/index.ts';
import { samples, valuesOf } from './support.ts';

const data = samples(64);

/** The loss p^2 / 2 of every batch has the gradient p: a step multiplies p by 1 - rate. */
async function onParabola(options: object) {
  const p = new Parameter<readonly number[]>(tensor([1]), { name: 'p' });
  const model = { forward: () => p.square().mul(0.5).sum(), parameters: () => [p] as Parameter[] };
  const optimizer = new SGD([p], { learningRate: 0.5 });
  const curve = await findLearningRate(model, data, { loss: (y) => y, optimizer, batchSize: 64, ...options });
  expect([p.item(), optimizer.step, optimizer.learningRate]).toEqual([1, 0, 0.5]);
  let value = 1;
  for (const [i, rate] of curve.learningRates.entries()) {
    expect(curve.losses[i]! / (value ** 2 / 2)).toBeCloseTo(1, 4);
    value *= 1 - rate;
  }
  return curve;
}

test('the rates rise exponentially, and the suggestion is where the loss falls most steeply', async () => {
  const curve = await onParabola({ smoothing: 0, start: 1e-3, end: 0.1, steps: 41 });
  expect(curve.learningRates).toHaveLength(41);
  for (const [i, rate] of curve.learningRates.entries()) expect(rate).toBeCloseTo(1e-3 * 10 ** (i / 20), 9);
  expect(curve.smoothed).toEqual(curve.losses);
  // By hand, from the losses, with numpy.gradient's central differences.
  const slopes = curve.losses.map((_, i) => (i === 0 ? 0 : curve.losses[i + 1]! - curve.losses[i - 1]!));
  const steepest = slopes.indexOf(Math.min(...slopes.slice(10, -1)));
  expect(steepest).toBeGreaterThan(15);
  expect(curve.suggestion).toBe(curve.learningRates[steepest]);
});

test('running means of the losses, without bias', async () => {
  const { losses, smoothed } = await onParabola({ smoothing: 0.75, start: 1e-3, end: 0.1, steps: 15 });
  let mean = 0;
  for (const [i, loss] of losses.entries()) {
    mean = 0.75 * mean + 0.25 * loss;
    expect(smoothed[i]).toBeCloseTo(mean / (1 - 0.75 ** (i + 1)), 12);
  }
});

test('it ends when the loss is 4 times the least', async () => {
  // The losses are 1/2 and 1/2 * (1 - 2.2)^2 = 0.72 and then about 0.72 * 1.2^2, ...
  const { losses } = await onParabola({ smoothing: 0, start: 2.2, end: 2.3, steps: 50 });
  expect(losses.length).toBeLessThan(10);
  expect(losses.at(-1)! > 2 && losses.at(-2)! <= 2).toBe(true);
});

test.each([
  ['at the end of the steps', {}],
  ['when the loss diverges to NaN', { end: 1e30 }],
  ['when the data fail', { fails: true }],
])(
  'everything is as before, to the bit: %s',
  async (_, { fails = false, ...options }: { end?: number; fails?: boolean }) => {
    const run = async (finds: boolean) => {
      seed(7);
      const model = new Sequential([new Dense(3, 8), new BatchNorm(8), new Dropout(0.3), new Dense(8, 1)]);
      const optimizer = new Adam(model.parameters(), { learningRate: (step) => 0.01 / (1 + step) });
      const settings = { loss: meanSquaredError, optimizer, batchSize: 16 };
      await fit(model, data, { ...settings, progress: false });
      if (finds) {
        const before = [valuesOf(model), defaultGenerator().getState(), await optimizer.getState()];
        const finding = findLearningRate(
          model,
          fails
            ? function* () {
                yield { x: data.x, y: data.y };
                throw new Error('unreadable');
              }
            : data,
          { ...settings, ...(fails && { batchSize: undefined as never }), steps: 30, ...options },
        );
        if (fails) await expect(finding).rejects.toThrow('unreadable');
        else expect((await finding).losses.length).toBeGreaterThan(3);
        expect([valuesOf(model), defaultGenerator().getState(), await optimizer.getState()]).toEqual(before);
      }
      await fit(model, data, { ...settings, progress: false });
      return valuesOf(model);
    };
    expect(await run(true)).toEqual(await run(false));
  },
);

test('a loss that never falls gives no suggestion', async () => {
  const p = new Parameter<readonly number[]>(tensor([1]), { name: 'p' });
  const model = { forward: () => p.mul(0).add(1).sum(), parameters: () => [p] as Parameter[] };
  const optimizer = new SGD([p], { learningRate: 1 });
  const curve = await findLearningRate(model, data, { loss: (y) => y, optimizer, steps: 20 });
  expect(curve.losses).toEqual(new Array(20).fill(1));
  expect(curve.suggestion).toBeNull();
});

test.each<[object, string]>([
  [{ start: 0 }, 'start 0 and end 10'],
  [{ start: 1, end: 1 }, 'start 1 and end 1'],
  [{ end: Number.POSITIVE_INFINITY }, 'end Infinity'],
  [{ steps: 1 }, 'steps 1'],
  [{ smoothing: 1 }, 'smoothing 1'],
  [{ optimizer: {} }, 'optimizer an object'],
  [{ loss: 'mse' }, "loss 'mse'"],
  [{ epochs: 3 }, "the unknown option 'epochs'"],
])('options %j', async (options, message) => {
  const model = new Dense(3, 1);
  const optimizer = new Adam(model.parameters());
  const finding = findLearningRate(model, data, { loss: meanSquaredError, optimizer, ...options } as never);
  await expect(finding).rejects.toThrow(ValueError);
  await expect(finding).rejects.toThrow(`[findLearningRate] got ${message}`);
});
