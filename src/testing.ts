// `ndgrad/testing`: what a test of your own layer, loss or operation needs.

export { allClose, assertClose, type CloseOptions, type Comparable } from './testing/close.ts';
export {
  type DifferentiableFunction,
  type GradcheckOptions,
  type GradcheckReport,
  gradcheck,
} from './testing/gradcheck.ts';
