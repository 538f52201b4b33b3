import type { OperationName } from '../invoke.ts';
import { arithmetic } from './arithmetic.ts';
import { arrangement } from './arrangement.ts';
import { convolutions } from './convolutions.ts';
import { functions } from './functions.ts';
import { orders } from './orders.ts';
import { reductions } from './reductions.ts';
import type { OperationRow } from './row.ts';

/** A row for every operation; a missing one is a compile error. */
export const operations: Record<OperationName, OperationRow> = {
  ...arithmetic,
  ...functions,
  ...reductions,
  ...convolutions,
  ...arrangement,
  ...orders,
};
