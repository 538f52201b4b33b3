import { readFileSync } from 'node:fs';
import { codeOf } from './error-code.ts';

/**
 * Whether a process on this computer is running. One that has ended is not, even if its parent has not asked for its exit status
 * yet (a zombie).
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: a process of another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return !/^[ZX]/.test(processStat(pid)[0] ?? '');
}

/** The fields of /proc/PID/stat from the state on, the third one; empty where there are none. */
export function processStat(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
