import type { Backend } from '../../../src/ir/backend.ts';
import type { References } from '../../reference/format.ts';
import { checkCases } from './cases-checks.ts';
import { contractions } from './cases-contractions.ts';
import { convolutions } from './cases-convolutions.ts';
import { graphs } from './cases-graphs.ts';
import { knownAnswers } from './cases-known.ts';
import { operations } from './cases-operations.ts';
import { randomNumberCases } from './cases-random.ts';
import { reductions } from './cases-reductions.ts';
import { valueCases } from './cases-values.ts';

/** One thing that a backend must compute right. */
export interface Case {
  readonly group: string;
  readonly name: string;
  /** Says what is wrong; null where nothing is. Throws where the backend does. */
  run(backend: Backend): Promise<string | null>;
}

/** What the cases need of test/reference. */
export type Tables = Pick<References, 'ops' | 'gradients' | 'losses' | 'layers'>;

/** How much is to be tried, 1 by default, and what the random cases begin with. */
export interface Effort {
  readonly runs: number;
  readonly seed: number;
}

/** The same cases for every device. */
export function casesOf(tables: Tables, effort: Effort): Case[] {
  return [
    ...knownAnswers(tables),
    ...operations(effort),
    ...graphs(effort),
    ...randomNumberCases(),
    ...reductions(),
    ...contractions(),
    ...convolutions(),
    ...valueCases,
    ...checkCases,
  ];
}
