import { afterEach, describe, expect, test } from 'vitest';
import { StateError } from '../../src/ir/errors.ts';
import { SGD, WeightAverage } from '../../src/optim/index.ts';
import { setBackend } from '../../src/runtime/backends.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { nodeBackend } from '../backends/gpu/node.ts';
import { FakeDevice } from '../runtime/fake-device.ts';

const gpu = await nodeBackend();

afterEach(() => setBackend('wasm'));

/** p = [1, 2] that goes down p^2. */
function trainer() {
  const p = new Parameter<readonly number[]>(tensor([1, 2]), { name: 'p' });
  const optimizer = new SGD([p], { learningRate: 0.25, momentum: 0.25 });
  const average = new WeightAverage([p], { decay: 0.5, warmup: false });
  const step = () => optimizer.minimize(p.square().sum(), { average });
  const states = () => Promise.all([optimizer.getState(), average.getState()]);
  return { p, optimizer, average, step, states };
}

// By hand, after no, one and two steps; all of it is exact in float32.
const momenta = [
  [0, 0],
  [2, 4],
  [1.5, 3],
];
const averages = [
  [1, 2],
  [0.75, 1.5],
  [0.4375, 0.875],
];

/** What the states of some step must be. */
const stateAt = (step: number) => [
  {
    kind: 'SGD',
    step,
    learningRate: 0.25,
    parameters: { p: { shape: [2], slots: { momentum: Float32Array.from(momenta[step]!) } } },
  },
  {
    kind: 'WeightAverage',
    step,
    swapped: false,
    parameters: { p: { shape: [2], slots: { average: Float32Array.from(averages[step]!) } } },
  },
];

describe.each([
  { name: 'wasm', backend: () => 'wasm' as const },
  { name: 'js', backend: () => 'js' as const },
  { name: 'a fake device', backend: () => new FakeDevice() },
  ...(gpu === null ? [] : [{ name: 'a GPU', backend: () => gpu }]),
])('a state on $name', ({ backend }) => {
  const choose = () => setBackend(backend());

  test('is that of the call, whatever steps come next', async () => {
    await choose();
    const { step, states } = trainer();
    const asked = [states()];
    for (let i = 0; i < 2; i++) {
      await step();
      asked.push(states());
    }
    await step();
    expect(await Promise.all(asked)).toEqual([stateAt(0), stateAt(1), stateAt(2)]);
  });

  test('is that of the steps that were asked for before, waited for or not', async () => {
    await choose();
    const { step, states } = trainer();
    const [none, first] = [states(), step()];
    const [one, second] = [states(), step()];
    const two = states();
    const third = step();
    expect(await Promise.all([none, one, two])).toEqual([stateAt(0), stateAt(1), stateAt(2)]);
    await Promise.all([first, second, third]);
  });

  test('can be changed without changing what trains', async () => {
    await choose();
    const { step, states } = trainer();
    await step();
    for (const { parameters } of await states()) Object.values(parameters.p!.slots)[0]!.fill(9);
    expect(await states()).toEqual(stateAt(1));
  });
});

test('a state is that of the call while the backend is changed', async () => {
  await setBackend(new FakeDevice());
  const { step, states } = trainer();
  const first = step();
  const changed = setBackend('wasm');
  const one = states();
  const second = step();
  expect(await Promise.all([one, states()])).toEqual([stateAt(1), stateAt(2)]);
  await Promise.all([first, second, changed]);
});

test('a device that is lost says so, and what is at home needs none', async () => {
  const device = new FakeDevice();
  await setBackend(device);
  const { p, optimizer, average, step } = trainer();
  await step();
  await p.data();
  device.lost = new StateError('[fake] the device was lost: it was unplugged.');
  await expect(optimizer.getState()).rejects.toThrow('it was unplugged');
  await expect(average.getState()).rejects.toThrow('it was unplugged');
  expect(p.toArray()).toEqual([0.5, 1]);
  const untrained = new SGD([p], { learningRate: 1, momentum: 0.5 });
  expect((await untrained.getState()).parameters.p!.slots.momentum).toEqual(Float32Array.of(0, 0));
});
