/** The entry point `ndgrad/testing`: comparisons and gradient checks for tests. */

// Comparisons

export { allClose, assertClose, type CloseOptions, type Comparable } from './testing/close.ts';

// Gradients against finite differences

export {
  type DifferentiableFunction,
  type GradcheckOptions,
  type GradcheckReport,
  gradcheck,
} from './testing/gradcheck.ts';

// Property tests

export {
  type Arbitraries,
  type ArbitraryDataOptions,
  type ArbitraryLayerOptions,
  type ArbitraryShapeOptions,
  type ArbitraryTensorOptions,
  arbitraries,
} from './testing/arbitraries.ts';
export type { Arbitrary, FastCheck } from './testing/fast-check.ts';
