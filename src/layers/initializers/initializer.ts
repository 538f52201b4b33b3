import type { Generator } from '../../tensor/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Makes the initial values of a Parameter of the given shape. */
export type Initializer = (shape: readonly number[], rng: Generator) => Tensor;
