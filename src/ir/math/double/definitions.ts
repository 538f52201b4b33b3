export { erf } from './error.ts';
export { exp } from './exponential.ts';
export { log, log1p } from './logarithm.ts';
export { pow } from './power.ts';
export { cos, sin } from './trigonometric.ts';
