import { gradients } from '../../../src/tensor/gradients.ts';
import { avgPool, type ConvOptions, conv, convTranspose, maxPool } from '../../../src/tensor/ops/index.ts';
import type { Case } from './case.ts';
import { made } from './data.ts';
import { type Goal, missed } from './evaluate.ts';

const group = 'convolution and pooling';

/** 1e-5 of the sum of magnitudes, the project's promise for contractions. */
const sums = { relative: 1e-5, scale: 'magnitudes' } as const;

interface Call {
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly options?: ConvOptions;
}

const calls: Record<string, Call> = {
  'one channel': { x: [2, 12, 11, 1], kernel: [3, 3, 1, 8] },
  'one filter': { x: [2, 9, 8, 3], kernel: [3, 3, 3, 1] },
  same: { x: [3, 10, 10, 4], kernel: [5, 5, 4, 6], options: { padding: 'same' } },
  stride: { x: [2, 13, 12, 3], kernel: [3, 3, 3, 5], options: { stride: 2, padding: 1 } },
  dilation: { x: [2, 13, 12, 3], kernel: [3, 3, 3, 5], options: { dilation: 2 } },
  'stride and dilation': {
    x: [1, 17, 14, 2],
    kernel: [3, 2, 2, 3],
    options: { stride: [3, 2], dilation: [2, 3] },
  },
  groups: { x: [2, 9, 9, 6], kernel: [3, 3, 2, 9], options: { groups: 3 } },
  depthwise: { x: [2, 9, 9, 6], kernel: [3, 3, 1, 6], options: { groups: 6, padding: 'same' } },
  'one axis': { x: [4, 60, 5], kernel: [7, 5, 9] },
  'three axes': { x: [1, 6, 7, 5, 2], kernel: [2, 3, 2, 2, 3] },
  '1 x 1': { x: [2, 8, 8, 12], kernel: [1, 1, 12, 20] },
  // Large enough for tiles: 2 * 14 * 14 places, 40 filters, 144 products.
  'many channels': { x: [2, 16, 16, 16], kernel: [3, 3, 16, 40] },
};

export function convolutions(): Case[] {
  return [
    ...Object.entries(calls).map(
      ([name, { x, kernel, options }]): Case => ({
        group,
        name: `conv, ${name}`,
        run: (backend) => {
          const [a, w] = [made(x, 1), made(kernel, 2)];
          const y = conv(a, w, options);
          const [dx, dw] = gradients(y.mul(made(y.shape, 3)).sum(), [a, w]);
          return missed(backend, [
            { what: 'values', tensor: y, ...sums },
            { what: 'gradient of x', tensor: dx!, ...sums },
            { what: 'gradient of the kernel', tensor: dw!, ...sums },
          ]);
        },
      }),
    ),
    {
      group,
      name: 'convTranspose',
      run: (backend) => {
        const [a, w] = [made([2, 6, 5, 7], 4), made([3, 3, 4, 7], 5)];
        const goals = [{}, { stride: 2, padding: 1, outputPadding: 1 }].flatMap((options): Goal[] => {
          const y = convTranspose(a, w, options);
          const [dx, dw] = gradients(y.mul(made(y.shape, 6)).sum(), [a, w]);
          const what = JSON.stringify(options);
          return [
            { what: `values, ${what}`, tensor: y, ...sums },
            { what: `gradient of x, ${what}`, tensor: dx!, ...sums },
            { what: `gradient of the kernel, ${what}`, tensor: dw!, ...sums },
          ];
        });
        return missed(backend, goals);
      },
    },
    {
      group,
      name: 'pooling',
      run: (backend) => {
        const x = made([3, 14, 13, 5], 7);
        const ties = made([3, 14, 13, 5], 8, (random) => Math.floor(3 * random()));
        const options = [
          {},
          { stride: 1 },
          { stride: 3, padding: 'same' },
          { dilation: 2, padding: 1 },
        ] as const;
        const goals = options.flatMap((option): Goal[] => {
          const what = JSON.stringify(option);
          const mean = avgPool(x, 3, option);
          const most = maxPool(x, 3, option);
          const tied = maxPool(ties, 2, option);
          const slope = (y: typeof mean, by: typeof x) => gradients(y.mul(made(y.shape, 9)).sum(), [by])[0]!;
          return [
            { what: `avgPool ${what}`, tensor: mean, ...sums },
            { what: `gradient of avgPool ${what}`, tensor: slope(mean, x), relative: 1e-5, scale: 18 },
            { what: `maxPool ${what}`, tensor: most },
            // Sums of up to nine numbers below 2.
            { what: `gradient of maxPool ${what}`, tensor: slope(most, x), relative: 1e-6, scale: 18 },
            { what: `maxPool of ties ${what}`, tensor: tied },
            { what: `gradient of ties ${what}`, tensor: slope(tied, ties), relative: 1e-6, scale: 18 },
          ];
        });
        return missed(backend, goals);
      },
    },
  ];
}
