import type { Session } from '../session.ts';
import { printTable } from '../tables.ts';
import { type RecurrentTask, recurrentFlops } from '../task.ts';

const task = (cell: 'lstm' | 'gru', inputs: number, width: number): RecurrentTask => ({
  kind: 'recurrent',
  cell,
  inputs,
  width,
  length: 64,
  batch: 32,
  batches: 4,
});

const tasks = [task('lstm', 128, 256), task('lstm', 64, 128), task('gru', 128, 256), task('gru', 64, 128)];

/** Training LSTM and GRU: products of few rows, one after another, and gates between them. */
export async function benchRecurrent(session: Session): Promise<void> {
  await session.withProcesses(['recurrent'], async (processes) => {
    const rows = [];
    for (const wanted of tasks) {
      const { cell, inputs, width } = wanted;
      const label = `${cell.toUpperCase()} ${inputs} to ${width}`;
      const timings = await session.time('recurrent', label, processes, wanted, {
        same: { task: wanted, times: 3 },
      });
      rows.push({ label, timings, figure: (seconds: number) => seconds * 1000 });
    }
    printTable(
      'Training LSTM and GRU (64 steps, batch 32, all outputs, Adam) in ms per step: median (best)',
      session.libraries,
      rows,
    );
    const gflop = tasks.map((wanted) => (recurrentFlops(wanted) / 1e9).toFixed(2)).join(', ');
    console.log(`A step is forward, gradients and update; its matrix products have ${gflop} GFLOP.`);
  });
}
