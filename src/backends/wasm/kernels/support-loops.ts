import { corners, schedule } from '../module/iterations.ts';
import { keepMatrices, keptMatrix } from './kept-panels.ts';
import { support } from './loop-support.ts';

/** Lets the backend run plans with loops. */
export function supportLoops(): void {
  support.loops = { schedule, corners, keepMatrices, keptMatrix };
}
