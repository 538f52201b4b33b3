import type { Batch } from '../data/dataset.ts';
import { checkOptions, describe, refusal } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Metric } from '../metrics/metric.ts';
import { checkTensor } from '../tensor/apply.ts';
import { isGroup, itemOf, itemsOf, type LikeSome, namesOf, type Tensors } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The loss of predictions, a scalar. All losses of `ndgrad` are such functions. Data with `sampleWeights` need it to use them. */
export type LossFunction = (
  predictions: Tensor,
  labels: Tensor,
  options?: { readonly sampleWeights?: Tensor },
) => Tensor;

/** The loss of one of several outputs. */
export interface WeightedLoss {
  readonly loss: LossFunction;
  /** The factor of this loss in the sum that is minimized; 1 by default. */
  readonly weight?: number;
}

/** The loss of a model that returns Y: one function, or one for each of several outputs that has a loss. */
export type Loss<Y extends Tensors> = Y extends Tensor
  ? LossFunction
  : LikeSome<Y, LossFunction | WeightedLoss>;

/** The metrics of a model that returns Y: a list, or a list for each of several outputs that has metrics. */
export type Metrics<Y extends Tensors> = LikeSome<Y, readonly Metric[]>;

/** An output of a model that has a loss or metrics. */
export interface Output {
  /** '' for the only output. */
  readonly name: string;
  readonly loss: LossFunction | undefined;
  readonly weight: number;
  /** With the names of their results. */
  readonly metrics: readonly Metric[];
}

/** The name of a result of an output: `loss` of the only output, `mpg_loss` of the output `mpg`. */
export const resultName = (output: string, name: string): string =>
  output === '' ? name : `${output}_${name}`;

/** The metrics of all outputs. */
export const metricsOf = (outputs: readonly Output[]): readonly Metric[] =>
  outputs.flatMap(({ metrics }) => metrics);

/**
 * The outputs that have a loss or metrics.
 *
 * @param loss undefined without losses.
 * @throws ValueError unless loss and metrics are for the same outputs, and all results have different names.
 */
export function readOutputs(
  operation: string,
  loss: unknown,
  metrics: unknown = [],
  needsLoss = false,
): readonly Output[] {
  if (needsLoss && loss === undefined) throw notLoss(operation, loss);
  const outputs = isGroup(loss) || (loss === undefined && isByOutput(metrics)) ? several : one;
  const found = outputs(operation, loss, metrics);
  checkNames(operation, found);
  return found;
}

/** Whether it is a record, or a tuple of lists. */
const isByOutput = (metrics: unknown): boolean =>
  isGroup(metrics) && (!Array.isArray(metrics) || metrics.some((list) => Array.isArray(list)));

const notLoss = (operation: string, loss: unknown): ValueError =>
  refusal(operation, 'loss', loss, 'a function of predictions and labels, such as softmaxCrossEntropy');

function one(operation: string, loss: unknown, metrics: unknown): Output[] {
  if (loss !== undefined && typeof loss !== 'function') throw notLoss(operation, loss);
  checkList(operation, 'metrics', metrics);
  const output = {
    name: '',
    loss: loss as LossFunction | undefined,
    weight: 1,
    metrics: metrics as Metric[],
  };
  return loss === undefined && output.metrics.length === 0 ? [] : [output];
}

function several(operation: string, losses: unknown, metrics: unknown): Output[] {
  const given = (structure: unknown) => itemsOf(structure).filter(([, item]) => item !== undefined);
  const lossOf = new Map(losses === undefined ? [] : given(losses));
  const isEmpty = Array.isArray(metrics) && metrics.length === 0;
  if (!isEmpty && !isByOutput(metrics)) {
    throw new ValueError(
      `[${operation}] got metrics in one list, wanted a list for each output: { name: [new Accuracy()] }.`,
    );
  }
  const metricsOf = new Map(given(metrics));
  if (losses !== undefined && lossOf.size === 0)
    throw new ValueError(
      `[${operation}] got no loss of any output, wanted some: { name: meanSquaredError }.`,
    );
  return [...new Set([...lossOf.keys(), ...metricsOf.keys()])].map((name) => {
    const own = metricsOf.get(name) ?? [];
    checkList(operation, `metrics.${name}`, own);
    return {
      name,
      ...readLoss(operation, name, lossOf.get(name)),
      metrics: (own as Metric[]).map((metric) => renamed(metric, resultName(name, metric?.name))),
    };
  });
}

function readLoss(operation: string, name: string, given: unknown): Pick<Output, 'loss' | 'weight'> {
  if (given === undefined || typeof given === 'function')
    return { loss: given as LossFunction | undefined, weight: 1 };
  checkOptions(operation, given, { loss: 0, weight: 0 }, `loss.${name}`);
  const { loss, weight = 1 } = given as WeightedLoss;
  if (typeof loss === 'function' && Number.isFinite(weight)) return { loss, weight };
  throw new ValueError(
    `[${operation}] got loss.${name} with loss ${describe(loss)} and weight ${describe(weight)}, wanted a function and a finite number.`,
  );
}

/** The metric under another name. */
const renamed = (metric: Metric, name: string): Metric =>
  typeof metric !== 'object' || metric === null
    ? metric
    : new Proxy(metric, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          if (key === 'name') return name;
          return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value;
        },
      });

export function checkList(operation: string, what: string, list: unknown): void {
  if (Array.isArray(list)) return;
  throw new ValueError(`[${operation}] got ${what} ${describe(list)}, wanted an array.`);
}

/** Results are reported by name, so names must differ, and only losses may be `loss`. */
function checkNames(operation: string, outputs: readonly Output[]): void {
  const names = new Set(['loss', ...outputs.map(({ name }) => resultName(name, 'loss'))]);
  for (const metric of metricsOf(outputs)) {
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

/** The predictions, labels and weights of an output for a batch. */
export interface BatchOutput {
  readonly output: Output;
  readonly predictions: Tensor;
  readonly labels: Tensor;
  readonly sampleWeights: Tensor | undefined;
  /** The sum of the weights, if they are not the same for all outputs. */
  readonly weight?: number;
}

/**
 * The predictions, labels and weights of each output.
 *
 * @throws ValueError if the model or the data do not have one of them.
 */
export function batchOutputs(
  operation: string,
  outputs: readonly Output[],
  predictions: Tensors,
  { size, sampleWeights, y }: Batch,
): BatchOutput[] {
  const what = isGroup(predictions) ? `with the outputs ${namesOf(predictions)}` : 'with one output';
  const isWeighted = isGroup(sampleWeights);
  for (const [of, given] of Object.entries({
    ...(isGroup(predictions) && { y }),
    ...(isWeighted && { sampleWeights: sampleWeights as Tensors }),
  })) {
    for (const [name] of itemsOf(given)) {
      if (itemOf<Tensor>(predictions, name) === undefined)
        throw new ValueError(
          `[${operation}] got ${of}${name && ` of '${name}'`} for a model ${what}. Pass { x, y: { name: array } }.`,
        );
    }
  }
  return outputs.map((output) => {
    const { name } = output;
    const found = itemOf<Tensor>(predictions, name);
    if (found === undefined) {
      throw new ValueError(
        `[${operation}] got a loss or metrics ${name === '' ? 'without names' : `of '${name}'`} for a model ${what}. ` +
          'Pass them by name for several outputs: { name: meanSquaredError }.',
      );
    }
    checkTensor(operation, found);
    const labels = itemOf<Tensor>(y, name);
    if (labels === undefined) {
      throw new ValueError(
        `[${operation}] got no y of output '${name}', wanted it for its loss or metrics: the data have ${namesOf(y) || 'one y'}.`,
      );
    }
    const own = sampleWeights && itemOf<Tensor>(sampleWeights, isWeighted ? name : '');
    return {
      output,
      predictions: found,
      labels,
      sampleWeights: own,
      ...(isWeighted && { weight: own?.dataSync().reduce((sum, w) => sum + w, 0) ?? size }),
    };
  });
}

/** Adds a batch to the metrics of its outputs. */
export async function updateMetrics(batch: readonly BatchOutput[]): Promise<void> {
  for (const { output, predictions, labels, sampleWeights } of batch)
    for (const metric of output.metrics) await metric.update(predictions, labels, sampleWeights);
}

/** The results of metrics by name. */
export function results(metrics: readonly Metric[]): Record<string, number> {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.result()]));
}
