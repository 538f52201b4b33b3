import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { processMark, processOf } from '../../src/node/process-mark.ts';

test('this process is running, and one with its number and another start is not', async () => {
  const mark = await processMark();
  expect(await processOf(mark)).toEqual({ state: 'running', pid: process.pid });
  const [host, pid, , random] = mark.split('-');
  expect(await processOf(`${host}-${pid}-1-${random}`)).toMatchObject({ state: 'ended' });
  expect(await processOf(`x-${pid}-1-${random}`)).toEqual({ state: 'on another computer' });
});

const statOf = (pid: string): string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

test.skipIf(!existsSync('/proc/self/stat'))('a process that nobody has waited for has ended', async () => {
  // The second `sleep` replaces the shell, and never asks how its child ended.
  const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<string>((resolve) =>
    parent.stdout.once('data', (line) => resolve(`${line}`.trim())),
  );
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
  process.kill(Number(pid), 'SIGKILL');
  await expect.poll(() => statOf(pid)[0]).toBe('Z');
  const [host] = (await processMark()).split('-');
  expect(await processOf(`${host}-${pid}-${statOf(pid)[19]}-00`)).toMatchObject({ state: 'ended' });
  parent.kill('SIGKILL');
});
