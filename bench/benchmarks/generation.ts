import type { Session } from '../session.ts';
import { printTable } from '../tables.ts';
import type { GenerationTask } from '../task.ts';

const task = (batch: number, cache: boolean): GenerationTask => ({
  kind: 'generation',
  layers: 4,
  width: 128,
  heads: 4,
  vocabulary: 65,
  prompt: 64,
  tokens: 64,
  batch,
  cache,
});

const tasks = [task(1, true), task(16, true), task(1, false)];

/** Generation by a small GPT: with a cache a token is a plan of small products, without it a pass over the whole context. */
export async function benchGeneration(session: Session): Promise<void> {
  const { layers, width, heads, prompt, tokens } = tasks[0]!;
  await session.withProcesses(['generation'], async (processes) => {
    const rows = [];
    for (const wanted of tasks) {
      const { batch, cache } = wanted;
      const label = `${cache ? 'cache' : 'no cache'}, ${batch} at a time`;
      const timings = await session.time('generation', label, processes, wanted);
      rows.push({ label, timings, figure: (seconds: number) => (batch * tokens) / seconds });
    }
    printTable(
      `Generation by a GPT (${layers} layers, width ${width}, ${heads} heads; ${tokens} tokens after ${prompt}, greedy) in tokens ` +
        'per second: median (best)',
      session.libraries,
      rows,
    );
  });
}
