import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { mnistProgram } from './program.ts';

/** Short runs of `npm run mnist` in a folder that is deleted after the tests of the file. */
export function mnistRuns() {
  const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-example-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const program = mnistProgram();
  const mnist = (...args: string[]) => program(args);

  function train(out: string, ...args: string[]) {
    const dir = join(scratch, out);
    const run = mnist('--epochs', '2', '--limit', '300', '--batch-size', '25', '--out', dir, ...args);
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    const drawing = args.includes('--save') ? ['draw.html'] : [];
    expect(readdirSync(dir)).toEqual([...drawing, 'networks', 'report.html', 'results.json']);
    return { dir, stdout: run.stdout, results: readResults(dir) };
  }

  return { scratch, program, mnist, train };
}

export const readResults = (dir: string) => JSON.parse(readFileSync(join(dir, 'results.json'), 'utf8'));

/** The results without the fields `seconds...`, which differ between runs. */
export const untimed = (results: { models: unknown[] }): typeof results =>
  JSON.parse(JSON.stringify(results), (key, value) => (key.startsWith('seconds') ? undefined : value));

/** Flags of Node for a program that is killed as soon as it has written so many files with this ending. */
export const killedAfter = (ending: string, count: number) => [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    import { promises } from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { rename } = promises;
    let count = 0;
    promises.rename = async (from, to) => {
      await rename(from, to);
      if (to.endsWith('${ending}') && ++count === ${count}) process.kill(process.pid, 'SIGKILL');
    };
    syncBuiltinESMExports();
  `)}`,
];
