import { expect, test } from 'vitest';
import {
  Adam,
  argmax,
  backendInfo,
  Dense,
  Dropout,
  Generator,
  inference,
  Sequential,
  softmaxCrossEntropy,
  training,
} from '../../src/index.ts';
import { cosineDecay } from '../../src/optim/schedules.ts';

/** Counts the WebAssembly modules that this thread compiles. */
async function modulesOf(run: () => Promise<void>): Promise<number> {
  const { Module } = WebAssembly;
  let count = 0;
  WebAssembly.Module = new Proxy(Module, {
    construct(target, args: [BufferSource]) {
      count++;
      return new target(...args);
    },
  });
  try {
    await run();
  } finally {
    WebAssembly.Module = Module;
  }
  return count;
}

test('after its first step, a loop of training and evaluation compiles nothing', async () => {
  const random = new Generator(5);
  // No other test has these sizes: its plans are not compiled yet.
  const model = new Sequential([
    new Dense(7, 11, { activation: 'tanh', rng: random }),
    new Dropout(0.25),
    new Dense(11, 3, { rng: random }),
  ]);
  const optimizer = new Adam(model.parameters(), { learningRate: cosineDecay({ rate: 0.01, steps: 200 }) });
  const context = training({ rng: random });
  const x = random.normal([60, 7]);
  const labels = argmax(random.normal([60, 3]), 1).detach();
  labels.dataSync();
  const losses: number[] = [];
  const step = async (i: number): Promise<void> => {
    const rows = [(7 * i) % 50, ((7 * i) % 50) + 10] as const;
    const loss = softmaxCrossEntropy(model.call(x.slice(rows), context), labels.slice(rows));
    await optimizer.minimize(loss, { context });
    losses.push(loss.item());
    if (i % 3 === 0) softmaxCrossEntropy(model.call(x, inference), labels).item();
  };
  // The generators' own values are not computed yet at first.
  x.dataSync();

  expect(await modulesOf(() => step(0))).toBeGreaterThan(0);
  const { planMisses, planHits } = backendInfo();
  const modules = await modulesOf(async () => {
    for (let i = 1; i <= 100; i++) await step(i);
  });
  expect(modules).toBe(0);
  expect(backendInfo().planMisses).toBe(planMisses);
  expect(backendInfo().planHits).toBe(planHits + 100 + 33);
  expect(new Set(losses).size).toBe(101);
});
