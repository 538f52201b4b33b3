import { expect, test, vi } from 'vitest';
import {
  Adam,
  BatchNorm,
  Sequential,
  SGD,
  StateError,
  tensor,
  training,
  WeightAverage,
} from '../../src/index.ts';

const x = tensor([[1], [3]]);

test('a step without the context of its forward pass gives a warning, once', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const layer = new BatchNorm(1);
  const optimizer = new SGD(layer.parameters(), { learningRate: 0.1 });
  const step = async (forgotten: boolean): Promise<void> => {
    const context = training();
    const loss = layer.call(x, context).square().sum();
    await optimizer.minimize(loss, forgotten ? {} : { context });
  };
  for (let i = 0; i < 3; i++) await step(false);
  // Several passes before a step are no mistake.
  layer.call(x, training());
  await step(false);
  expect(warn).not.toHaveBeenCalled();
  for (let i = 0; i < 4; i++) await step(true);
  expect(warn.mock.calls).toEqual([
    [
      "[training] a step ran without the new value of 'runningMean' that its forward pass requested, so it does not " +
        'change. Pass the context to the step: optimizer.minimize(loss, { context }).',
    ],
  ]);
  warn.mockRestore();
});

test('a call that is refused leaves the requests of the context alone', async () => {
  const layer = new BatchNorm(1);
  const optimizer = new SGD(layer.parameters(), { learningRate: 0.1 });
  const average = new WeightAverage(layer.parameters());
  await average.swap();
  const context = training();
  const loss = layer.call(x, context).square().sum();
  await expect(optimizer.minimize(loss, { context, average })).rejects.toThrow(StateError);
  expect(context.assignments).toHaveLength(2);
  await optimizer.minimize(loss, { context });
  expect(context.assignments).toHaveLength(0);
  // 0.9 * 0 + 0.1 * 2
  expect(layer.runningMean.toArray()[0]).toBeCloseTo(0.2, 6);
});

test('a state has the names that Parameters have at that time', async () => {
  const layer = new BatchNorm(1);
  const optimizer = new Adam(layer.parameters());
  const average = new WeightAverage(layer.parameters());
  const names = async (of: Adam | WeightAverage): Promise<string[]> =>
    Object.keys((await of.getState()).parameters);
  expect(await names(optimizer)).toEqual(['gamma', 'beta', 'runningMean', 'runningVariance']);
  const model = new Sequential([layer]);
  const other = new Adam(model.parameters());
  const wanted = ['0.gamma', '0.beta', '0.runningMean', '0.runningVariance'];
  for (const of of [optimizer, average, other]) expect(await names(of)).toEqual(wanted);
  await other.setState(await optimizer.getState());
});

test('JSON.stringify of an optimizer or an average says what to write', () => {
  const layer = new BatchNorm(1);
  const optimizer = new Adam(layer.parameters());
  const average = new WeightAverage(layer.parameters());
  expect(() => JSON.stringify({ optimizer })).toThrow(
    '[toJSON] got an optimizer (Adam), wanted its state. Write JSON.stringify(await optimizer.getState()).',
  );
  expect(() => JSON.stringify(average)).toThrow('Write JSON.stringify(await average.getState()).');
});
