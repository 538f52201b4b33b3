/**
 * Training by two ranks with one thread each, beside one process with two threads on the same shards, and without shards. The
 * three take turns, so that other programs disturb all of them; the best steps count. The processor time per step, of all threads and
 * ranks, says what the exchange costs where other programs keep ranks waiting for each other.
 *
 *     mpirun -n 2 --bind-to none npx tsx bench/mpi.ts
 */
import {
  Adam,
  BatchNorm,
  Conv2D,
  Dense,
  Flatten,
  fit,
  Generator,
  type Layer,
  MaxPool2D,
  Reshape,
  Sequential,
  setThreads,
  softmaxCrossEntropy,
  type World,
} from 'ndgrad';
import { mpi } from 'ndgrad/mpi';

const SHARDS = 8;
const ROUNDS = Number(process.env.ROUNDS ?? 8);

interface Task {
  readonly name: string;
  readonly batchSize: number;
  readonly steps: number;
  build(): Layer;
}

const tasks: Task[] = [
  {
    name: 'MLP 784-512-512-10, batches of 1024',
    batchSize: 1024,
    steps: 6,
    build: () =>
      new Sequential([
        new Dense(784, 512, { activation: 'relu' }),
        new Dense(512, 512, { activation: 'relu' }),
        new Dense(512, 10),
      ]),
  },
  {
    name: 'convolutional network (16 and 32 channels, BatchNorm), batches of 256',
    batchSize: 256,
    steps: 4,
    build: () =>
      new Sequential([
        new Reshape([28, 28, 1]),
        new Conv2D(1, 16, 3, { activation: 'relu' }),
        new BatchNorm(16),
        new MaxPool2D(2),
        new Conv2D(16, 32, 3, { activation: 'relu' }),
        new MaxPool2D(2),
        new Flatten(),
        new Dense(800, 10),
      ]),
  },
];

const world = await mpi();

/** Milliseconds of one step. */
interface Times {
  readonly wall: number;
  /** Of this process. */
  readonly processor: number;
}

const none: Times = { wall: Infinity, processor: Infinity };

const fastest = (a: Times, b: Times): Times => ({
  wall: Math.min(a.wall, b.wall),
  processor: Math.min(a.processor, b.processor),
});

async function measure(
  { batchSize, steps }: Task,
  model: Layer,
  threads: number,
  accumulate: number,
  ranks?: World,
): Promise<Times> {
  setThreads(threads);
  const x = new Generator(1).normal([batchSize * steps, 784]);
  const y = Int32Array.from({ length: batchSize * steps }, (_, i) => i % 10);
  let best = none;
  let last = none;
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
            best = fastest(best, { wall: wall - last.wall, processor: processor - last.processor });
            last = now();
          },
        },
      ],
      ...(ranks && { world: ranks }),
    },
  );
  return best;
}

for (const task of tasks) {
  const model = task.build();
  const best = { ranks: none, shards: none, whole: none };
  for (let round = 0; round < ROUNDS; round++) {
    best.ranks = fastest(best.ranks, await measure(task, model, 1, SHARDS, world));
    // The other ranks wait at the beginning of the next training, asleep.
    if (world.rank > 0) continue;
    best.shards = fastest(best.shards, await measure(task, model, 2, SHARDS));
    best.whole = fastest(best.whole, await measure(task, model, 2, 1));
  }
  if (world.rank > 0) continue;
  const { ranks, shards, whole } = best;
  const ms = (times: Times, processes = 1) =>
    `${times.wall.toFixed(1)} ms, processor ${(times.processor * processes).toFixed(1)} ms`;
  console.log(
    `${task.name}\n  ${world.size} ranks, 1 thread each, ${SHARDS} shards: ${ms(ranks, world.size)}\n` +
      `  1 process, 2 threads, ${SHARDS} shards: ${ms(shards)} (ranks have ${(shards.wall / ranks.wall).toFixed(2)} of its speed)\n` +
      `  1 process, 2 threads, no shards: ${ms(whole)} (shards cost ${((shards.wall / whole.wall - 1) * 100).toFixed(0)} %)`,
  );
}
