import { describe, expect, test } from 'vitest';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';
import { Conv1D, Conv2D, Conv2DTranspose, type ConvolutionOptions } from '../../src/layers/index.ts';
import { tensor, zeros } from '../../src/tensor/creation.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

// Values and gradients stand in reference.test.ts and gradients.test.ts.

const loose = (...shape: number[]): Tensor => zeros(shape);

describe('parameters', () => {
  test('shapes and names', () => {
    const shapes = (layer: Conv1D | Conv2D | Conv2DTranspose): string[] =>
      layer.namedParameters().map(([name, p]) => `${name} [${p.shape.join(', ')}]`);
    expect(shapes(new Conv1D(3, 8, 5))).toEqual(['kernel [5, 3, 8]', 'bias [8]']);
    expect(shapes(new Conv2D(4, 6, [3, 5], { groups: 2 }))).toEqual(['kernel [3, 5, 2, 6]', 'bias [6]']);
    expect(shapes(new Conv2DTranspose(4, 6, 2, { groups: 2, bias: false }))).toEqual(['kernel [2, 2, 3, 4]']);
  });

  test.each([
    ['defaults', 16, 32, {}, 3 * 3 * 16, 3 * 3 * 32],
    ['groups', 16, 32, { groups: 4 }, 3 * 3 * 4, 3 * 3 * 32],
    ['depthwise', 32, 32, { groups: 32 }, 3 * 3, 3 * 3 * 32],
  ] as const)(
    '%s: kernels are drawn with the fans that Keras and PyTorch take',
    (_, from, to, options, fanIn, fanOut) => {
      const widest = (kernelInitializer: 'glorotUniform' | 'heUniform' | undefined): number => {
        const given = kernelInitializer === undefined ? options : { ...options, kernelInitializer };
        const kernels = [1, 2, 3, 4].flatMap((seed) => [
          ...new Conv2D(from, to, 3, { ...given, rng: new Generator(seed) }).kernel.dataSync(),
        ]);
        return Math.max(...kernels.map(Math.abs));
      };
      const glorot = Math.sqrt(6 / (fanIn + fanOut));
      const he = Math.sqrt(6 / fanIn);
      for (const [got, limit] of [
        [widest(undefined), glorot],
        [widest('glorotUniform'), glorot],
        [widest('heUniform'), he],
      ] as const) {
        expect(got).toBeLessThanOrEqual(limit * (1 + 1e-6));
        expect(got).toBeGreaterThan(limit * 0.98);
      }
    },
  );

  test('come again from the seed', () => {
    const draw = (seed: number) => new Conv2D(2, 3, 3, { rng: new Generator(seed) }).kernel.dataSync();
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('carry penalties', async () => {
    const layer = new Conv1D(1, 2, 1, {
      kernelInitializer: (shape) => tensor([3, -4], { shape }),
      biasInitializer: 'ones',
      kernelPenalty: { l2: 2 },
      biasPenalty: { l1: 0.5 },
    });
    expect(layer.penalty()!.item()).toBe(2 * 25 + 0.5 * 2);
  });
});

describe('refuses', () => {
  const options = (given: ConvolutionOptions<[number, number]>) => () => new Conv2D(4, 8, 3, given);

  test.each([
    [() => new Conv2D(0, 8, 3), '[Conv2D] got inChannels 0, wanted a whole number from 1 up.'],
    [() => new Conv1D(1, 1.5, 3), '[Conv1D] got outChannels 1.5, wanted a whole number from 1 up.'],
    [options({ groups: 0 }), '[Conv2D] got groups 0, wanted a whole number from 1 up.'],
    [
      options({ groups: 3 }),
      '[Conv2D] got 3 groups for inChannels 4 and outChannels 8, wanted a divisor of both.',
    ],
  ])('numbers of channels: %#', (make, text) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(text);
  });

  test.each([
    [() => new Conv2D(4, 8, 0), '[Conv2D] got kernelSize 0'],
    [() => new Conv2D(4, 8, [3, 3, 3] as never), '[Conv2D] got kernelSize [3,3,3]'],
    [options({ stride: 0 }), '[Conv2D] got stride 0'],
    [options({ dilation: [1, 0.5] }), '[Conv2D] got dilation [1,0.5]'],
    [options({ padding: -1 }), '[Conv2D] got padding -1'],
    [options({ padding: 'some' as 'same' }), '[Conv2D] got padding "some"'],
    [() => new Conv2DTranspose(4, 8, 3, { outputPadding: -1 }), '[Conv2DTranspose] got outputPadding -1'],
  ])('geometry, when it is built: %#', (make, text) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(text);
  });

  test('inputs that do not fit', () => {
    const layer = new Conv2D(3, 8, 3, { name: 'first' });
    expect(() => layer.call(loose(2, 28, 28, 1))).toThrow(
      "[Conv2D 'first'] input [2, 28, 28, 1] does not fit inChannels 3. " +
        'Give [N, height, width, 3], or create the layer with inChannels 1.',
    );
    expect(() => layer.call(loose(2, 3, 28, 28))).toThrow(
      "[Conv2D 'first'] input [2, 3, 28, 28] does not fit inChannels 3. Channels are the last axis: transpose the data.",
    );
    expect(() => layer.call(loose(2, 28, 28))).toThrow(
      "[Conv2D 'first'] input [2, 28, 28] does not fit [N, height, width, channels]. " +
        'A Reshape layer or expandDims adds an axis.',
    );
    expect(() => layer.call(loose(2, 28, 28, 0))).toThrow('or create the layer with inChannels 0.');
    expect(() => new Conv1D(3, 8, 3).call(loose(2, 28, 28, 3))).toThrow(
      '[Conv1D] input [2, 28, 28, 3] does not fit [N, length, channels].',
    );
    expect(() => layer.call(loose(2, 2, 28, 3))).toThrow(
      "[Conv2D 'first'] input float32 [2, 2, 28, 3]: [conv] the window",
    );
  });
});
