import type { Session } from '../session.ts';
import { printTable } from '../tables.ts';
import { productsOfStep, type Task, type TrainingTask } from '../task.ts';

const samples = 60_000;
const rounds = 5;
const warmUp = 3;

/** An epoch of training a wide network, estimated from some steps, and its matrix products alone. */
export async function benchEpoch(session: Session): Promise<void> {
  const perRound = Math.ceil(session.settings.steps / rounds);
  const runs = { warmUp, perRound };
  const task: TrainingTask = {
    kind: 'training',
    layers: [784, 512, 512, 10],
    dropout: 0.2,
    batch: 512,
    batches: warmUp + rounds * perRound,
  };
  const steps = samples / task.batch;
  const products = { kind: 'matmul', products: productsOfStep(task) } as const;
  const same = { task: { ...task, dropout: 0, batches: 3 }, times: 3 };
  await session.withProcesses(['training', 'matmul'], async (processes) => {
    const time = (workload: string, task: Task, options = {}) =>
      session.time('epoch', workload, processes, task, { rounds: { rounds, runs }, ...options });
    const epoch = await time('training step', task, { same });
    const alone = await time('matrix products of a step', products);
    const figure = (seconds: number) => seconds * steps;
    printTable(
      `Epoch of training 784-512-512-10 (relu, Dropout 0.2, Adam, batch ${task.batch}) in seconds: median (best)`,
      session.libraries,
      [
        { label: 'epoch', timings: epoch, figure },
        { label: 'its matrix products alone', timings: alone, figure },
      ],
    );
    console.log(
      `Measured: ${rounds} rounds of ${perRound} steps after ${warmUp} for warm-up, each with new random data; an epoch is ` +
        `${steps.toFixed(1)} times the step. No library shuffles.`,
    );
  });
}
