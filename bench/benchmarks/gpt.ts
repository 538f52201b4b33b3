import type { Session } from '../session.ts';
import { printTable } from '../tables.ts';
import { type GptTask, gptData, gptFlops } from '../task.ts';

const task: GptTask = {
  kind: 'gpt',
  layers: 4,
  width: 128,
  heads: 4,
  length: 64,
  vocabulary: 65,
  batch: 16,
  batches: 8,
};

/** Training a small GPT: matrix products of middle size between softmax, layer normalization and GELU. */
export async function benchGpt(session: Session): Promise<void> {
  const { layers, width, heads, length, vocabulary, batch } = task;
  const parameters = gptData(task).parameters.reduce((sum, { values }) => sum + values.length, 0);
  await session.withProcesses(['gpt'], async (processes) => {
    const timings = await session.time('gpt', 'training step', processes, task, { same: { task, times: 3 } });
    const figure = (seconds: number) => seconds * 1000;
    printTable(
      `Training a GPT (${layers} layers, width ${width}, ${heads} heads, ${(parameters / 1e6).toFixed(2)} M parameters, ` +
        `Adam; ${batch} samples of ${length} tokens out of ${vocabulary}) in ms per step: median (best)`,
      session.libraries,
      [{ label: 'training step', timings, figure }],
    );
    console.log(
      `A step is forward, gradients and update; its matrix products have ${(gptFlops(task) / 1e9).toFixed(2)} GFLOP.`,
    );
  });
}
