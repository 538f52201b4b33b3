import { checkCount, checkOptions, describe, type Known, readOptions, reportAs } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { checkBytes, decodeIdx } from './idx.ts';

/** An array of bytes, row-major, with its shape. `tensor(a.data, { shape: a.shape })` turns it into a tensor. */
export interface ByteArray<S extends readonly number[]> {
  readonly data: Uint8Array;
  readonly shape: S;
}

/** Images of 28 x 28 bytes (0 is the background, 255 full ink) and their classes from 0 to 9. */
export interface MnistSplit {
  readonly images: ByteArray<readonly [count: number, rows: 28, columns: 28]>;
  readonly labels: ByteArray<readonly [count: number]>;
}

/** The MNIST digits: 60,000 training images and 10,000 test images. */
export interface Mnist {
  readonly train: MnistSplit;
  readonly test: MnistSplit;
}

/** The bytes of the four files of MNIST, plain or gzip. */
export interface MnistFiles {
  /** `train-images-idx3-ubyte` */
  readonly trainImages: Uint8Array | ArrayBufferLike;
  /** `train-labels-idx1-ubyte` */
  readonly trainLabels: Uint8Array | ArrayBufferLike;
  /** `t10k-images-idx3-ubyte` */
  readonly testImages: Uint8Array | ArrayBufferLike;
  /** `t10k-labels-idx1-ubyte` */
  readonly testLabels: Uint8Array | ArrayBufferLike;
}

/**
 * Decodes the four files of MNIST, or of a data set in the same format (Fashion-MNIST, KMNIST), with any number of
 * images. In Node, `loadMnist` of `ndgrad/node` finds, reads and checks the files.
 *
 * @param names what errors call the files.
 * @throws what `decodeIdx` throws for a damaged or wrong file.
 * @throws ShapeError if the numbers of images and labels differ.
 * @throws ValueError for a label above 9.
 */
export async function decodeMnist(files: MnistFiles, names?: MnistFileNames): Promise<Mnist> {
  checkCount('decodeMnist', arguments.length, 2);
  const called = readOptions('decodeMnist', names, defaultNames);
  checkOptions('decodeMnist', files ?? null, fileNames);
  for (const name of Object.keys(defaultNames) as (keyof MnistFiles)[])
    checkBytes('decodeMnist', called[name], files[name]);
  const [train, test] = await Promise.all([
    decodeSplit(files.trainImages, files.trainLabels, called.trainImages, called.trainLabels),
    decodeSplit(files.testImages, files.testLabels, called.testImages, called.testLabels),
  ]);
  return { train, test };
}

type MnistFileNames = { readonly [F in keyof MnistFiles]: string };

const fileNames: Known<MnistFiles> = { trainImages: 0, trainLabels: 0, testImages: 0, testLabels: 0 };

const defaultNames: MnistFileNames = {
  trainImages: 'training images',
  trainLabels: 'training labels',
  testImages: 'test images',
  testLabels: 'test labels',
};

async function decodeSplit(
  imageFile: Uint8Array | ArrayBufferLike,
  labelFile: Uint8Array | ArrayBufferLike,
  imageName: string,
  labelName: string,
): Promise<MnistSplit> {
  const [images, labels] = await Promise.all([
    decodeIdx(imageFile, { name: imageName, dtype: 'uint8', shape: [null, 28, 28] }),
    decodeIdx(labelFile, { name: labelName, dtype: 'uint8', shape: [null] }),
  ]).catch((error: unknown) =>
    reportAs('decodeMnist', () => {
      throw error;
    }),
  );
  const count = labels.data.length;
  if (images.shape[0] !== count) {
    throw new ShapeError(
      `[decodeMnist] ${imageName}: ${images.shape[0]} images but ${count} labels in ${labelName}, wanted one label ` +
        'per image. Check that both files belong to the same data set.',
    );
  }
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw new ValueError(
      `[decodeMnist] ${labelName}: got ${labels.data[wrong]} for image ${wrong}, wanted classes from 0 to 9. Read files with ` +
        'more classes with decodeIdx.',
    );
  }
  return {
    images: { data: images.data, shape: [count, 28, 28] },
    labels: { data: labels.data, shape: [count] },
  };
}

/**
 * Scales bytes from 0..255 to 0..1 and flattens each image to one row: uint8 `[N, rows, columns]` gives float32
 * `[N, rows * columns]`. Values are `byte / 255`, correctly rounded.
 *
 * @throws ShapeError if the shape does not fit the number of bytes.
 */
export function scalePixels(images: ByteArray<readonly [number, ...number[]]>): {
  data: Float32Array;
  shape: [count: number, features: number];
} {
  checkCount('scalePixels', arguments.length, 1);
  const { data: bytes, shape } = Object(images) as Partial<typeof images>;
  if (!ArrayBuffer.isView(bytes) || !Array.isArray(shape)) {
    throw new ValueError(
      `[scalePixels] got ${describe(images)}, wanted { data, shape } with a Uint8Array as data.`,
    );
  }
  const [count, ...rest] = images.shape;
  const features = rest.reduce((product, n) => product * n, 1);
  if (count * features !== images.data.length) {
    throw new ShapeError(
      `[scalePixels] got ${images.data.length} bytes, wanted ${count * features} for [${images.shape.join(', ')}]. ` +
        'Pass the shape of the data.',
    );
  }
  const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  const data = new Float32Array(images.data.length);
  for (let i = 0; i < data.length; i++) data[i] = scaled[images.data[i]!]!;
  return { data, shape: [count, features] };
}
