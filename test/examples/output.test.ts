import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory, OutputError, removeLeftovers, writeAtomically } from '../../examples/mnist/output.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-output-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('writeAtomically', () => {
  it('replaces the file instead of writing to it', async () => {
    const path = join(scratch, 'whole.txt');
    await writeAtomically(path, 'the old contents');
    const reader = openSync(path, 'r');
    try {
      await writeAtomically(path, 'new');
      // Who opened the file before reads the old contents as a whole.
      expect(readFileSync(reader, 'utf8')).toBe('the old contents');
      expect(readFileSync(path, 'utf8')).toBe('new');
    } finally {
      closeSync(reader);
    }
    expect(readdirSync(scratch)).toEqual(['whole.txt']);
  });

  it('keeps the old file and leaves no other if writing fails', async () => {
    const dir = join(scratch, 'failed');
    const path = join(dir, 'file');
    await makeDirectory(dir);
    await writeAtomically(path, 'old');
    mkdirSync(`${path}.${process.pid}.tmp`);
    await expect(writeAtomically(path, 'new')).rejects.toThrow(`cannot write ${path}: EISDIR`);
    expect(readFileSync(path, 'utf8')).toBe('old');

    await expect(writeAtomically(join(dir, 'no/file'), '')).rejects.toBeInstanceOf(OutputError);
    mkdirSync(join(dir, 'directory', 'in the way'), { recursive: true });
    await expect(writeAtomically(join(dir, 'directory'), '')).rejects.toThrow('cannot write');
    expect(readdirSync(dir).filter((name) => name.startsWith('directory'))).toEqual(['directory']);
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

describe('removeLeftovers', () => {
  it('removes the temporary files of processes that have ended', async () => {
    const dir = join(scratch, 'leftovers');
    mkdirSync(dir);
    const own = `results.json.${process.pid}.tmp`;
    for (const name of ['results.json', 'results.json.99999999.tmp', own, 'notes.tmp', 'a.12.tmp.txt']) {
      writeFileSync(join(dir, name), '');
    }
    await removeLeftovers(dir);
    expect(readdirSync(dir).sort()).toEqual(['a.12.tmp.txt', 'notes.tmp', 'results.json', own].sort());
    await removeLeftovers(join(dir, 'missing'));
  });
});

describe('makeDirectory', () => {
  it('makes the directories above, and takes existing ones', async () => {
    const path = join(scratch, 'a/b/c');
    await Promise.all([makeDirectory(path), makeDirectory(path)]);
    await makeDirectory(path);
    expect(existsSync(path)).toBe(true);
  });

  it('fails where no directory can be', async () => {
    writeFileSync(join(scratch, 'file'), '');
    await expect(makeDirectory(join(scratch, 'file'))).rejects.toThrow('EEXIST');
    await expect(makeDirectory(join(scratch, 'file/below'))).rejects.toThrow('ENOTDIR');
  });

  it.skipIf(!existsSync('/proc/self'))('fails in /proc', async () => {
    await expect(makeDirectory('/proc/ndgrad/below')).rejects.toThrow('ENOENT');
  });
});
