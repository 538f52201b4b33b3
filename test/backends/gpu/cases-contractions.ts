import { matmul, slidingWindows } from '../../../src/tensor/ops/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Case } from './case.ts';
import { anyInteger, made, whole } from './data.ts';
import { type Goal, missed } from './evaluate.ts';

const group = 'contractions';

/** 1e-5 of the sum of magnitudes, the project's promise for contractions. */
const sums = { relative: 1e-5, scale: 'magnitudes' } as const;

/**
 * m, k, n: one thread to a result or to four of them, around multiples of four, of 16 and of the 256 terms
 * of a run.
 */
const small = [
  [1, 1, 1],
  [1, 4, 15],
  [4, 16, 1],
  [15, 17, 16],
  [31, 33, 63],
  [17, 32, 33],
  [64, 15, 64],
  [65, 130, 30],
  [130, 257, 12],
  [64, 1, 64],
] as const;

/** In tiles of 64 x 64 with a depth of 16, of which software adapters take a second to compile each. */
const tiled = [
  [65, 130, 65],
  [32, 16, 64],
  [33, 257, 36],
] as const;

const stored = (rows: number, columns: number, seed: number): Tensor => made([rows, columns], seed);
const turned = (rows: number, columns: number, seed: number): Tensor =>
  made([columns, rows], seed).transpose();

const forms = {
  'a b': [stored, stored],
  'a^T b': [turned, stored],
  'a b^T': [stored, turned],
  'a^T b^T': [turned, turned],
} as const;

export function contractions(): Case[] {
  return [
    ...Object.entries(forms).map(
      ([name, [left, right]]): Case => ({
        group,
        name,
        run: (backend) =>
          missed(
            backend,
            [...small, ...(name === 'a b' ? tiled : tiled.slice(0, 1))].map(
              ([m, k, n]): Goal => ({
                what: `[${m}, ${k}] x [${k}, ${n}]`,
                tensor: left(m, k, m).matmul(right(k, n, n + 1)),
                ...sums,
              }),
            ),
          ),
      }),
    ),
    ...others,
  ];
}

const others: Case[] = [
  {
    group,
    name: 'long sums',
    run: (backend) => {
      const shapes = [
        [30, 4096, 40],
        [3, 4096, 5],
        [1, 4096, 1],
        [1, 4097, 70],
        // So few results that several threads or workgroups share a sum.
        [4, 50_000, 4],
        [64, 20_001, 33],
        [1, 50_000, 1],
      ] as const;
      return missed(
        backend,
        shapes.map(
          ([m, k, n]): Goal => ({
            what: `[${m}, ${k}] x [${k}, ${n}]`,
            tensor: made([k, m], 1)
              .transpose()
              .matmul(made([k, n], 2)),
            ...sums,
          }),
        ),
      );
    },
  },
  {
    group,
    name: 'batches',
    run: (backend) => {
      const shapes: [number[], number[]][] = [
        [
          [3, 17, 20],
          [3, 20, 33],
        ],
        [
          [2, 1, 40, 70],
          [3, 70, 64],
        ],
        [
          [5, 1, 64],
          [5, 64, 1],
        ],
        [
          [4, 65, 33],
          [33, 40],
        ],
        [
          [65, 33],
          [4, 33, 40],
        ],
        [[3, 2, 5], [5]],
        [[300], [2, 300, 7]],
        [
          [2, 33, 3000],
          [2, 3000, 34],
        ],
      ];
      return missed(
        backend,
        shapes.map(
          ([a, b]): Goal => ({
            what: `[${a}] x [${b}]`,
            tensor: matmul(made(a, 3), made(b, 4)),
            ...sums,
          }),
        ),
      );
    },
  },
  {
    group,
    name: 'operands that lie in memory in other ways',
    run: (backend) => {
      const [m, k, n] = [40, 70, 50];
      const b = made([k, n], 5);
      // The short ones are computed without tiles.
      const few = b.slice(null, [0, 7]);
      const inTiles = ['windows', 'flipped'];
      const operands: Record<string, Tensor> = {
        flipped: made([m, k], 6).flip(),
        'every second row': made([2 * m, k], 7).slice([1, null, 2]),
        'every second column': made([m, 2 * k], 8).slice(null, [0, null, 2]),
        'one row for all': made([1, k], 9).broadcastTo([m, k]),
        'one column for all': made([m, 1], 10).broadcastTo([m, k]),
        windows: slidingWindows(made([m + k - 1], 11), [k]),
        computed: made([m, k], 12).mul(2).add(1),
      };
      return missed(
        backend,
        Object.entries(operands).flatMap(([name, a]): Goal[] => [
          ...(inTiles.includes(name) ? [{ what: `${name}, in tiles`, tensor: a.matmul(b), ...sums }] : []),
          { what: `${name}, left`, tensor: a.matmul(few), ...sums },
          { what: `${name}, right`, tensor: few.transpose().matmul(a.transpose()), ...sums },
        ]),
      );
    },
  },
  {
    group,
    name: 'with work after, and results in several places',
    run: (backend) => {
      const goals = [
        [5, 6, 7],
        [130, 20, 10],
      ].flatMap(([m, k, n]): Goal[] => {
        const product = made([m!, k!], 13).matmul(made([k!, n!], 14));
        const biased = product.add(made([n!], 15));
        const what = `[${m}, ${k}] x [${k}, ${n}]`;
        return [
          { what: `biased ${what}`, tensor: biased, ...sums },
          { what: `relu of ${what}`, tensor: biased.relu(), relative: 1e-5, scale: 4 * k! },
          { what: `sums of ${what}`, tensor: product.sum(1), ...sums },
          { what: `turned ${what}`, tensor: product.transpose().mul(2), ...sums },
        ];
      });
      const product = made([40, 70], 24).matmul(made([70, 33], 25));
      const tile = { what: 'tiles', tensor: product.add(made([33], 26)).relu(), relative: 1e-5, scale: 280 };
      return missed(backend, [...goals, tile]);
    },
  },
  {
    group,
    name: 'integers, bytes and bools',
    run: (backend) => {
      const bytes = made([40, 33], 16, whole(0, 255), 'uint8');
      const integers = made([33, 36], 17, anyInteger, 'int32');
      const small = made([33, 36], 18, whole(-9, 9), 'int32');
      const bools = made([20, 33], 19, whole(0, 1), 'bool');
      const floats = made([33, 36], 20);
      return missed(backend, [
        { what: 'int32 wraps', tensor: integers.transpose().matmul(integers) },
        { what: 'int32 with long sums', tensor: long().transpose().matmul(long()) },
        { what: 'bytes', tensor: bytes.matmul(bytes.transpose()) },
        { what: 'bytes by int32', tensor: bytes.matmul(small) },
        { what: 'bytes by float32', tensor: bytes.matmul(floats), relative: 1e-5, scale: 33 * 255 },
        { what: 'bools by float32', tensor: bools.matmul(floats), relative: 1e-5, scale: 33 },
        {
          what: 'float32 by int32',
          tensor: floats.transpose().slice([0, 20]).matmul(small),
          relative: 1e-5,
          scale: 33 * 9,
        },
      ]);
    },
  },
  {
    group,
    name: 'infinities and NaN stay in their rows and columns',
    run: (backend) => {
      const edge = (seed: number) =>
        made([65, 65], seed, (random, i) => (i === 64 ? Number.NaN : i === 4000 ? Infinity : random()));
      return missed(backend, [{ what: 'product', tensor: edge(21).matmul(edge(22)), ...sums }]);
    },
  },
];

const long = (): Tensor => made([5000, 3], 23, anyInteger, 'int32');
