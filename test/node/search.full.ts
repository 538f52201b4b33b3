import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { search } from 'ndgrad/search';
import { afterAll, describe, expect, it } from 'vitest';
import { options, untimed } from '../search/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-search-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a program under tsx', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));

  /** Runs the program; kills it once its journal has so many lines. Its trials hang before there are many more. */
  function program(
    journal: string,
    kill = Number.POSITIVE_INFINITY,
  ): Promise<{ code: number | null; out: string }> {
    const cli = join(root, 'node_modules/tsx/dist/cli.mjs');
    // A group of its own, since tsx runs the program in another process.
    const child = spawn(process.execPath, [cli, 'test/node/search/program.ts', journal], {
      cwd: root,
      detached: true,
      env: kill < Number.POSITIVE_INFINITY ? { ...process.env, HANG_AFTER: '4' } : process.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const timer = setInterval(() => {
      if (lines(journal) >= kill && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, 10);
    return new Promise((resolve) => {
      child.on('close', (code) => {
        clearInterval(timer);
        resolve({ code, out });
      });
    });
  }

  const lines = (path: string): number => {
    try {
      return readFileSync(path, 'utf8').split('\n').length - 1;
    } catch {
      return 0;
    }
  };

  it('that is killed goes on where it was', async () => {
    const path = join(folder, 'killed.jsonl');
    const killed = await program(path, 5);
    expect(killed.code).not.toBe(0);
    expect(killed.out).toBe('');
    const before = lines(path);
    expect(before).toBeGreaterThanOrEqual(5);
    expect(before).toBeLessThan(14);
    const { code, out } = await program(path);
    expect(code).toBe(0);
    const { runs, resumed } = JSON.parse(out);
    expect(resumed).toBe(before - 1);
    expect(runs).toEqual(untimed(await search(options)));
  });
});
