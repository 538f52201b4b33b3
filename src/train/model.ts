import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Context } from '../layers/base/context.ts';
import { Network } from '../layers/base/network.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensors } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The model of `fit`, `evaluate` and `predict`. Every Layer and every Network is one. X and Y are the types of its input and
 * output: a tensor, or a tuple or record of tensors.
 */
export interface Model<X extends Tensors = Tensor, Y extends Tensors = Tensor> {
  /** The predictions for a batch, one entry or row per sample. */
  forward(x: X, ctx: Context): Y;
  parameters(): Parameter[];
  /** A scalar that is added to the loss, or null. */
  penalty?(): Tensor | null;
}

/** A model with any input and output. */
export type AnyModel = Model<never, Tensors>;

/** A tensor of this type with any number of samples. */
type AnyBatch<T> =
  T extends Tensor<infer S extends Shape>
    ? Tensor<S extends readonly [number, ...infer Rest extends Shape] ? [number, ...Rest] : Shape>
    : never;

/** The predictions of a model for any number of samples. */
export type Predictions<Y extends Tensors> = Y extends Tensor
  ? AnyBatch<Y>
  : { readonly [K in keyof Y]: AnyBatch<Y[K]> };

/** @throws ValueError unless it is a model. */
export function checkModel(operation: string, model: unknown): void {
  const { forward, parameters } = Object(model) as Partial<AnyModel>;
  if (typeof forward === 'function' && typeof parameters === 'function') return;
  throw new ValueError(
    `[${operation}] got ${describe(model)} as model, wanted a Layer, or an object with forward and parameters.`,
  );
}

/** The predictions for a batch. */
export function callModel(model: AnyModel, x: Tensors, ctx: Context): Tensors {
  return model instanceof Network ? model.call(x as never, ctx) : model.forward(x as never, ctx);
}
