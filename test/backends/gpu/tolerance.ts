import type { OperationName } from '../../tensor/invoke.ts';
import { operations } from '../../tensor/operations/index.ts';
import type { GpuAccuracy } from '../../tensor/operations/row.ts';
import type { Goal } from './evaluate.ts';

const RELATIVE: Record<GpuAccuracy, number> = { exact: 0, arithmetic: 1e-6, intrinsic: 1e-5, sum: 1e-5 };

/**
 * The largest error of an operation's results on a GPU. Results that cancel (`absolute` in the operation's row is the error
 * of a CPU's float32) may show an error of elementary functions that is four times as large.
 */
export function toleranceOf(name: OperationName): Pick<Goal, 'relative' | 'scale'> {
  const { gpu, absolute } = operations[name];
  const relative = RELATIVE[gpu];
  if (gpu === 'sum') return { relative, scale: 'magnitudes' };
  if (gpu !== 'intrinsic' || absolute === undefined) return { relative };
  return { relative, scale: (4 * absolute) / relative };
}
