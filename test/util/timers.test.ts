import { mock } from 'node:test';
import { augmentImages } from 'ndgrad/data';
import { search } from 'ndgrad/search';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Generator } from '../../src/index.ts';
import { evaluate, predict } from '../../src/train/index.ts';
import { options, untimed } from '../search/support.ts';
import { network, samples, train } from '../train/support.ts';

afterEach(() => {
  vi.useRealTimers();
  mock.timers.reset();
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Blocks the thread, so that training has to yield afterwards. */
const block = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);

describe.each([
  ['vi.useFakeTimers()', () => vi.useFakeTimers()],
  ['fake timers but for the clock', () => vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout'] })],
  ['mock.timers.enable()', () => mock.timers.enable()],
])('with %s', (_, fake) => {
  test('training, evaluation and prediction go on', async () => {
    const expected = (await train()).values;
    fake();
    const { values } = await train({ callbacks: [{ onBatchEnd: block }] });
    expect(values).toEqual(expected);
    const model = {
      forward: (...args: Parameters<ReturnType<typeof network>['model']['forward']>) => {
        block();
        return network().model.forward(...args);
      },
      parameters: () => [],
    };
    await evaluate(model, samples(5), { batchSize: 1 });
    await predict(model, samples(5).x, { batchSize: 1 });
  });

  test('a search goes on', async () => {
    const expected = untimed(await search(options));
    fake();
    expect(untimed(await search(options))).toEqual(expected);
  });

  test('worker threads go on', async () => {
    const images = { x: new Generator(1).uniform([40, 28, 28]), y: new Int32Array(40) };
    const x = new Generator(2).uniform([300, 300]);
    const expected = await x.matmul(x).data();
    fake();
    for (let i = 0; i < 5; i++) {
      const product = await x.add(0).matmul(x).data();
      expect(product.every((value, k) => value === expected[k])).toBe(true);
    }
    let batches = 0;
    const source = augmentImages(images, { batchSize: 10, rotation: 10, seed: 1, workers: 1 });
    for await (const batch of source(0)) batches += Number(batch.x !== undefined);
    expect(batches).toBe(4);
  });
});

test.each([
  ['setImmediate', []],
  ['MessageChannel', ['setImmediate']],
  ['setTimeout', ['setImmediate', 'MessageChannel']],
])('yields to the event loop with %s', async (_, missing) => {
  for (const name of missing) vi.stubGlobal(name, undefined);
  vi.resetModules();
  const { yieldToEventLoop } = await import('../../src/util/event-loop.ts');
  let ran = false;
  setTimeout(() => {
    ran = true;
  });
  // It would never end if timers did not get their turn.
  while (!ran) await yieldToEventLoop();
});
