import fc from 'fast-check';
import { jsBackend } from '../../src/backends/js/index.ts';
import type { Limits } from '../../src/ir/backend.ts';
import type { PlanOptions } from './plans.ts';

/** Decisions for `randomGraph` and `randomStep`. */
export const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 40, maxLength: 500, size: 'max' });

const tight: Limits = { maxInputs: 3, maxNodes: 6, maxStores: 2 };

export interface CompileVariant {
  readonly name: string;
  readonly options: PlanOptions;
  /** The limits of kernels that compute more than one operation. */
  readonly limits: Limits;
}

/** Options that must all give the same bits. */
export const compileVariants: readonly CompileVariant[] = [
  { name: 'fused', options: {}, limits: jsBackend.limits },
  { name: 'not fused', options: { fusion: false }, limits: jsBackend.limits },
  // A single operation may exceed the limits, together with its casts: an integer power has 192 nodes.
  {
    name: 'fused under tight limits',
    options: { limits: tight },
    limits: { ...tight, maxInputs: 9, maxNodes: 192 },
  },
];
