// A program that uses the built declarations as a package would.
import {
  Adam,
  Conv2D,
  clip,
  Dense,
  Dropout,
  Flatten,
  fit,
  Generator,
  Layer,
  matmul,
  Parameter,
  predict,
  Sequential,
  type Shape,
  scalar,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  zeros,
} from 'ndgrad';
import { blobSource, download, opfsStore, urlSource } from 'ndgrad/browser';
import { decodeIdx } from 'ndgrad/data';
import { gpu } from 'ndgrad/gpu';
import { readSafetensors, type Store } from 'ndgrad/io';
import { confusionMatrix } from 'ndgrad/metrics';
import { fileSource, folderStore, loadMnist, saveFile } from 'ndgrad/node';
import { gridSearch } from 'ndgrad/search';
import { allClose } from 'ndgrad/testing';

export const entryPoints = [decodeIdx, gpu, confusionMatrix, loadMnist, gridSearch, allClose, blobSource];
export const stores: Store[] = [folderStore('folder'), opfsStore()];
export const files = async () => [
  await readSafetensors(await fileSource('file')),
  await readSafetensors(await urlSource('https://example.com/file')),
  await saveFile('file', new Uint8Array(1)),
  await download([new Uint8Array(1)], 'file'),
];

declare const unknownShape: Tensor;
declare const matrix: Tensor<[2, 3]>;

// Values and their types.
const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
export const literal: Tensor<[2, 3], 'float32'> = x;
// @ts-expect-error axes exchanged
export const exchanged: Tensor<[3, 2]> = x;
// @ts-expect-error axes exchanged
export const turned: Tensor<[3, 2]> = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
export const item: number = x.toArray()[0]![1]!;
export const one: number = scalar(2).toArray();
export const anything: number = unknownShape.toArray()[0][1];
export const floats: Float32Array = x.dataSync();
export const bytes: Uint8Array = x.greater(2).dataSync();
// @ts-expect-error floats where integers are wanted
export const integers: Int32Array = x.dataSync();
export const sum: number = matrix.dataSync().reduce((a, b) => a + b, 0);
export const doubled: number | undefined = matrix.dataSync().map((v) => 2 * v)[0];
export const kept: 'int32' = x.cast('int32').add(zeros([3], 'uint8')).dtype;

// Unknown shapes fit, other known ones do not.
let h = zeros([2, 3]);
h = h.matmul(unknownShape);
h = unknownShape;
// @ts-expect-error axes exchanged
h = zeros([3, 2]);
// @ts-expect-error another data type
h = zeros([2, 3], 'int32');
const pixels = (t: Tensor<[number, 784]>): Tensor => t;
pixels(unknownShape);
pixels(zeros([5, 784]));
// @ts-expect-error 28 columns
pixels(zeros([5, 28]));
const weights = new Parameter(zeros([784, 10]));
export const loose: Parameter = weights;
export const known: Parameter<[784, 10]> = loose;
// @ts-expect-error axes exchanged
export const other: Parameter<[10, 784]> = weights;
export const product: Tensor<[5, 10]> = zeros([5, 784]).matmul(weights);
// @ts-expect-error 3 columns against 5 rows
matmul(zeros([2, 3]), zeros([5, 4]));
// @ts-expect-error 3 against 4
zeros([2, 3]).add(zeros([4]));
export const clipped: Tensor<[4, 2, 3]> = clip(zeros([2, 3]), zeros([4, 1, 1]), 1);

// Layers and training.
const model = new Sequential([new Flatten(), new Dense(784, 128), new Dropout(0.5), new Dense(128, 10)]);
// @ts-expect-error 128 is given, 129 wanted
export const broken = new Sequential([new Dense(784, 128), new Dense(129, 10)]);
export async function train(): Promise<Float32Array> {
  const images = new Generator(1).uniform([100, 28, 28]);
  const labels = zeros([100], 'int32');
  const optimizer = new Adam(model.parameters(), { learningRate: 0.001 });
  await fit(model, { x: images, y: labels }, { loss: softmaxCrossEntropy, optimizer, epochs: 1 });
  const y: Tensor<[number, 10], 'float32'> = await predict(model, images);
  return y.data();
}
let hidden = zeros([8, 16]);
for (const layer of [new Dense(16, 16), new Dense(16, 16)]) hidden = layer.call(hidden);
export const image: Tensor<[number, number, number, 32]> = new Conv2D(1, 32, 3).call(zeros([8, 28, 28, 1]));
export class Double extends Layer {
  override forward(t: Tensor): Tensor<Shape> {
    return t.mul(2);
  }
}
