import type { Case, Effort, Tables } from './case.ts';
import { checkCases } from './cases-checks.ts';
import { contractions } from './cases-contractions.ts';
import { convolutions } from './cases-convolutions.ts';
import { graphs } from './cases-graphs.ts';
import { knownAnswers } from './cases-known.ts';
import { loops } from './cases-loops.ts';
import { operations } from './cases-operations.ts';
import { randomNumberCases } from './cases-random.ts';
import { reductions } from './cases-reductions.ts';
import { valueCases } from './cases-values.ts';

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
    ...loops,
    ...valueCases,
    ...checkCases,
  ];
}
