import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StateError, ValueError } from '../../src/ir/errors.ts';
import { training } from '../../src/layers/base/context.ts';
import { Adam, type Schedule, SGD, WeightAverage } from '../../src/optim/index.ts';
import { backendInfo, setBackend } from '../../src/runtime/backends.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { explainAssignments } from '../../src/tensor/step.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

interface Values {
  readonly w: number[];
  readonly b: number[];
  readonly mean: number[];
}

interface Reference {
  readonly initial: Values;
  readonly frozenFrom: number;
  readonly steps: Values[];
  readonly constant: Values[];
  readonly warmup: Values[];
  readonly equal: Values[];
}

const reference: Reference = JSON.parse(
  readFileSync(new URL('./weight-average.json', import.meta.url), 'utf8'),
);

const parameter = (values: number[], name: string, trainable = true): Parameter =>
  new Parameter<readonly number[]>(tensor(values), { name, trainable });

const squared = (p: Tensor, target: number): Tensor => p.sub(target).square().sum();

/** What the average holds. */
const held = async (average: WeightAverage): Promise<number[][]> =>
  Object.values((await average.getState()).parameters).map(({ slots }) => [...slots.average!]);

/** Does what weight-average.py does; the averages after every step. */
async function train(options: { decay: number | Schedule; warmup?: boolean }): Promise<number[][][]> {
  const { initial, steps, frozenFrom } = reference;
  const [w, b] = [parameter(initial.w, 'w'), parameter(initial.b, 'b')];
  const mean = parameter(initial.mean, 'mean', false);
  const all = [w, b, mean];
  const optimizer = new SGD(all, { learningRate: 0.1, momentum: 0.9 });
  const average = new WeightAverage(all, options);
  const found: number[][][] = [];
  for (const [i, step] of steps.entries()) {
    const context = training();
    context.assign(mean, tensor(step.mean));
    b.trainable = i < frozenFrom;
    const loss = w
      .mul(tensor(step.w))
      .sum()
      .add(b.mul(tensor(step.b)).sum());
    await optimizer.minimize(loss, { context, average });
    found.push(await held(average));
  }
  expect(average.step).toBe(steps.length);
  return found;
}

const WAYS = [
  ['constant', { decay: 0.9, warmup: false }],
  ['warmup', { decay: 0.4 }],
  ['equal', { decay: (n: number) => n / (n + 1) }],
] as const;

describe.each(['js', 'wasm'] as const)('PyTorch on %s', (backend) => {
  beforeAll(() => setBackend(backend));
  afterAll(() => setBackend('wasm'));

  test.each(WAYS)('%s', async (name, options) => {
    const found = await train(options);
    reference[name].forEach((wanted, step) => {
      [wanted.w, wanted.b, wanted.mean].forEach((values, p) => {
        values.forEach((value, i) => {
          const error = Math.abs(found[step]![p]![i]! - value);
          expect(error, `${p}[${i}] after step ${step}`).toBeLessThanOrEqual(1.2e-7 * (step + 2));
        });
      });
    });
  });
});

test('the same bits on js and wasm', async () => {
  const found: number[][][][] = [];
  for (const backend of ['js', 'wasm'] as const) {
    await setBackend(backend);
    found.push(await train({ decay: 0.97 }));
  }
  expect(found[1]).toEqual(found[0]);
});

describe('in the plan of the step', () => {
  test('one run a step, one plan for all, whatever the decay', async () => {
    const p = parameter([1, 2, 3], 'p');
    const optimizer = new Adam([p]);
    const average = new WeightAverage([p]);
    const runs = (): number => backendInfo().planMisses + backendInfo().planHits;
    await optimizer.minimize(squared(p, 5), { average });
    const before = { runs: runs(), misses: backendInfo().planMisses };
    for (let i = 0; i < 5; i++) await optimizer.minimize(squared(p, 5), { average });
    expect(runs() - before.runs).toBe(5);
    expect(backendInfo().planMisses).toBe(before.misses);
  });

  test('the loop that updates a Parameter moves its average too', () => {
    const p = parameter([1, 2, 3], 'p');
    const average = new WeightAverage([p]);
    const update = [[p, p.sub(p.mul(0.1))]] as const;
    expect(explainAssignments({ assignments: update })).toContain('plan: 1 kernels, 2 buffers');
    const both = explainAssignments({ assignments: [...update, ...average.follow(update)] });
    expect(both).toContain('plan: 1 kernels, 4 buffers');
  });

  test('steps that are not waited for are averaged in order', async () => {
    const p = parameter([0], 'p');
    const optimizer = new SGD([p], { learningRate: 1 });
    const average = new WeightAverage([p], { decay: (n) => n / (n + 1) });
    const step = (): Promise<void> => optimizer.minimize(p.sum(), { average });
    await Promise.all([step(), step(), step()]);
    expect(p.toArray()).toEqual([-3]);
    expect(await held(average)).toEqual([[-2]]);
    expect(average.step).toBe(3);
  });

  test('what does not move keeps its average, to the bit', async () => {
    const [p, still] = [parameter([1], 'p'), parameter([0.1, -3.3e-7, 1e30], 'still', false)];
    const optimizer = new Adam([p, still]);
    const average = new WeightAverage([p, still], { decay: 0.9 });
    for (let i = 0; i < 20; i++) await optimizer.minimize(squared(p, 0), { average });
    expect((await held(average))[1]).toEqual([...still.dataSync()]);
    expect(still.version).toBe(0);
  });

  test('a Parameter of integers is copied', async () => {
    const p = parameter([1], 'p');
    const count = new Parameter<readonly number[]>(tensor([7], { dtype: 'int32' }), { trainable: false });
    const average = new WeightAverage([p, count]);
    const context = training();
    context.assign(count, count.add(1));
    await new SGD([p], { learningRate: 1 }).minimize(squared(p, 0), { context, average });
    expect((await average.getState()).parameters.parameter!.slots.average).toEqual(Int32Array.of(8));
  });

  test('a NaN loss changes nothing', async () => {
    const p = parameter([1], 'p');
    const optimizer = new SGD([p], { learningRate: 0.1 });
    const average = new WeightAverage([p]);
    await optimizer.minimize(squared(p, 0), { average });
    const before = await average.getState();
    expect(before.step).toBe(1);
    const bad = optimizer.minimize(p.sub(2).log().sum(), { average });
    await expect(bad).rejects.toThrow('the loss is NaN or infinite at step 1');
    expect(await average.getState()).toEqual(before);
    await expect(optimizer.minimize(tensor([1]).sum(), { average })).rejects.toThrow(StateError);
    expect(await average.getState()).toEqual(before);
  });
});

describe('swap and use', () => {
  async function trained() {
    const p = parameter([1, -2, 3], 'p');
    const average = new WeightAverage([p], { decay: 0.5 });
    const optimizer = new SGD([p], { learningRate: 0.1 });
    for (let i = 0; i < 3; i++) await optimizer.minimize(squared(p, 7), { average });
    return { p, average, optimizer, own: p.toArray(), mean: (await held(average))[0]! };
  }

  test('exchange the values, and back again to the bit', async () => {
    const { p, average, own, mean } = await trained();
    expect(mean).not.toEqual(own);
    await average.swap();
    expect([p.toArray(), ...(await held(average)), average.swapped]).toEqual([mean, own, true]);
    await average.swap();
    expect([p.toArray(), ...(await held(average)), average.swapped]).toEqual([own, mean, false]);
  });

  test('large Parameters are exchanged whole', async () => {
    const size = 300_000;
    const p: Parameter = new Parameter(tensor(Float32Array.from({ length: size }, (_, i) => i)));
    const average = new WeightAverage([p]);
    await p.assign(Float32Array.from({ length: size }, (_, i) => -i));
    await average.swap();
    expect(p.dataSync().every((v, i) => v === i)).toBe(true);
    expect((await held(average))[0]!.every((v, i) => v === -i)).toBe(true);
  });

  test('use gives back what the action gives', async () => {
    const { p, average, own, mean } = await trained();
    expect(await average.use(() => p.toArray())).toEqual(mean);
    expect(await average.use(async () => [average.swapped, await average.use(() => p.toArray())])).toEqual([
      true,
      mean,
    ]);
    expect(p.toArray()).toEqual(own);
    const failing = average.use(() => {
      throw new RangeError('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(p.toArray()).toEqual(own);
    await average.swap();
    expect(await average.use(() => p.toArray())).toEqual(mean);
    expect(p.toArray()).toEqual(mean);
  });

  test('training on averaged weights is an error, and changes nothing', async () => {
    const { p, average, optimizer, mean } = await trained();
    await average.swap();
    const step = optimizer.minimize(squared(p, 7), { average });
    await expect(step).rejects.toThrow(StateError);
    await expect(step).rejects.toThrow('[minimize] the Parameters hold averaged weights');
    expect(p.toArray()).toEqual(mean);
    expect([optimizer.step, average.step]).toEqual([3, 3]);
  });
});

describe('state', () => {
  test.each([false, true])('goes on to the same bits, saved while swapped: %s', async (swapped) => {
    const make = () => {
      const p = parameter([1, -2, 0.3], 'p');
      return { p, optimizer: new Adam([p], { learningRate: 0.1 }), average: new WeightAverage([p]) };
    };
    const a = make();
    const step = ({ p, optimizer, average }: typeof a) => optimizer.minimize(squared(p, 3), { average });
    for (let i = 0; i < 3; i++) await step(a);

    if (swapped) await a.average.swap();
    const saved = structuredClone({
      p: a.p.dataSync(),
      optimizer: await a.optimizer.getState(),
      average: await a.average.getState(),
    });
    const b = make();
    await b.p.assign(saved.p);
    await b.optimizer.setState(saved.optimizer);
    await b.average.setState(saved.average);
    expect(b.average.swapped).toBe(swapped);
    for (const run of [a, b]) {
      if (swapped) await run.average.swap();
      for (let i = 0; i < 3; i++) await step(run);
    }
    expect(b.p.dataSync()).toEqual(a.p.dataSync());
    expect(await b.average.getState()).toEqual(await a.average.getState());
    expect(b.average.step).toBe(6);
  });
});

test('a decay out of range is an error', async () => {
  for (const decay of [-0.1, 1, Number.NaN]) {
    const make = (): WeightAverage => new WeightAverage([], { decay });
    expect(make).toThrow(ValueError);
    expect(make).toThrow(`[WeightAverage] got decay ${decay}, wanted a number with 0 <= decay < 1.`);
  }
  const p = parameter([1], 'p');
  const average = new WeightAverage([p], { decay: () => 2 });
  const step = new SGD([p], { learningRate: 1 }).minimize(squared(p, 0), { average });
  await expect(step).rejects.toThrow('[WeightAverage, update 1] got decay 2');
  expect(p.toArray()).toEqual([1]);
});

test('actions of use may overlap: the Parameters have their own values after the last one', async () => {
  const p = parameter([1], 'p');
  const average = new WeightAverage([p]);
  await p.assign([5]);
  const during: unknown[] = [];
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = average.use(async () => {
    await gate;
    during.push(p.toArray());
  });
  await average.use(() => void during.push(p.toArray()));
  expect(average.swapped).toBe(true);
  release();
  await first;
  expect(during).toEqual([[1], [1]]);
  expect([average.swapped, p.toArray()]).toEqual([false, [5]]);
});
