import { Adam, fit, type Layer, softmaxCrossEntropy, type World } from 'ndgrad';
import type { Network } from './networks.ts';
import type { Times } from './times.ts';

export interface Training {
  readonly batchSize: number;
  readonly steps: number;
  readonly accumulate: number;
  readonly world?: World;
}

/** The times of the steps of one epoch on random samples. */
export async function train(
  network: Network,
  model: Layer,
  { batchSize, steps, accumulate, world }: Training,
): Promise<Times[]> {
  const times: Times[] = [];
  let last: Times;
  const now = (): Times => {
    const { system, user } = process.cpuUsage();
    return { wall: performance.now(), processor: (system + user) / 1000 };
  };
  await fit(model, network.data(batchSize * steps), {
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
  });
  return times;
}
