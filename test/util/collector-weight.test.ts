import { expect, test } from 'vitest';
import { CollectorWeight } from '../../src/util/collector-weight.ts';

const MIB = 1 << 20;

/** MiB of array buffers after garbage collection. */
async function arrayBuffers(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('Memory tests need node --expose-gc.');
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().arrayBuffers / MIB;
}

test('the engine counts the bytes, and the machine has no less memory', async () => {
  const before = await arrayBuffers();
  // 0 is added since less than half a unit below 0 is rounded to -0.
  const seen = async (): Promise<number> => Math.round((await arrayBuffers()) - before) + 0;
  const rss = process.memoryUsage.rss();
  const weight = new CollectorWeight();
  weight.add(63 * MIB);
  expect(await seen()).toBe(0);
  weight.add(137 * MIB);
  expect(await seen()).toBe(192);
  weight.add(1800 * MIB);
  expect(await seen()).toBe(1984);
  expect(process.memoryUsage.rss() - rss).toBeLessThan(64 * MIB);
  // Up to half a unit too much stays.
  weight.add(-1825 * MIB);
  expect(await seen()).toBe(192);
  weight.add(-16 * MIB);
  expect(await seen()).toBe(128);
  weight.add(-159 * MIB);
  expect(await seen()).toBe(0);
});
