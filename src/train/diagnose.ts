import type { Batch } from '../data/dataset.ts';
import { training } from '../layers/base/context.ts';
import { Layer } from '../layers/base/layer.ts';
import type { LayerLike } from '../layers/base/layer-like.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { Generator } from '../tensor/random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { callModel, type LossFunction, type Model, objective } from './model.ts';

/**
 * Why the loss of a batch is NaN: what holds the first value that is NaN or infinite. null where the loss is
 * a number.
 *
 * @param rng stands where it stood before the step, so that the same is dropped.
 */
export async function diagnose(
  model: Model,
  loss: LossFunction,
  batch: Batch,
  rng: Generator,
): Promise<string | null> {
  const outputs: [layer: LayerLike, output: Tensor][] = [];
  const context = training({ rng, onOutput: (layer, output) => outputs.push([layer, output]) });
  const predictions = callModel(model, batch.x, context);
  const value = objective('fit', model, loss, predictions, batch);
  if (!Number.isNaN((await valuesOf(value))[0])) return null;

  const cause = async (): Promise<string> => {
    for (const parameter of model.parameters()) {
      const found = await strange(parameter);
      if (found !== null) {
        return `Parameter '${parameter.name}' holds ${found}: it began so, or an earlier update overflowed. Look at its initial values, lower the learning rate, or clip gradients.`;
      }
    }
    for (const [name, t] of [
      ['x', batch.x],
      ['y', batch.y],
    ] as const) {
      const found = await strange(t);
      if (found !== null) return `${name} of the batch holds ${found}. Clean the data.`;
    }
    for (const [layer, output] of outputs) {
      const found = await strange(output);
      if (found !== null) {
        return `layer ${nameOf(model, layer)} is the first whose output holds ${found}. Its input is finite: lower the learning rate, clip gradients, or scale the data.`;
      }
    }
    const found = await strange(predictions);
    if (found !== null) return `the model's output holds ${found}, its Parameters and its input are finite.`;
    const penalty = model.penalty?.() ?? null;
    if (penalty !== null && (await strange(penalty)) !== null)
      return "the model's penalty is too large for float32.";
    return 'the predictions are finite, so it comes from the loss function itself. Look for a logarithm or a division of 0 there.';
  };
  return `the loss is NaN: ${await cause()}`;
}

/** The first value that is NaN or infinite; null if there is none. */
async function strange(t: Tensor): Promise<string | null> {
  const found = (await valuesOf(t)).find((value) => !Number.isFinite(value));
  return found === undefined ? null : String(found);
}

/** The path from the model and what it is: `1.inner (Dense 'hidden')`. */
function nameOf(model: Model, layer: LayerLike): string {
  const path = model instanceof Layer ? pathTo(model, layer, '') : null;
  const name = layer.name ? ` '${layer.name}'` : '';
  return path ? `${path} (${layer.type}${name})` : `${layer.type}${name}`;
}

function pathTo(from: LayerLike, layer: LayerLike, prefix: string): string | null {
  if (from === layer) return prefix.slice(0, -1);
  for (const [key, member] of from.members()) {
    const path = member instanceof Parameter ? null : pathTo(member, layer, `${prefix}${key}.`);
    if (path !== null) return path;
  }
  return null;
}
