import type { ActivationChoice } from '../train/network/layer-spec.ts';
import type { ProblemName } from './problem.ts';

/** Everything that determines the result. It is the message of `trainInWorker`, too. */
export interface BoundariesConfiguration {
  readonly problem: ProblemName;
  /** The standard deviation of the noise that is added to the points. */
  readonly noise: number;
  /** The units of each hidden layer. */
  readonly units: readonly number[];
  readonly activation: ActivationChoice;
  readonly learningRate: number;
  readonly seed: number;
}

export const defaults: BoundariesConfiguration = {
  problem: 'spirals',
  noise: 0.03,
  units: [32, 16],
  activation: 'relu',
  learningRate: 0.02,
  seed: 1,
};

/** Pixels along a side of the surfaces. */
export const SIDE = 64;

export type BoundariesReport =
  | { readonly kind: 'points'; readonly x: Float32Array; readonly y: Int32Array }
  /** The probability of class 1 at each pixel, row by row, and the outputs of the units of the first layer there, [pixels, units]. */
  | {
      readonly kind: 'surface';
      readonly probability: Float32Array;
      readonly first: Float32Array;
    };
