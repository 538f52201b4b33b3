import type { Generator } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A function that returns the initial values of a Parameter of the given shape, in float32. */
export type Initializer = (shape: readonly number[], rng: Generator) => Tensor;
