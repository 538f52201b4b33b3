import * as ops from '../../tensor/ops/elementwise/activation.ts';
import { tanh } from '../../tensor/ops/elementwise/math.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A function of each element, or of each row, that keeps the shape. */
export type ActivationFunction = (x: Tensor) => Tensor;

/** The activations by name, with their usual settings. */
export const activations = {
  elu: (x) => ops.elu(x),
  gelu: (x) => ops.gelu(x),
  leakyRelu: (x) => ops.leakyRelu(x),
  linear: (x) => x,
  logSoftmax: (x) => ops.logSoftmax(x),
  relu: (x) => ops.relu(x),
  sigmoid: (x) => ops.sigmoid(x),
  silu: (x) => ops.silu(x),
  softmax: (x) => ops.softmax(x),
  softplus: (x) => ops.softplus(x),
  tanh: (x) => tanh(x),
} satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof activations;
