import { type Context, inference, type Layer, type Tensor } from 'ndgrad';

/** Layers whose output has the values of their input. */
const rearranging = new Set(['Flatten', 'Reshape']);

/** The scores of a network for images, and the outputs of its layers with the class of each, in order. */
export function layerOutputs(model: Layer, images: Tensor): { scores: Tensor; outputs: Map<Tensor, string> } {
  const outputs = new Map<Tensor, string>();
  const context: Context = Object.assign(Object.create(inference) as Context, {
    onOutput: ({ type }: { readonly type: string }, output: Tensor) => {
      // Layers that change nothing, such as Dropout, and containers have the output of a layer before.
      if (!outputs.has(output) && !rearranging.has(type)) outputs.set(output, type);
    },
  });
  return { scores: model.call(images, context), outputs };
}
