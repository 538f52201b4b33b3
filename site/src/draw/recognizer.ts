import {
  type ByteSource,
  gradients,
  type Layer,
  loadModel,
  oneHot,
  realize,
  type Tensor,
  tensor,
} from 'ndgrad';
import { layerOutputs } from '../layer-outputs.ts';

/** What a network computes for an image. */
export interface Look {
  /** The probability of each digit. */
  readonly probabilities: Float32Array;
  /** The most probable digit. */
  readonly best: number;
  /** The outputs of the layers, in order. */
  readonly layers: readonly LayerOutput[];
  /** How the score of a digit changes with each of the 28 x 28 pixels. */
  readonly gradient: Float32Array;
}

export interface LayerOutput {
  /** The class of the layer. */
  readonly type: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A network that recognizes digits. */
export class Recognizer {
  readonly #model: Layer;
  readonly #shape: readonly number[];
  readonly #ink: number;

  /** @param ink the value of full ink in the images on which the network was trained. */
  constructor(model: Layer, ink = 1) {
    const shape = inputShapes.find((shape) => classesOf(model, shape) === 10);
    if (shape === undefined)
      throw new Error(
        'got another model, wanted one that takes images of 28 x 28 pixels and gives scores of 10 digits',
      );
    this.#model = model;
    this.#shape = shape;
    this.#ink = ink;
  }

  /** @param digit whose gradient is wanted; null is the most probable one. */
  async look(image: Float32Array, digit: number | null): Promise<Look> {
    const x: Tensor = tensor(
      image.map((value) => value * this.#ink),
      { shape: [1, ...this.#shape] },
    );
    const { scores: batch, outputs } = layerOutputs(this.#model, x);
    const scores = batch.reshape([10]);
    const score =
      digit === null ? scores.max() : scores.mul(oneHot(tensor(digit, { dtype: 'int32' }), 10)).sum();
    const gradient = gradients(score, [x])[0]!;
    await realize(scores, gradient, ...outputs.keys());
    const probabilities = asProbabilities(await floats(scores));
    const layers = [...outputs].map(async ([output, type]) => ({
      type,
      shape: output.shape.slice(1),
      values: await floats(output),
    }));
    return {
      probabilities,
      best: probabilities.indexOf(Math.max(...probabilities)),
      layers: await Promise.all(layers),
      gradient: await floats(gradient),
    };
  }
}

/** Opens a model file, such as `saveModel` writes. */
export async function openRecognizer(file: Uint8Array | ByteSource, ink?: number): Promise<Recognizer> {
  return new Recognizer((await loadModel(file)).model, ink);
}

/** The shapes in which networks take images. */
const inputShapes: readonly (readonly number[])[] = [[784], [28, 28, 1], [28, 28]];

/** The number of scores for one image; null if the model does not take images of this shape. */
function classesOf(model: Layer, shape: readonly number[]): number | null {
  try {
    return model.outputShape([1, ...shape]).reduce((product, n) => product * n, 1);
  } catch {
    return null;
  }
}

const floats = async (x: Tensor): Promise<Float32Array> => Float32Array.from(await x.data());

/** The softmax of scores, unless the network ends with one. */
function asProbabilities(scores: Float32Array): Float32Array {
  const sum = scores.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) < 1e-3 && scores.every((score) => score >= 0)) return scores;
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
