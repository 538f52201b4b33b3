import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type LibrarySetup, supports } from '../libraries.ts';
import { LibraryProcess } from '../library-process.ts';
import { type Timing, timing } from '../measure.ts';
import type { Session } from '../session.ts';
import { alignColumns, threeDigits } from '../tables.ts';
import type { Task, TrainingTask } from '../task.ts';

/** The training whose first step is measured. */
export const firstStepTask: TrainingTask = {
  kind: 'training',
  layers: [784, 128, 128, 10],
  dropout: 0.2,
  batch: 512,
  batches: 4,
};

const measured = ['loading the library', 'first step', 'second step', 'first - second'] as const;

/** The start of a new process: loading the library, and the first training step compared with the second. */
export async function benchFirstStep(session: Session): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ndgrad-bench-'));
  const seconds = new Map<LibrarySetup, number[][]>();
  try {
    const libraries = session.libraries.filter((library) => supports(library, firstStepTask.kind));
    const programs = await bundled(libraries, folder);
    for (let round = 0; round < session.settings.rounds; round++) {
      for (const library of libraries) {
        const times = await firstSteps(library, firstStepTask, programs.get(library.program));
        if (times !== null) seconds.set(library, [...(seconds.get(library) ?? []), times]);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const rows = [...seconds].map(([library, rounds]) => {
    const timings = measured.map((_, i) => timing(rounds.map((times) => times[i]!)));
    timings.forEach((t, i) => {
      session.record('first-step', measured[i]!, library, t);
    });
    return [library.title, ...timings.map(milliseconds)];
  });
  console.log(
    `\nNew process, training 784-128-128-10 (relu, Dropout 0.2, Adam, batch ${firstStepTask.batch})`,
  );
  console.log('in ms: median (best) of new processes; creating the model and the data is not included');
  for (const line of alignColumns([['', ...measured], ...rows])) console.log(line);
}

/** A median and (best) in milliseconds. */
export const milliseconds = ({ median, minimum }: Timing): string =>
  `${threeDigits(median * 1000)} (${threeDigits(minimum * 1000)})`;

/**
 * Seconds of a new process for loading the library, for the first and the second run of a task, and the difference of
 * these two; null if the library cannot do the task.
 *
 * @param program file to run instead of the library's own program.
 */
export async function firstSteps(
  library: LibrarySetup,
  task: Task,
  program?: string,
): Promise<number[] | null> {
  const process = await LibraryProcess.start(library, program);
  try {
    if (!(await process.call('prepare', task))) return null;
    const first = await process.call('time', 1);
    const second = await process.call('time', 1);
    return [process.loadSeconds, first, second, first - second];
  } finally {
    await process.stop();
  }
}

/** Bundles ndgrad into one JavaScript file, as it is published, since TypeScript sources would be translated while loading. */
async function bundled(libraries: readonly LibrarySetup[], folder: string): Promise<Map<string, string>> {
  const sources = libraries.filter(({ key }) => key.startsWith('ndgrad')).map(({ program }) => program);
  const programs = new Map<string, string>();
  for (const source of new Set(sources)) {
    const outfile = join(folder, `${programs.size}.mjs`);
    await build({ entryPoints: [source], bundle: true, format: 'esm', platform: 'node', outfile });
    programs.set(source, outfile);
  }
  return programs;
}
