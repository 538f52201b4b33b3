import type { TrainingOptions } from '../layers/base/context.ts';

/** Checks in a full batch whether each layer can train on a smaller last one. */
export function checkLastBatch(last: number, full: number): TrainingOptions['onOutput'] {
  return (layer, { shape }) => {
    // A layer may divide samples into several rows.
    const rows = shape[0]! / full;
    if (Number.isInteger(rows)) layer.checkTrainingBatch?.([rows * last, ...shape.slice(1)]);
  };
}
