import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Contestant, does } from '../contestants.ts';
import { type Timing, timing } from '../measure.ts';
import { ContestantProcess } from '../process.ts';
import { aligned, significant } from '../report.ts';
import type { Session } from '../session.ts';
import type { Task, TrainingTask } from '../task.ts';

/** Training that a first step is taken of. */
export const firstStepTask: TrainingTask = {
  kind: 'training',
  layers: [784, 128, 128, 10],
  dropout: 0.2,
  batch: 512,
  batches: 4,
};

const measured = ['loading the library', 'first step', 'second step', 'first - second'] as const;

/** How long a new process takes until it trains: loading, and the first step beside the second. */
export async function benchFirstStep(session: Session): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ndgrad-bench-'));
  const seconds = new Map<Contestant, number[][]>();
  try {
    const contestants = session.contestants.filter((contestant) => does(contestant, firstStepTask.kind));
    const programs = await bundled(contestants, folder);
    for (let round = 0; round < session.settings.rounds; round++) {
      for (const contestant of contestants) {
        const times = await firstSteps(contestant, firstStepTask, programs.get(contestant.program));
        if (times !== null) seconds.set(contestant, [...(seconds.get(contestant) ?? []), times]);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const rows = [...seconds].map(([contestant, rounds]) => {
    const timings = measured.map((_, i) => timing(rounds.map((times) => times[i]!)));
    timings.forEach((t, i) => {
      session.record('first-step', measured[i]!, contestant, t);
    });
    return [contestant.title, ...timings.map(milliseconds)];
  });
  console.log(
    `\nNew process, training 784-128-128-10 (relu, Dropout 0.2, Adam, batch ${firstStepTask.batch})`,
  );
  console.log('in ms: median (best) of new processes; making model and data is in none of them');
  for (const line of aligned([['', ...measured], ...rows])) console.log(line);
}

/** A median and (best) in milliseconds. */
export const milliseconds = ({ median, minimum }: Timing): string =>
  `${significant(median * 1000)} (${significant(minimum * 1000)})`;

/**
 * Seconds that a new process takes for loading its library, for a task's first run, for the second, and for
 * the first more than the second; null where it can't do the task.
 *
 * @param program what to run instead of the contestant's own program.
 */
export async function firstSteps(
  contestant: Contestant,
  task: Task,
  program?: string,
): Promise<number[] | null> {
  const process = await ContestantProcess.start(contestant, program);
  try {
    if (!(await process.call('prepare', task))) return null;
    const first = await process.call('time', 1);
    const second = await process.call('time', 1);
    return [process.loadSeconds, first, second, first - second];
  } finally {
    await process.stop();
  }
}

/** ndgrad as one JavaScript file, as it is published: sources would be translated while they load. */
async function bundled(contestants: readonly Contestant[], folder: string): Promise<Map<string, string>> {
  const sources = contestants.filter(({ key }) => key.startsWith('ndgrad')).map(({ program }) => program);
  const programs = new Map<string, string>();
  for (const source of new Set(sources)) {
    const outfile = join(folder, `${programs.size}.mjs`);
    await build({ entryPoints: [source], bundle: true, format: 'esm', platform: 'node', outfile });
    programs.set(source, outfile);
  }
  return programs;
}
