import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeMnist, scalePixels } from '../../src/data/mnist.ts';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';

const images = (n: number) =>
  Uint8Array.from([0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28, ...pixels(n)]);
const labels = (n: number) => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, n, ...classes(n)]);
const pixels = (n: number) => Uint8Array.from({ length: n * 784 }, (_, i) => i % 251);
const classes = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 10);

describe('decodeMnist', () => {
  const files = {
    trainImages: images(3),
    trainLabels: labels(3),
    testImages: images(2),
    testLabels: labels(2),
  };

  it('decodes four files, plain or gzip', async () => {
    const { train, test } = await decodeMnist({ ...files, testImages: gzipSync(files.testImages) });
    expect(train.images).toEqual({ data: pixels(3), shape: [3, 28, 28] });
    expect(train.labels).toEqual({ data: classes(3), shape: [3] });
    expect(test.images).toEqual({ data: pixels(2), shape: [2, 28, 28] });
    expect(test.labels).toEqual({ data: classes(2), shape: [2] });
  });

  it('refuses images and labels of different number', async () => {
    await expect(decodeMnist({ ...files, testLabels: labels(3) })).rejects.toThrow(
      new ShapeError(
        '[decodeMnist] test images: 2 images but 3 labels in test labels, wanted one label per image. ' +
          'Check that both files belong to the same data set.',
      ),
    );
  });

  it('refuses a label above 9', async () => {
    const testLabels = labels(2).fill(68, -1);
    await expect(decodeMnist({ ...files, testLabels })).rejects.toThrow(
      new ValueError(
        '[decodeMnist] test labels: got 68 for image 1, wanted classes from 0 to 9. Read files with more classes with decodeIdx.',
      ),
    );
  });

  it('refuses swapped files', async () => {
    const swapped = { ...files, trainImages: files.trainLabels, trainLabels: files.trainImages };
    await expect(decodeMnist(swapped)).rejects.toThrow(
      '[decodeMnist] training images: shape [3], wanted [any, 28, 28].',
    );
  });

  it('calls the files by the names it is given', async () => {
    const names = { trainImages: 'a', trainLabels: 'b', testImages: 'c', testLabels: 'd' };
    await expect(decodeMnist({ ...files, testLabels: new Uint8Array(2) }, names)).rejects.toThrow(
      '[decodeMnist] d: ',
    );
  });
});

describe('scalePixels', () => {
  it('gives one row per image, every byte divided by 255 and rounded once', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { data, shape } = scalePixels({ data: bytes, shape: [4, 8, 8] });
    expect(shape).toEqual([4, 64]);
    expect(data).toEqual(Float32Array.from(bytes, (byte) => Math.fround(byte / 255)));
    expect(data[0]).toBe(0);
    expect(data[255]).toBe(1);
  });

  it('takes no images, and a shape of one axis', () => {
    expect(scalePixels({ data: new Uint8Array(0), shape: [0, 28, 28] }).shape).toEqual([0, 784]);
    expect(scalePixels({ data: Uint8Array.of(51), shape: [1] })).toEqual({
      data: Float32Array.of(0.2),
      shape: [1, 1],
    });
  });

  it('refuses a shape that does not fit', () => {
    expect(() => scalePixels({ data: new Uint8Array(783), shape: [1, 28, 28] })).toThrow(
      new ShapeError('[scalePixels] got 783 bytes, wanted 784 for [1, 28, 28]. Pass the shape of the data.'),
    );
  });
});
