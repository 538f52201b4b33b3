import { describe } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { inDependencyOrder } from '../ir/node.ts';
import type { Context } from '../layers/base/context.ts';
import { Layer } from '../layers/base/layer.ts';
import type { StaticShapes } from '../layers/base/layer-like.ts';
import type { Metric } from '../metrics/metric.ts';
import { checkTensor } from '../tensor/apply.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { type Shape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The model of `fit`, `evaluate` and `predict`. Every Layer is one. */
export interface Model {
  /** The predictions for a batch, one entry or row per sample. */
  forward(x: Tensor, ctx: Context): Tensor;
  parameters(): Parameter[];
  /** A scalar that is added to the loss, or null. */
  penalty?(): Tensor | null;
}

/** The shape of a model's predictions, as far as it is known; any number of samples. */
export type ModelOutput<M extends Model> = M extends StaticShapes
  ? M['gives'] extends readonly [number, ...infer Rest extends Shape]
    ? [number, ...Rest]
    : Shape
  : ReturnType<M['forward']> extends Tensor<infer S>
    ? S
    : Shape;

/** The loss of predictions, a scalar. All losses of `ndgrad` are such functions. Data with `sampleWeights` need it to use them. */
export type LossFunction = (
  predictions: Tensor,
  labels: Tensor,
  options?: { readonly sampleWeights?: Tensor },
) => Tensor;

/** @throws ValueError unless it is a model. */
export function checkModel(operation: string, model: unknown): void {
  const { forward, parameters } = Object(model) as Partial<Model>;
  if (typeof forward === 'function' && typeof parameters === 'function') return;
  throw new ValueError(
    `[${operation}] got ${describe(model)} as model, wanted a Layer, or an object with forward and parameters.`,
  );
}

/** The predictions for a batch. */
export function callModel(model: Model, x: Tensor, ctx: Context): Tensor {
  return model instanceof Layer ? (model as Layer).call(x, ctx) : model.forward(x, ctx);
}

/** The loss of a batch plus the model's penalty: the value that training minimizes. */
export function objective(
  operation: string,
  model: Model,
  loss: LossFunction,
  predictions: Tensor,
  batch: { readonly y: Tensor; readonly sampleWeights?: Tensor },
): Tensor {
  const { y, sampleWeights } = batch;
  const value = loss(predictions, y, sampleWeights === undefined ? {} : { sampleWeights });
  checkTensor(operation, value);
  if (value.size !== 1) {
    throw new ShapeError(
      `[${operation}] the loss function returned shape ${show(value.shape)}, wanted one number. Take the mean over the samples.`,
    );
  }
  if (sampleWeights !== undefined && !inDependencyOrder([value.node]).includes(sampleWeights.node)) {
    throw new ValueError(
      `[${operation}] the loss function does not use the sampleWeights. Pass its third argument on: ` +
        '(predictions, labels, options) => softmaxCrossEntropy(predictions, labels, { ...options, labelSmoothing: 0.1 }).',
    );
  }
  const penalty = model.penalty?.() ?? null;
  return penalty === null ? value : value.add(penalty);
}

/** The results of metrics by name. */
export function results(metrics: readonly Metric[]): Record<string, number> {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.result()]));
}

export function checkLoss(operation: string, loss: unknown): void {
  if (typeof loss === 'function') return;
  throw new ValueError(
    `[${operation}] got loss ${describe(loss)}, wanted a function of predictions and labels, such as softmaxCrossEntropy.`,
  );
}

export function checkList(operation: string, what: string, list: unknown): void {
  if (Array.isArray(list)) return;
  throw new ValueError(`[${operation}] got ${what} ${describe(list)}, wanted an array.`);
}

/** Metrics are reported by name, so names must differ, and none may be `loss`. */
export function checkMetrics(operation: string, metrics: readonly Metric[]): void {
  checkList(operation, 'metrics', metrics);
  const names = new Set(['loss']);
  for (const metric of metrics) {
    if (typeof metric?.update !== 'function') {
      throw new ValueError(
        `[${operation}] got ${describe(metric)} among the metrics, wanted objects such as new Accuracy().`,
      );
    }
    const { name } = metric;
    if (names.has(name)) {
      throw new ValueError(
        `[${operation}] two results are called '${name}'. Give one of them another name: { name: '${name}2' }.`,
      );
    }
    names.add(name);
  }
}

export function checkWhole(operation: string, what: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ValueError(
    `[${operation}] got ${what} ${describe(value)}, wanted a whole number of at least ${least}.`,
  );
}
