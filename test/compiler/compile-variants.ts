import fc from 'fast-check';
import { jsBackend } from '../../src/backends/js/index.ts';
import type { Limits } from '../../src/ir/backend.ts';
import type { PlanOptions } from './plans.ts';

/** Decisions for `randomGraph` and `randomStep`. */
export const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 40, maxLength: 500, size: 'max' });

const tight: Limits = { maxInputs: 3, maxNodes: 6, maxStores: 2 };

export interface Way {
  readonly name: string;
  readonly options: PlanOptions;
  /** What no kernel exceeds that computes more than one operation. */
  readonly limits: Limits;
}

/** How plans are made of one graph, for the same bits. */
export const ways: readonly Way[] = [
  { name: 'fused', options: {}, limits: jsBackend.limits },
  { name: 'not fused', options: { fusion: false }, limits: jsBackend.limits },
  // One operation takes what it needs, with the casts that belong to it: a power of integers 192 nodes.
  {
    name: 'fused under tight limits',
    options: { limits: tight },
    limits: { ...tight, maxInputs: 9, maxNodes: 192 },
  },
];
