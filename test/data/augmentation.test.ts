import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AugmentOptions, augmentImages } from '../../src/data.ts';
import { DTypeError, ShapeError, ValueError } from '../../src/ir/errors.ts';
import { Dense, Flatten, Sequential } from '../../src/layers/index.ts';
import { softmaxCrossEntropy } from '../../src/losses/index.ts';
import { Adam } from '../../src/optim/index.ts';
import { Generator, seed } from '../../src/tensor/random.ts';
import { fit, type ProgressReport } from '../../src/train/index.ts';
import { bytes, digits, gather, hashOf, strong } from './augmentation.ts';

const inline = { ...strong, seed: 5, workers: 0 } as const;

describe('batches', () => {
  it('hold every image once an epoch, in an order of the epoch', async () => {
    const source = augmentImages(digits(50), { seed: 1, batchSize: 16, workers: 0 });
    expect(source.batches).toBe(4);
    const orders = [];
    for (const epoch of [0, 1]) {
      const { y, sizes } = await gather(source(epoch));
      expect(sizes).toEqual([16, 16, 16, 2]);
      expect([...y].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
      orders.push(y);
    }
    expect(orders[0]).toEqual([...new Generator(1).fork(0).permutation(50)]);
    expect(orders[1]).not.toEqual(orders[0]);
  });

  it('stay in order without shuffling', async () => {
    const { y } = await gather(augmentImages(digits(9), { ...inline, shuffle: false })(3));
    expect(y).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('have the rank of the images given, and float32', async () => {
    const { x, y } = digits(6);
    for (const images of [x, x.reshape([6, 10, 12, 1]), x.reshape([6, 10, 4, 3])]) {
      for await (const batch of augmentImages({ x: images, y }, { ...inline, batchSize: 4 })(0)) {
        expect(batch.x.dtype).toBe('float32');
        expect(batch.x.shape.slice(1)).toEqual(images.shape.slice(1));
        expect(batch.x.shape[0]).toBe(batch.y.shape[0]);
      }
    }
  });

  it('keep weights with their images', async () => {
    const sampleWeights = Float32Array.from({ length: 20 }, (_, i) => i / 4);
    for await (const batch of augmentImages(
      { ...digits(20), sampleWeights },
      { ...inline, batchSize: 8 },
    )(0)) {
      const y = await batch.y.data();
      expect([...(await batch.sampleWeights!.data())]).toEqual([...y].map((i) => i / 4));
    }
  });

  it('leave the images given as they are, and give them back bit for bit where nothing is asked for', async () => {
    const { x, y } = digits(12);
    const data = (await x.data()).slice();
    data[5] = -0;
    data[6] = Number.NaN;
    const kept = data.slice();
    const samples = { x: { data, shape: x.shape }, y };
    const same = await gather(augmentImages(samples, { shuffle: false, workers: 0 })(0));
    expect(new Uint32Array(same.pixels.buffer)).toEqual(new Uint32Array(kept.buffer));
    const other = await gather(augmentImages(samples, { ...inline, shuffle: false })(0));
    expect(other.pixels).not.toEqual(kept);
    expect(data).toEqual(kept);
  });

  it('take bytes in their own units', async () => {
    const samples = bytes(8);
    const floats = { ...samples, x: samples.x.cast('float32') };
    for (const options of [
      { ...inline, fill: 200 },
      { shuffle: false, workers: 0 },
    ]) {
      const got = await gather(augmentImages(samples, options)(0));
      expect(got.pixels).toEqual((await gather(augmentImages(floats, options)(0))).pixels);
    }
    const plain = await gather(augmentImages(samples, { shuffle: false, workers: 0 })(0));
    expect([...plain.pixels]).toEqual([...(await samples.x.data())]);
  });
});

describe('pixels', () => {
  const all = digits(40);
  const pixelsOf = async (options: AugmentOptions, epoch = 0) => {
    const { y, pixels } = await gather(augmentImages(all, { ...inline, ...options })(epoch));
    // In the order of the images, whatever that of the batches.
    return y.map((_, i) => hashOf(pixels.subarray(y.indexOf(i) * 120, (y.indexOf(i) + 1) * 120)));
  };

  it('are a function of seed, epoch and image, not of batches or order', async () => {
    const wanted = await pixelsOf({});
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 45 }), fc.boolean(), async (batchSize, shuffle) => {
        expect(await pixelsOf({ batchSize, shuffle })).toEqual(wanted);
      }),
      { numRuns: 20 },
    );
  });

  it('differ between images, epochs and seeds', async () => {
    const one = { ...all, x: all.x.slice([0, 1]).broadcastTo([40, 10, 12]) };
    const { pixels } = await gather(augmentImages(one, inline)(0));
    const hashes = Array.from({ length: 40 }, (_, i) => hashOf(pixels.subarray(i * 120, (i + 1) * 120)));
    expect(new Set(hashes).size).toBe(40);
    const first = await pixelsOf({});
    for (const other of [await pixelsOf({}, 1), await pixelsOf({ seed: 6 })]) {
      expect(other.filter((hash, i) => hash === first[i])).toEqual([]);
    }
  });

  it('are those of all machines', async () => {
    // Of these options with any Node and any browser.
    expect(hashOf((await gather(augmentImages(all, inline)(2))).pixels)).toMatchInlineSnapshot(
      `"d91b9a53a4011300"`,
    );
  });

  it.each<[string, AugmentOptions]>(
    Object.entries({
      shift: { shift: 0.2 },
      rotation: { rotation: 20 },
      scale: { scale: 0.2 },
      shear: { shear: 20 },
      horizontalFlip: { horizontalFlip: true },
      elastic: { elastic: { alpha: 8, sigma: 2 } },
    }),
  )('%s changes them alone', async (_, options) => {
    const { pixels } = await gather(
      augmentImages(all, { seed: 1, workers: 0, shuffle: false, ...options })(0),
    );
    expect(pixels).not.toEqual(await all.x.data());
  });

  it('without a seed follow the default generator', async () => {
    const draw = async () => hashOf((await gather(augmentImages(all, { ...strong, workers: 0 })(0))).pixels);
    seed(4);
    const first = await draw();
    const second = await draw();
    seed(4);
    expect(await draw()).toBe(first);
    expect(second).not.toBe(first);
  });
});

describe('fit', () => {
  const train = async (options: AugmentOptions | null, more = {}) => {
    seed(2);
    const model = new Sequential([new Flatten(), new Dense(120, 8, { activation: 'relu' }), new Dense(8, 4)]);
    const { x, y } = digits(60);
    const samples = { x, y: y.mod(4) };
    const history = await fit(
      model,
      options === null ? samples : augmentImages(samples, { seed: 9, ...options }),
      {
        loss: softmaxCrossEntropy,
        optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
        epochs: 3,
        seed: 9,
        ...more,
      },
    );
    return { bits: hashOf(...model.parameters().map((p) => p.dataSync())), losses: history.history.loss };
  };

  it('trains with the images as with arrays where nothing changes them', async () => {
    const arrays = await train(null, { batchSize: 16 });
    expect(await train({ batchSize: 16, workers: 0 })).toEqual(arrays);
  });

  it('trains to the same bits with and without a worker', async () => {
    const alone = await train({ ...inline, batchSize: 16 });
    expect(await train({ ...inline, batchSize: 16, workers: 1 })).toEqual(alone);
    expect(alone.losses![2]).toBeLessThan(alone.losses![0]!);
    expect(alone).not.toEqual(await train({ batchSize: 16, workers: 0 }));
  });

  it('goes on in a later epoch as if never interrupted', async () => {
    const { pixels } = await gather(augmentImages(digits(10), inline)(4));
    const source = augmentImages(digits(10), inline);
    await gather(source(3));
    expect((await gather(source(4))).pixels).toEqual(pixels);
  });

  it('knows the number of batches from the first one on', async () => {
    const reports: ProgressReport[] = [];
    await train(
      { ...inline, batchSize: 25 },
      { epochs: 1, progress: (report: ProgressReport) => reports.push(report) },
    );
    expect(reports.map(({ batch, batches }) => `${batch}/${batches}`)).toEqual(['1/3', '2/3', '3/3', '3/3']);
  });
});

describe('errors', () => {
  const y = new Int32Array(2);
  it.each([
    [
      { x: { data: new Float32Array(8), shape: [2, 4] }, y },
      ShapeError,
      'x has shape [2, 4], wanted images, ',
    ],
    [{ x: { data: new Float32Array(0), shape: [2, 0, 4] }, y }, ValueError, 'x contains no pixels'],
    [
      { x: { data: new Int32Array(8), shape: [2, 2, 2] }, y },
      DTypeError,
      'x is int32, wanted float32 or uint8',
    ],
    [{ x: { data: new Float32Array(12), shape: [3, 2, 2] }, y }, ShapeError, 'x [3, 2, 2] has 3 samples'],
    [
      { x: { data: new Float32Array(8), shape: [2, 2, 2] }, y, sampleWeights: new Float32Array(3) },
      ShapeError,
      'sampleWeights have shape [3]',
    ],
  ])('come at the call: %#', (samples, type, message) => {
    expect(() => augmentImages(samples)).toThrow(type);
    expect(() => augmentImages(samples)).toThrow(`[augmentImages] ${message}`);
  });

  it('in values come with the first batch, again and again', async () => {
    const x = { data: new Float32Array(8), shape: [2, 2, 2] };
    const source = augmentImages({ x, y, sampleWeights: [1, -1] });
    for (const epoch of [0, 1]) {
      await expect(source(epoch).next()).rejects.toThrow('[augmentImages] sampleWeights[1] is -1');
    }
  });
});
