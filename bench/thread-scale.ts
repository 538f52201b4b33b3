/**
 * Training steps on more cores than this computer has: the chunks of a step's tasks are timed on one thread, and the thread pool's
 * schedule is simulated with these times. Cores share no caches and no memory there, so large numbers are upper bounds.
 *
 *     npx tsx bench/thread-scale.ts
 */
import { Adam, type Layer, setThreads, softmaxCrossEntropy, tensor, training } from 'ndgrad';
import { networks } from './distributed/networks.ts';
import {
  barriers,
  criticalPath,
  divided,
  type Overheads,
  resized,
  simulate,
  type TimedTask,
} from './threads/schedule-model.ts';
import { timeTasks } from './threads/task-times.ts';

const REPETITIONS = Number(process.env.REPETITIONS ?? 15);
/** Nanoseconds: those of docs/performance.md. */
const overheads: Overheads = { take: 50, signal: 150, spin: 40_000, wake: 10_000 };
const CORES = [1, 2, 4, 8, 16, 32, 64];

setThreads(1);
const ms = (nanoseconds: number): string => (nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 2 : 1);
const print = (...cells: (string | number)[]): void =>
  console.log(
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(38) : String(cell).padStart(9))).join(''),
  );

for (const [network, batch] of [
  [networks.mlp, 512],
  [networks.wide, 1024],
  [networks.convnet, 256],
] as const) {
  const model: Layer = network.build();
  const optimizer = new Adam(model.parameters());
  const { x: lazy, y: classes } = network.data(batch);
  const x = tensor(await lazy.data(), { shape: lazy.shape });
  const y = tensor(classes as Int32Array);
  const step = async (): Promise<void> => {
    const context = training();
    await optimizer.minimize(softmaxCrossEntropy(model.forward(x, context), y), { context });
  };
  const plans = await timeTasks(REPETITIONS, step);
  // The step itself has the most work; initial values are plans too.
  const timeOf = (tasks: readonly TimedTask[]): number =>
    tasks.reduce((sum, { chunks }) => sum + chunks.reduce((a, b) => a + b, 0), 0);
  const { kernels, tasks } = plans.reduce((a, b) => (timeOf(b.tasks) > timeOf(a.tasks) ? b : a));
  const serial = tasks.filter(({ chunks }) => chunks.length === 1);
  console.log(
    `\n${network.title}, batches of ${batch}: ${kernels} kernels, ${tasks.length} tasks, ${barriers(tasks)} of which wait for the ` +
      `one before; ${tasks.reduce((sum, { chunks }) => sum + chunks.length, 0)} chunks of ` +
      `${(timeOf(tasks) / 1e3 / tasks.reduce((sum, { chunks }) => sum + chunks.length, 0)).toFixed(0)} µs on average. ` +
      `${serial.length} tasks have one chunk (${ms(timeOf(serial))} ms); the longest chunks in order take ${ms(criticalPath(tasks))} ms.`,
  );
  print('cores', ...CORES);
  const row = (title: string, of: (cores: number) => string): void => print(title, ...CORES.map(of));
  const variant = (title: string, variant: readonly TimedTask[], costs = overheads): void =>
    row(title, (cores) => ms(simulate(variant, cores, costs)));
  variant('ms as it is', tasks);
  row('speedup', (cores) => (timeOf(tasks) / simulate(tasks, cores, overheads)).toFixed(1));
  row(
    'idle',
    (cores) => `${(100 * (1 - timeOf(tasks) / (cores * simulate(tasks, cores, overheads)))).toFixed(0)} %`,
  );
  variant('ms, chunks of half the size', divided(tasks, 2));
  variant('ms, chunks of a quarter', divided(tasks, 4));
  variant('ms, chunks of 20 µs', resized(tasks, 20_000));
  variant('ms, chunks of 5 µs', resized(tasks, 5_000));
  variant(
    'ms, no barriers',
    tasks.map(({ chunks }) => ({ after: 0, chunks })),
  );
  variant('ms, no overheads', tasks, { take: 0, signal: 0, spin: Infinity, wake: 0 });
  // The longest tasks on 64 cores, by what they cost there.
  const slowest = tasks
    .map(({ chunks }, i) => ({ i, chunks, time: simulate([{ after: 0, chunks }], 64, overheads) }))
    .sort((a, b) => b.time - a.time);
  console.log(
    `  most expensive on 64 cores: ${slowest
      .slice(0, 5)
      .map(
        ({ i, chunks, time }) =>
          `task ${i} (${chunks.length} chunks, ${ms(chunks.reduce((a, b) => a + b, 0))} ms in all) ${ms(time)} ms`,
      )
      .join('; ')}`,
  );
}
