import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { setBackend } from '../../../src/index.ts';
import { checkpoint } from '../../../src/train/index.ts';
import { adapterMissing } from '../../backends/gpu/dawn.ts';
import { nodeBackend } from '../../backends/gpu/node.ts';
import { MemoryStore } from './memory-store.ts';
import { trainTwoModels } from './program.ts';

const backend = await nodeBackend();

/** Two epochs of six batches. */
const short = { options: { epochs: 2 } };
/** The first checkpoint is taken within the first epoch. */
const within = { every: { steps: 4 }, keep: 1000 } as const;

const train = (store: MemoryStore) =>
  trainTwoModels({ checkpoint: checkpoint(store, within), resume: 'auto' }, short);
const firstOf = ({ files }: MemoryStore): MemoryStore => MemoryStore.of([...files].slice(0, 1));

describe.skipIf(backend === null)(`on a GPU${adapterMissing ? ` (${adapterMissing})` : ''}`, () => {
  const gpu = backend!;
  beforeEach(() => setBackend(gpu));
  afterAll(async () => {
    await setBackend('wasm');
    gpu.device.destroy();
  });

  const onGpu = new MemoryStore();

  test('training goes on from a checkpoint to the same bits', async () => {
    const whole = await train(onGpu);
    const { callbackCalls, ...outcome } = await train(firstOf(onGpu));
    expect(callbackCalls).toEqual(whole.callbackCalls.slice(4));
    expect(outcome).toEqual({ bits: whole.bits, history: whole.history });
  });

  test('what was trained on a GPU does not go on on the CPU, and the other way round', async () => {
    await setBackend('wasm');
    await expect(train(firstOf(onGpu))).rejects.toThrow(/It differs in the arithmetic \(GPU, now CPU\)\./);
    const onCpu = new MemoryStore();
    await train(onCpu);
    await setBackend(gpu);
    await expect(train(firstOf(onCpu))).rejects.toThrow(/It differs in the arithmetic \(CPU, now GPU\)\./);
  });
});
