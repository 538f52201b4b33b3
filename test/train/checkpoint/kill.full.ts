import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

const KILLS = Number(process.env.KILLS ?? 50);

let folder: string;
let program: string;
beforeAll(() => {
  // Inside the repository, where its packages are found.
  folder = mkdtempSync(join('node_modules', '.kill-'));
  program = join(folder, 'program.mjs');
  buildSync({
    entryPoints: [join(import.meta.dirname, 'kill-program.ts')],
    outfile: program,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'node20',
    platform: 'node',
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface End {
  readonly events: number;
  readonly hash: string;
  readonly epochs: number;
}

/** Runs the program, which kills itself at an event; null if it did. */
function run(store: string, killAt: number, threads: number, random: number): End | null {
  const args = [program, join(folder, store), String(killAt), String(threads), String(random)];
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  if (signal === 'SIGKILL') return null;
  expect([status, signal]).toEqual([0, null]);
  return JSON.parse(stdout) as End;
}

test(`a program that was killed ${KILLS} times ends with the bits of one that was not`, () => {
  const whole = run('whole', 0, 1, 1)!;
  expect(whole.epochs).toBeGreaterThan(2);
  const at = fc.sample(fc.integer({ min: 1, max: Math.ceil(whole.events * 0.7) }), {
    numRuns: KILLS,
    seed: Number(process.env.FC_SEED ?? 1),
  });
  let restarts = 0;
  for (let attempt = 0; at.length > 0; attempt++) {
    const store = `store-${attempt}`;
    // Some kills come too late for what is left of the training.
    for (let end: End | null = null; end === null; restarts++) {
      end = run(store, at.shift() ?? 0, 1 + (restarts % 3), 1);
      if (end !== null) expect(end.hash).toBe(whole.hash);
    }
    expect(readdirSync(join(folder, store)).length).toBeLessThanOrEqual(4);
  }
  expect(restarts).toBeGreaterThanOrEqual(KILLS);
});
