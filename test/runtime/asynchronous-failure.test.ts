import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Parameter,
  realize,
  runStep,
  SGD,
  StateError,
  setBackend,
  tensor,
  ValueError,
} from '../../src/index.ts';
import { FakeDevice } from './fake-device.ts';

// What a program sees where a run of a backend that computes later fails.

let device: FakeDevice;
beforeEach(() => {
  device = new FakeDevice();
});
afterEach(() => setBackend('wasm'));

describe('failure', () => {
  const setUp = async () => {
    await setBackend(device);
    const p = new Parameter(tensor([1, 2]), { name: 'p' });
    return { p, optimizer: new SGD([p], { learningRate: 0.25 }) };
  };

  test('of the first of two steps, neither of them awaited', async () => {
    const { p, optimizer } = await setUp();
    const bad = p.sub(5).log().sum();
    const first = optimizer.minimize(bad);
    const onIt = bad.add(1);
    const read = onIt.data();
    const good = p.square().sum();
    const second = expect(optimizer.minimize(good)).rejects.toThrow('never computed');
    const ownStep = expect(first).rejects.toThrow(
      '[minimize] the loss is NaN or infinite at step 0. Nothing was overwritten.',
    );
    await expect(read).rejects.toThrow(
      '[run] these values were never computed, because the step that computes them failed.',
    );
    await ownStep;
    await second;
    expect([...(await p.data())]).toEqual([1, 2]);
    expect(optimizer.step).toBe(0);
    await optimizer.minimize(p.square().sum());
    expect([...(await p.data())]).toEqual([0.5, 1]);
    // The graph is still there, but the Parameter has been overwritten since.
    await expect(onIt.data()).rejects.toThrow("older version of Parameter 'p'");
  });

  test('is told to whoever reads what the step was to compute', async () => {
    const { p, optimizer } = await setUp();
    const bad = p.sub(5).log().sum();
    const step = optimizer.minimize(bad);
    const reading = bad.data();
    await expect(step).rejects.toThrow(ValueError);
    await expect(reading).rejects.toThrow(StateError);
    expect([...(await p.data())]).toEqual([1, 2]);
  });

  test('is told whenever one asks', async () => {
    for (let ticks = 0; ticks < 10; ticks++) {
      const { p, optimizer } = await setUp();
      const bad = p.sub(5).log().sum();
      const step = expect(optimizer.minimize(bad)).rejects.toThrow(ValueError);
      await device.idle;
      for (let i = 0; i < ticks; i++) await null;
      await expect(bad.data()).rejects.toThrow(StateError);
      await step;
    }
  });

  test('of a check: the values can be asked for again, with the same error', async () => {
    await setBackend(device);
    const table = tensor([1, 2, 3]);
    const taken = table.take(tensor([0, 7], { dtype: 'int32' }));
    await expect(taken.data()).rejects.toThrow(ValueError);
    await expect(taken.data()).rejects.toThrow('7');
  });

  test('of a run goes on to all that was built on it, and Parameters keep their values', async () => {
    const { p } = await setUp();
    device.failNext = new Error('out of memory');
    const y = p.add(1);
    const first = realize(y);
    const copy = new Parameter(y, { name: 'copy' });
    const assigned = p.assign(y.mul(2));
    await expect(first).rejects.toThrow('out of memory');
    await expect(assigned).rejects.toThrow('never computed');
    await expect(copy.data()).rejects.toThrow('never computed');
    await expect(copy.assign(copy.add(1))).rejects.toThrow('never computed');
    expect(() => copy.dataSync()).toThrow('never computed');
    expect([...(await p.data())]).toEqual([1, 2]);
    await setBackend('wasm');
    expect(() => copy.dataSync()).toThrow('never computed');
    await copy.assign([7, 8]);
    expect(copy.toArray()).toEqual([7, 8]);
    expect(p.toArray()).toEqual([1, 2]);
  });

  test('of a step leaves what a later step has assigned without reading it', async () => {
    const { p, optimizer } = await setUp();
    const first = expect(optimizer.minimize(p.sub(5).log().sum())).rejects.toThrow('NaN');
    const assigned = p.assign([3, 4]);
    const late = p.data();
    await first;
    await assigned;
    expect([...(await late)]).toEqual([3, 4]);
    expect([...(await p.data())]).toEqual([3, 4]);
  });

  test('of all steps in a row restores the values before them', async () => {
    const { p, optimizer } = await setUp();
    await p.assign([4, 5]);
    const bad = () => expect(optimizer.minimize(p.sub(9).log().sum())).rejects.toThrow();
    await Promise.all([bad(), bad(), bad()]);
    expect([...(await p.data())]).toEqual([4, 5]);
    expect(optimizer.step).toBe(0);
  });

  test('of one of two steps with the same result', async () => {
    const { p } = await setUp();
    device.failNext = new Error('out of memory');
    const y = p.add(1);
    const first = runStep({ results: [y], assignments: [] });
    const z = p.add(2);
    const second = runStep({ results: [y, z], assignments: [] });
    await expect(first).rejects.toThrow('out of memory');
    await second;
    expect([...(await z.data())]).toEqual([3, 4]);
    // Nothing was overwritten: it is computed anew.
    expect([...(await y.data())]).toEqual([2, 3]);
  });

  test('of the device: what was home stays, and another backend goes on with it', async () => {
    const { p } = await setUp();
    const q = new Parameter(tensor([3]), { name: 'q' });
    await p.assign(p.add(1));
    await q.assign(q.add(1));
    await q.data();
    device.lost = new StateError("[gpu] the device of 'fake' was lost.");
    await expect(p.assign(p.add(1))).rejects.toThrow('was lost');
    await expect(p.data()).rejects.toThrow('was lost');
    await setBackend('wasm');
    expect(() => p.dataSync()).toThrow('was lost');
    await expect(p.add(q).data()).rejects.toThrow('was lost');
    expect([...(await q.add(1).data())]).toEqual([5]);
    const other = new Parameter(tensor([9, 9]), { name: 'other' });
    await other.assign(other.add(q));
    expect(other.toArray()).toEqual([13, 13]);
  });
});
