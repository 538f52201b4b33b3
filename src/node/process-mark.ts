import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isRunning, processStat } from './is-running.ts';

// Files that belong to a running process, such as locks, have the process in their names, so that those of a process that
// has ended are recognized.

const host = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** A part of a file name that names this process: the computer, the process, its start time, and a random number. */
export function processMark(): string {
  return `${host()}-${process.pid}-${startTime(process.pid)}-${randomBytes(4).toString('hex')}`;
}

/** Where the process of a mark is. */
export type MarkedProcess =
  | { readonly state: 'running' | 'ended'; readonly pid: number }
  | { readonly state: 'on another computer' };

/** The process of a mark. */
export function processOf(mark: string): MarkedProcess {
  const [computer, id, start] = mark.split('-');
  if (computer !== host()) return { state: 'on another computer' };
  const pid = Number(id);
  const running = isRunning(pid) && startTime(pid) === start;
  return { state: running ? 'running' : 'ended', pid };
}

/** When a process was started, in clock ticks since the computer was; `0` where there is no /proc. */
const startTime = (pid: number): string => processStat(pid)[19] ?? '0';
