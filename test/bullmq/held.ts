/**
 * Trials that tell when they begin and may wait, in files of the folder TRIALS, so that tests can do something in the
 * middle of one. Without the variable they are over at once.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { choice, logUniform, type TrialFunction } from '../../src/search.ts';
import { defaultGenerator } from '../../src/tensor/random.ts';

export const space = { rate: logUniform(1e-3, 1), kind: choice(['a', { depth: 2 }, null]) };

const trial: TrialFunction<typeof space> = async ({ rate, kind }, { trial, epochs, seed }) => {
  const folder = process.env.TRIALS;
  if (folder !== undefined) {
    appendFileSync(join(folder, 'begun'), `${trial} ${process.pid}\n`);
    while (existsSync(join(folder, `hold-${trial}`))) await setTimeout(10);
  }
  if (trial === 2) throw new Error('out of luck \ud800');
  const noise = defaultGenerator().uniform([]).item();
  const score = rate + noise / epochs + seed / 2 ** 34 + (kind === null ? 1 : 0);
  return { score, none: Number.NaN, much: Number.NEGATIVE_INFINITY, zero: -0 };
};
export default trial;
