import { Adam, fit, Generator, type Layer, softmaxCrossEntropy, type World } from 'ndgrad';
import type { Network } from './networks.ts';
import type { Times } from './times.ts';

export interface Training {
  readonly accumulate: number;
  readonly world?: World;
}

/** The times of the steps of one epoch on random images. */
export async function train(
  { batchSize, steps }: Network,
  model: Layer,
  { accumulate, world }: Training,
): Promise<Times[]> {
  const x = new Generator(1).normal([batchSize * steps, 784]);
  const y = Int32Array.from({ length: batchSize * steps }, (_, i) => i % 10);
  const times: Times[] = [];
  let last: Times;
  const now = (): Times => {
    const { system, user } = process.cpuUsage();
    return { wall: performance.now(), processor: (system + user) / 1000 };
  };
  await fit(
    model,
    { x, y },
    {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(model.parameters()),
      batchSize,
      accumulate,
      progress: false,
      callbacks: [
        {
          onEpochBegin: () => {
            last = now();
          },
          onBatchEnd: () => {
            const { wall, processor } = now();
            times.push({ wall: wall - last.wall, processor: processor - last.processor });
            last = now();
          },
        },
      ],
      ...(world && { world }),
    },
  );
  return times;
}
