import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { OutputError, writeAtomically } from '../../examples/mnist/output.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-output-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('writeAtomically', () => {
  it('replaces the file', async () => {
    const path = join(scratch, 'new/whole.txt');
    await writeAtomically(path, 'the old contents');
    await writeAtomically(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(join(scratch, 'new'))).toEqual(['whole.txt']);
  });

  it('fails with one line', async () => {
    const error = await writeAtomically(scratch, '').catch((error) => error);
    expect(error).toBeInstanceOf(OutputError);
    expect(error.message).toMatch(/^\[saveFile\] .*Check the path\. --resume reuses the networks so far\.$/);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('leaves no other file after %s', async (signal) => {
    const dir = join(scratch, signal);
    mkdirSync(dir);
    const program = `
      import { handleOutput, writeAtomically } from ${JSON.stringify(join(root, 'examples/mnist/output.ts'))};
      handleOutput();
      for (;;) await writeAtomically(${JSON.stringify(join(dir, 'file'))}, 'x'.repeat(50_000_000));`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (!readdirSync(dir).some((name) => name.endsWith('.tmp')) && child.exitCode === null) await wait(1);
    child.kill(signal);
    expect(await ended).toBe({ SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal]);
    expect(readdirSync(dir).filter((name) => name !== 'file')).toEqual([]);
  });
});
