import { describe, expect, test } from 'vitest';
import {
  Adagrad,
  Adam,
  AdamW,
  type Callback,
  checkpoint,
  Dense,
  Dropout,
  type FitOptions,
  fit,
  Generator,
  Lion,
  Lookahead,
  MultiOptimizer,
  Muon,
  meanSquaredError,
  NAdam,
  Optimizer,
  type Parameter,
  RAdam,
  RMSprop,
  Sequential,
  SGD,
  stopOnNaN,
  WeightAverage,
  type World,
} from '../../src/index.ts';
import { oneProcess } from '../../src/mpi/one-process.ts';
import { partition } from '../../src/mpi/partition.ts';
import { MemoryStore } from '../train/checkpoint/memory-store.ts';
import { together } from './meeting.ts';

const random = new Generator(1);
const x = random.normal([32, 3]);
const y = x.sum(1, { keepDims: true });

type Make = (parameters: readonly Parameter[]) => Optimizer;
const clip = { globalNorm: 0.5 };
const adam: Make = (parameters) => new Adam(parameters, { learningRate: 0.05, clip });

async function train(world: World | undefined, make: Make = adam, options: Partial<FitOptions> = {}) {
  const init = new Generator(3);
  const model = new Sequential([
    new Dense(3, 16, { activation: 'relu', rng: init }),
    new Dropout(0.2),
    new Dense(16, 4, { activation: 'tanh', rng: init }),
    new Dense(4, 1, { rng: init }),
  ]);
  const optimizer = make(model.parameters());
  const history = await fit(
    model,
    { x, y },
    {
      ...{
        loss: meanSquaredError,
        optimizer,
        epochs: 1,
        batchSize: 16,
        accumulate: 8,
        seed: 5,
        progress: false,
      },
      ...(world && { world, shardOptimizerState: true }),
      ...options,
    },
  );
  const values = await Promise.all(model.parameters().map((p) => p.data()));
  return { values, state: await optimizer.getState(), history: history.history, stopped: history.stopped };
}

const messages = (ends: PromiseSettledResult<unknown>[]): string[] =>
  ends.map((end) => (end.status === 'rejected' ? (end.reason as Error).message : 'no error'));

/** The bytes of the slots that this process keeps, and of all slots. */
function slotBytes(optimizer: Optimizer): readonly [kept: number, all: number] {
  const slots = [...Optimizer.keptBy(optimizer).values()].flatMap((kept) => Object.values(kept.slots));
  const bytes = (list: Parameter[]) => list.reduce((sum, { size }) => sum + 4 * size, 0);
  const isKept = ({ node: { storage } }: Parameter): boolean =>
    storage!.host.isAllocated || (storage!.deviceCopy !== null && 'bytes' in storage!.deviceCopy);
  return [bytes(slots.filter(isKept)), bytes(slots)];
}

test('Parameters are divided by size', () => {
  expect(partition([1, 8, 3, 3, 2], 2)).toEqual([0, 0, 1, 1, 1]);
  expect(partition([5, 5, 5], 4)).toEqual([0, 1, 2]);
  expect(partition([7, 1], 1)).toEqual([0, 0]);
});

test('any number of ranks gives the bits of one process', async () => {
  const alone = await train(undefined);
  expect(await train(oneProcess)).toEqual(alone);
  for (const size of [2, 3, 4, 8])
    for (const end of await together(size, (world) => train(world)))
      expect(end).toEqual({ status: 'fulfilled', value: alone });
});

const optimizers: Record<string, Make> = {
  Adagrad: (p) => new Adagrad(p),
  AdamW: (p) =>
    new AdamW(p, { amsgrad: true, learningRate: (step) => 0.1 / (1 + step), clip: { norm: 0.3, value: 1 } }),
  Lion: (p) => new Lion(p),
  NAdam: (p) => new NAdam(p),
  RAdam: (p) => new RAdam(p),
  RMSprop: (p) => new RMSprop(p, { centered: true, momentum: 0.5 }),
  SGD: (p) => new SGD(p, { learningRate: 0.1 }),
  'SGD with momentum': (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9 }),
  'Lookahead of MultiOptimizer of Muon and Adam': (p) =>
    new Lookahead(
      new MultiOptimizer([
        new Muon(p.filter(({ rank }) => rank >= 2)),
        new Adam(
          p.filter(({ rank }) => rank < 2),
          { learningRate: () => 0.01 },
        ),
      ]),
      { every: 2 },
    ),
};

test.each(Object.keys(optimizers))('%s', async (name) => {
  const make = optimizers[name]!;
  const alone = await train(undefined, make);
  for (const end of await together(3, (world) => train(world, make)))
    expect(end).toEqual({ status: 'fulfilled', value: alone });
});

test('an average, and a Parameter that is frozen for a while', async () => {
  const run = (world?: World) => {
    let average: WeightAverage;
    return train(
      world,
      (parameters) => {
        average = new WeightAverage(parameters, { decay: 0.5 });
        return adam(parameters);
      },
      {
        epochs: 3,
        get average() {
          return average;
        },
        callbacks: [
          {
            onEpochBegin: (epoch, { model }) => {
              model.parameters()[0]!.trainable = epoch !== 1;
            },
          },
        ],
      },
    );
  };
  const alone = await run();
  for (const end of await together(3, run)) expect(end).toEqual({ status: 'fulfilled', value: alone });
});

test.each([2, 3, 8])('each of %i ranks keeps its part only', async (size) => {
  const found = Array.from({ length: size }, (): (readonly [number, number])[] => []);
  const run = (world: World) =>
    train(world, adam, {
      epochs: 2,
      callbacks: [{ onBatchEnd: (_, { optimizer, rank }) => void found[rank]!.push(slotBytes(optimizer)) }],
    });
  expect(messages(await together(size, run))).toEqual(Array.from({ length: size }, () => 'no error'));
  const all = found[0]![0]![1];
  for (const step of [0, 1, 2, 3]) {
    const kept = found.map((steps) => steps[step]![0]);
    expect(kept.reduce((sum, bytes) => sum + bytes)).toBe(all);
    // 2 slots of the largest Parameter, 16 x 4.
    expect(Math.max(...kept)).toBeLessThanOrEqual(Math.max(all / size, 2 * 4 * 64) + 2 * 4 * 16);
  }
});

test.each([
  [3, 2],
  [2, 8],
  [4, 0],
  [0, 3],
])('a checkpoint of %i ranks goes on with %i (0 is without the option)', async (before, after) => {
  const alone = await train(undefined, adam, { epochs: 3 });
  const store = new MemoryStore();
  const saving = () => ({
    ...{ epochs: 3, resume: 'auto' as const },
    checkpoint: checkpoint(store, { every: { steps: 1 }, monitor: 'loss' }),
  });
  const failing: Callback = {
    onBatchEnd: ({ step }) => {
      if (step === 4) throw new Error('enough');
    },
  };
  const run = (ranks: number, callbacks: Callback[]) =>
    ranks === 0
      ? Promise.allSettled([train(undefined, adam, { ...saving(), callbacks })])
      : together(ranks, (world) => train(world, adam, { ...saving(), callbacks }));
  expect(messages(await run(before, [failing]))[0]).toBe('enough');
  for (const end of await run(after, [])) expect(end).toEqual({ status: 'fulfilled', value: alone });
});

describe('a new value that is not finite', () => {
  // The learning rate is too large from the second step on, and only for kernels.
  const make: Make = (parameters) =>
    new MultiOptimizer([
      new SGD(
        parameters.filter(({ rank }) => rank === 1),
        { learningRate: 0.1, momentum: 0.9 },
      ),
      new SGD(
        parameters.filter(({ rank }) => rank > 1),
        { learningRate: (step) => (step < 1 ? 0.1 : 3e38), momentum: 0.9 },
      ),
    ]);

  test('has the error of one process', async () => {
    const [alone] = messages(await Promise.allSettled([train(undefined, make)]));
    expect(alone).toMatch(/the new value of '.*' is NaN or infinite/);
    expect(messages(await together(3, (world) => train(world, make)))).toEqual([alone, alone, alone]);
  });

  test('overwrites nothing on any rank', async () => {
    const options = { callbacks: [stopOnNaN()] };
    const alone = await train(undefined, make, options);
    expect(alone.state.step).toBe(1);
    for (const end of await together(3, (world) => train(world, make, options)))
      expect(end).toEqual({ status: 'fulfilled', value: alone });
  });
});

describe('refused', () => {
  test('without a world', async () => {
    await expect(train(undefined, adam, { shardOptimizerState: true })).rejects.toThrow(
      '[fit] got world undefined, wanted await mpi() of ndgrad/mpi for shardOptimizerState and reduceDType.',
    );
  });

  test('on some ranks only', async () => {
    for (const message of messages(
      await together(2, (world) => train(world, adam, { shardOptimizerState: world.rank === 1 })),
    ))
      expect(message).toMatch(/They differ in shardOptimizerState \(false, rank 1: true\)/);
  });

  test('reading the state during training', async () => {
    const reading: Callback = { onBatchEnd: async (_, { optimizer }) => void (await optimizer.getState()) };
    const ends = await together(2, (world) => train(world, adam, { callbacks: [reading] }));
    for (const [rank, message] of messages(ends).entries())
      expect(message).toMatch(
        new RegExp(`^\\[fit\\] got a use of '.*', which only rank ${1 - rank} has with shardOptimizerState`),
      );
  });

  test.each([true, false])(
    'what is left of a state after training that has failed; again with the option: %s',
    async (again) => {
      const failing: Callback = {
        onBatchEnd: () => {
          throw new Error('enough');
        },
      };
      const ends = await together(2, async (world) => {
        const model = new Dense(3, 1);
        const options = {
          ...{
            loss: meanSquaredError,
            optimizer: new Adam(model.parameters()),
            accumulate: 2,
            progress: false,
            world,
          },
          callbacks: [failing],
        };
        await expect(fit(model, { x, y }, { ...options, shardOptimizerState: true })).rejects.toThrow(
          'enough',
        );
        return fit(model, { x, y }, { ...options, shardOptimizerState: again });
      });
      const [first, second] = messages(ends);
      expect(first).toMatch(/^\[fit\] got a use of 'bias.m', which only rank 1 has/);
      expect(second).toMatch(
        /^\[fit\] rank 0 of 2 has failed, which ends training: StateError: \[fit\] got a use of/,
      );
    },
  );

  test('an optimizer that does steps in its own way', async () => {
    class Own extends SGD {
      override apply(...args: Parameters<SGD['apply']>) {
        return super.apply(...args);
      }
    }
    const ends = await together(2, (world) => train(world, (p) => new Own(p, { learningRate: 0.1 })));
    for (const message of messages(ends)) expect(message).toMatch(/an optimizer with an apply of its own/);
  });
});
