import { beforeEach, describe, expect, test } from 'vitest';
import { jsBackend } from '../../src/backends/js/index.ts';
import { wasmBackend } from '../../src/backends/wasm/index.ts';
import type { Backend } from '../../src/ir/backend.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { FakeDevice } from './fake-device.ts';

// The states of a runtime of its own, and the transitions between them.

const wasm = wasmBackend() as Backend;
let runtime: Runtime;
let device: FakeDevice;
beforeEach(() => {
  runtime = new Runtime();
  device = new FakeDevice();
});

test('is ready with WebAssembly when the state is first asked for', () => {
  expect(runtime.state).toEqual({ kind: 'ready', backend: wasm, cpu: wasm });
  expect(runtime.wasmRefusal).toBeNull();
});

test('load() gives the backend, and waits while it changes', async () => {
  expect(await runtime.load()).toBe(wasm);
  await runtime.switchTo(device, wasm);
  const changed = runtime.switchTo(jsBackend, jsBackend);
  expect(runtime.state).toMatchObject({ kind: 'switching', next: jsBackend });
  expect(await runtime.load()).toBe(jsBackend);
  await changed;
});

describe('cpu', () => {
  test('is the given backend beside an asynchronous one', async () => {
    await runtime.switchTo(device, wasm);
    expect(runtime.ready).toMatchObject({ backend: device, cpu: wasm });
  });

  test('is the backend itself if that is synchronous', async () => {
    const other: Backend = { ...jsBackend, name: 'other' };
    await runtime.switchTo(other, wasm);
    expect(runtime.ready).toMatchObject({ backend: other, cpu: other });
  });
});

describe('switchTo', () => {
  test('replaces a synchronous backend at the call', () => {
    void runtime.switchTo(jsBackend, jsBackend);
    expect(runtime.ready.backend).toBe(jsBackend);
    void runtime.switchTo(device, wasm);
    expect(runtime.ready.backend).toBe(device);
    // Nothing has to be read back for the same backend.
    void runtime.switchTo(device, wasm);
    expect(runtime.ready.backend).toBe(device);
  });

  test('calls waiting work in the order of the calls', async () => {
    await runtime.switchTo(device, wasm);
    const order: number[] = [];
    const changed = runtime.switchTo(wasm, wasm);
    expect(() => runtime.ready).toThrow('[run] the backend is being changed. Await setBackend first.');
    const waiting = [1, 2, 3].map((i) =>
      runtime.whenReady(async () => {
        expect(runtime.ready.backend).toBe(wasm);
        order.push(i);
        return i;
      }),
    );
    await changed;
    expect(order).toEqual([1, 2, 3]);
    expect(await Promise.all(waiting)).toEqual([1, 2, 3]);
  });

  test('waits for a change that is under way', async () => {
    await runtime.switchTo(device, wasm);
    const first = runtime.switchTo(wasm, wasm);
    const second = runtime.switchTo(jsBackend, jsBackend);
    expect(runtime.state).toMatchObject({ kind: 'switching', next: wasm });
    await first;
    await second;
    expect(runtime.ready.backend).toBe(jsBackend);
  });

  test('keeps the backend if reading back fails, and runs what waited on it', async () => {
    await runtime.switchTo(device, wasm);
    device.failSettle = new Error('out of memory');
    const changed = runtime.switchTo(jsBackend, jsBackend);
    const work = runtime.whenReady(async () => runtime.ready.backend);
    await expect(changed).rejects.toThrow('out of memory');
    expect(await work).toBe(device);
    expect(runtime.state).toEqual({ kind: 'ready', backend: device, cpu: wasm });
    await runtime.switchTo(jsBackend, jsBackend);
    expect(runtime.ready.backend).toBe(jsBackend);
  });
});
