import { configure } from '../layers/configured.ts';
import { Operation } from '../layers/operation.ts';
import { operations } from '../layers/operations.ts';
import type { Settings } from '../settings.ts';
import { channelsLast, type MakePlan, plain } from './plan.ts';

/** A layer that is a function of a tensor. @param rankOf the number of axes of the result; that of the input by default. */
export const operation =
  (rankOf?: (settings: Settings) => number): MakePlan =>
  ({ className, settings, name, rank }) => {
    channelsLast(settings);
    const { settings: kept } = configure(operations, className, settings);
    return plain(rankOf?.(settings) ?? rank, () => new Operation(className, kept, name));
  };
