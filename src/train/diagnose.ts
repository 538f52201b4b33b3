import type { Batch } from '../data/dataset.ts';
import { training } from '../layers/base/context.ts';
import type { LayerLike } from '../layers/base/layer-like.ts';
import { Network } from '../layers/base/network.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { Generator } from '../tensor/random.ts';
import { itemsOf, nameIn } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type AnyModel, callModel } from './model.ts';
import { objective } from './objective.ts';
import { batchOutputs, type Output } from './outputs.ts';

export const noWeight = 'no weight';

/**
 * Why a step on a batch gives NaN or infinite values. If the loss does, it is the first Parameter, input or output with
 * such a value; otherwise the first Parameter with such a gradient. null without either, and 'no weight' if the loss is 0 / 0
 * because the weights of all samples are 0.
 *
 * @param rng has the state from before the step, so that Dropout uses the same masks.
 */
export async function diagnose(
  model: AnyModel,
  outputs: readonly Output[],
  batch: Batch,
  rng: Generator,
): Promise<string | null> {
  const layers: [layer: LayerLike, output: Tensor][] = [];
  const context = training({ rng, onOutput: (layer, output) => layers.push([layer, output]) });
  const predictions = callModel(model, batch.x, context);
  context.take();
  const found = batchOutputs('fit', outputs, predictions, batch);
  const { reported, total } = objective('fit', model, found);
  const infinite = (await valuesOf(total))[0]!;
  if (Number.isFinite(infinite)) return nonFiniteGradient(model, total);
  for (const { value, weight } of reported[0]!.terms)
    if (weight !== null && (await valuesOf(weight))[0] === 0 && (await firstNonFinite(value)) !== null)
      return noWeight;

  const cause = async (): Promise<string> => {
    for (const parameter of model.parameters()) {
      const found = await firstNonFinite(parameter);
      if (found !== null) {
        return `Parameter '${parameter.name}' contains ${found}, from its initial values or an earlier update. Check its initial values, lower the learning rate, or clip gradients.`;
      }
    }
    for (const what of ['x', 'y'] as const) {
      for (const [name, t] of itemsOf<Tensor>(batch[what])) {
        const found = await firstNonFinite(t);
        if (found !== null) return `${nameIn(what, name)} of the batch contains ${found}. Clean the data.`;
      }
    }
    for (const [layer, output] of layers) {
      const found = await firstNonFinite(output);
      if (found !== null) {
        return `layer ${nameOf(model, layer)} is the first whose output contains ${found}. Its input is finite. Lower the learning rate, clip gradients, or scale the data.`;
      }
    }
    for (const [name, t] of itemsOf<Tensor>(predictions)) {
      const found = await firstNonFinite(t);
      if (found !== null)
        return `the model's output${name && ` '${name}'`} contains ${found}, but its Parameters and its input are finite.`;
    }
    const penalty = model.penalty?.() ?? null;
    if (penalty !== null && (await firstNonFinite(penalty)) !== null)
      return "the model's penalty is too large for float32.";
    for (const { name, value } of reported.slice(1))
      if ((await firstNonFinite(value)) !== null)
        return `the predictions are finite, so the loss function of ${name} causes it.`;
    return 'the predictions are finite, so the loss function causes it. Check it for a logarithm of 0 or a division by 0.';
  };
  return `the loss is ${infinite}: ${await cause()}`;
}

async function nonFiniteGradient(model: AnyModel, loss: Tensor): Promise<string | null> {
  const parameters = model.parameters().filter(({ trainable }) => trainable);
  const gradients = reachedGradients('fit', loss, parameters);
  for (const [i, { name }] of parameters.entries()) {
    const found = gradients[i] ? await firstNonFinite(gradients[i]) : null;
    if (found === null) continue;
    return `the loss is finite, but the gradient of Parameter '${name}' contains ${found}. Check the model and the loss for a root or a logarithm of 0, or clip gradients.`;
  }
  return null;
}

/** The first value that is NaN or infinite; null without one. */
async function firstNonFinite(t: Tensor): Promise<string | null> {
  const found = (await valuesOf(t)).find((value) => !Number.isFinite(value));
  return found === undefined ? null : String(found);
}

/** The layer's path from the model, its type and its name: `1.inner (Dense 'hidden')`. */
export function nameOf(model: AnyModel, layer: LayerLike): string {
  const path = model instanceof Network ? pathTo(model, layer, '') : null;
  const name = layer.name ? ` '${layer.name}'` : '';
  return path ? `${path} (${layer.type}${name})` : `${layer.type}${name}`;
}

function pathTo(
  from: LayerLike,
  layer: LayerLike,
  prefix: string,
  seen = new Set<LayerLike>(),
): string | null {
  if (from === layer) return prefix.slice(0, -1);
  if (seen.has(from)) return null;
  seen.add(from);
  for (const [key, member] of from.members()) {
    const path = member instanceof Parameter ? null : pathTo(member, layer, `${prefix}${key}.`, seen);
    if (path !== null) return path;
  }
  return null;
}
