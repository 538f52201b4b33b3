import type { Session } from '../session.ts';
import { printTable } from '../tables.ts';
import type { TrainingTask } from '../task.ts';

const task: TrainingTask = { kind: 'training', layers: [64, 64, 10], dropout: 0, batch: 32, batches: 64 };

/** Training a small network, where overhead dominates the arithmetic. */
export async function benchSmall(session: Session): Promise<void> {
  await session.withProcesses(['training'], async (processes) => {
    const same = { task, times: 3 };
    const timings = await session.time('small', 'training step', processes, task, { same });
    printTable(
      `Training 64-64-10 (relu, Adam, batch ${task.batch}) in steps per second: median (best)`,
      session.libraries,
      [{ label: 'steps per second', timings, figure: (seconds) => 1 / seconds }],
    );
    if (timings.has('brain')) {
      console.log(
        `brain.js updates after every sample and with the squared error: its step here is ${task.batch} samples with ` +
          `${task.batch} updates, and relu is on its output too.`,
      );
    }
  });
}
