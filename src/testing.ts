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
