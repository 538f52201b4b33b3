import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// Where WebAssembly can't run the reference interpreter is loaded by itself, with the first computation that is awaited.

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const refused = () => import('../../src/index.ts');

test('training runs, and backendInfo says why it is slow', async () => {
  const { backendInfo, Dense, meanSquaredError, ones, SGD, setBackend } = await refused();
  const reason = expect.stringContaining('this platform has no WebAssembly');
  expect(backendInfo()).toMatchObject({ name: 'js', threads: 1, reason });
  const model = new Dense(3, 2);
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) {
    const loss = meanSquaredError(model.call(ones([4, 3])), ones([4, 2]));
    await optimizer.minimize(loss);
    losses.push(loss.item());
  }
  expect(losses[2]).toBeLessThan(losses[0]!);
  expect(backendInfo()).toMatchObject({ name: 'js', threads: 1, reason });
  await expect(setBackend('wasm')).rejects.toThrow("[setBackend] 'wasm' can't run here");
});

test('what is read without waiting before that gets an error that says how to mend it', async () => {
  const { ones } = await refused();
  const t = ones([2]).add(1);
  expect(() => t.dataSync()).toThrow("await setBackend('js')");
  expect(Array.from(await t.data())).toEqual([2, 2]);
  expect(Array.from(t.add(1).dataSync())).toEqual([3, 3]);
});

test('Parameters start with the values of their making, however late these are computed', async () => {
  const { ones, Parameter } = await refused();
  const p = new Parameter(ones([2]));
  const doubled = new Parameter(p.mul(2));
  await p.assign(ones([2]).mul(7));
  expect(Array.from(await doubled.data())).toEqual([2, 2]);
  expect(Array.from(await p.data())).toEqual([7, 7]);
});

test('initial values that are computed at the call wait until something can compute them', async () => {
  const { Dense, LSTM, ones, zeros } = await refused();
  const dense = new Dense(3, 2, { kernelInitializer: 'heNormal' });
  const lstm = new LSTM(3, 2);
  expect(() => dense.kernel.dataSync()).toThrow("await setBackend('js')");
  expect(Array.from(await dense.call(zeros([1, 3])).data())).toEqual([0, 0]);
  expect(new Set(dense.kernel.dataSync()).size).toBe(6);
  expect((await lstm.call(ones([1, 4, 3])).data()).every((v) => v !== 0)).toBe(true);
});

test('beside an asynchronous backend the reference interpreter makes initial values', async () => {
  const { backendInfo, Dense, Generator, ones, setBackend } = await refused();
  const { FakeDevice } = await import('./fake-device.ts');
  const device = new FakeDevice();
  await setBackend(device);
  const layer = new Dense(3, 2, { rng: new Generator(1) });
  expect(Math.abs(layer.kernel.dataSync()[0]!)).toBeGreaterThan(0);
  expect(device.log).toEqual([]);
  const sum = layer.kernel.sum();
  const [value] = await sum.data();
  expect(device.log).toEqual(['run', 'read']);
  expect(backendInfo()).toMatchObject({ name: 'fake', reason: 'it is a fake' });
  await setBackend('js');
  expect(
    layer.kernel
      .mul(ones([3, 2]))
      .sum()
      .item(),
  ).toBe(value);
});

test('a number of threads that cannot be is an error all the same', async () => {
  const { setThreads } = await refused();
  expect(() => setThreads(0)).toThrow('[setThreads] got 0, wanted a whole number from 1 to 255.');
  expect(() => setThreads(256)).toThrow('[setThreads] got 256');
});
