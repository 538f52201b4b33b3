import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { codeOf } from './error-code.ts';

// Files that belong to a running process, such as locks, have the process in their names, so that those of a process that
// has ended are recognized.

const host = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** A part of a file name that names this process: the computer, the process, its start time, and a random number. */
export async function processMark(): Promise<string> {
  return `${host()}-${process.pid}-${await startTime(process.pid)}-${randomBytes(4).toString('hex')}`;
}

/** Where the process of a mark is. */
export type MarkedProcess =
  | { readonly state: 'running' | 'ended'; readonly pid: number }
  | { readonly state: 'on another computer' };

/** The process of a mark. */
export async function processOf(mark: string): Promise<MarkedProcess> {
  const [computer, id, start] = mark.split('-');
  if (computer !== host()) return { state: 'on another computer' };
  const pid = Number(id);
  const running = isRunning(pid) && (await startTime(pid)) === start;
  return { state: running ? 'running' : 'ended', pid };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: a process of another user.
    return codeOf(error) === 'EPERM';
  }
}

/**
 * When a process was started, in clock ticks since the computer was; `0` where there is no /proc. Of a process that has ended,
 * but whose parent has not asked for its exit status yet (a zombie), it is 'ended'.
 */
async function startTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain spaces. The state is field 3, the start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /[ZX]/.test(fields[0]!) ? 'ended' : fields[19]!;
  } catch {
    return '0';
  }
}
