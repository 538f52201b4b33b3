import { type Layer, type Parameter, realize, type Tensor } from 'ndgrad';
import { layerOutputs } from '../../layer-outputs.ts';
import type { Report, Values } from '../reports.ts';
import type { TestSamples } from './data.ts';

/**
 * The first layer with weights, as it is between two steps, and what it gives for a test digit. Null if its inputs are no
 * pixels.
 */
export async function firstLayer(
  model: Layer,
  test: TestSamples,
  place: number,
): Promise<Extract<Report, { kind: 'first layer' }> | null> {
  const kernel = model.parameters().find(isFilter);
  if (kernel === undefined) return null;
  const { scores, outputs } = layerOutputs(model, test.x.slice([place, place + 1]));
  const [output] = [...outputs].find(([, type]) => type === 'Dense' || type === 'Conv2D')!;
  const probabilities = scores.softmax();
  await realize(output, probabilities);
  return {
    kind: 'first layer',
    weights: await valuesOf(kernel),
    outputs: await valuesOf(output),
    digit: {
      image: test.images.slice(place * 784, (place + 1) * 784),
      label: test.labels[place]!,
      probabilities: (await valuesOf(probabilities)).data,
    },
  };
}

/** Whether its inputs are pixels. */
const isFilter = ({ shape }: Parameter): boolean =>
  (shape.length === 2 && shape[0] === 784) || (shape.length === 4 && shape[2] === 1);

const valuesOf = async (x: Tensor): Promise<Values> => ({
  data: (await x.data()) as Float32Array,
  shape: x.shape,
});
