import type { Backend } from '../../../src/ir/backend.ts';
import type { References } from '../../reference/format.ts';

export type Group =
  | 'known answers'
  | 'known gradients'
  | 'known losses'
  | 'known layers'
  | 'operations'
  | 'random graphs'
  | 'random numbers'
  | 'reductions'
  | 'contractions'
  | 'convolution and pooling'
  | 'loops'
  | 'values of all kinds'
  | 'checks on values'
  | 'training';

/** One thing that a backend must compute right. */
export interface Case {
  readonly group: Group;
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
