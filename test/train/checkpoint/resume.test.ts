import { beforeAll, describe, expect, test } from 'vitest';
import { checkpoint } from '../../../src/train/index.ts';
import { MemoryStore } from './memory-store.ts';
import { type Outcome, trainTwoModels } from './program.ts';

const everyStep = { every: { steps: 1 }, keep: 1000 } as const;

describe('training goes on from every checkpoint to the same bits', () => {
  let whole: Outcome;
  const store = new MemoryStore();
  beforeAll(async () => {
    whole = await trainTwoModels({});
  });

  test('checkpoints change nothing', async () => {
    expect(await trainTwoModels({ checkpoint: checkpoint(store, everyStep) })).toEqual(whole);
    expect(whole.callbackCalls.length).toBeGreaterThan(10);
  });

  test('each of them', async () => {
    const files = [...store.files];
    expect(files.length).toBeGreaterThanOrEqual(whole.callbackCalls.length);
    for (let n = 0; n <= files.length; n++) {
      const rest = MemoryStore.of(files.slice(0, n));
      const { callbackCalls, ...outcome } = await trainTwoModels({
        checkpoint: checkpoint(rest, everyStep),
        resume: 'auto',
      });
      expect(outcome, `after checkpoint ${n}`).toEqual({ bits: whole.bits, history: whole.history });
      expect(callbackCalls).toEqual(whole.callbackCalls.slice(Math.min(n, whole.callbackCalls.length)));
    }
  });
});
