/** The trial that the workers of the search run. Each worker loads the digits once. */
import { Accuracy, evaluate, fit, softmaxCrossEntropy, tensor } from 'ndgrad';
import { scalePixels } from 'ndgrad/data';
import { loadMnist } from 'ndgrad/node';
import type { TrialFunction } from 'ndgrad/search';
import { build, type space } from './model.ts';

const { train } = await loadMnist();
const images = scalePixels(train.images);
const x = tensor(images.data, { shape: images.shape, copy: false });
const y = tensor(train.labels.data);

// Parts of the 60,000 training digits. The search does not use the test digits.
const training = { x: x.slice([0, 20_000]), y: y.slice([0, 20_000]) };
const validation = { x: x.slice([50_000, 60_000]), y: y.slice([50_000, 60_000]) };

const trial: TrialFunction<typeof space> = async (parameters, { epochs, signal }) => {
  const { model, optimizer } = build(parameters);
  const { batchSize } = parameters;
  const loss = softmaxCrossEntropy;
  await fit(model, training, { loss, optimizer, epochs, batchSize, signal, progress: false });
  return evaluate(model, validation, { loss, metrics: [new Accuracy()] });
};
export default trial;
