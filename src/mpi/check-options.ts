import { refusal } from '../ir/arguments.ts';
import type { Resumable } from '../train/checkpoint/types.ts';

/** @throws ValueError for options of `fit` that only a world reads. */
export function checkOptions({ options: { accumulate = 1, reduceDType = 'float32' } }: Resumable): void {
  if (reduceDType === 'float32') return;
  if (reduceDType !== 'bfloat16') throw refusal('fit', 'reduceDType', reduceDType, "'float32' or 'bfloat16'");
  if (accumulate === 1)
    throw refusal('fit', 'accumulate', accumulate, 'shards, from 2 up, whose gradients reduceDType rounds');
}
