import { full } from '../../../src/tensor/creation.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Case } from './case.ts';
import { anyInteger, made, whole } from './data.ts';
import { type Goal, missed } from './evaluate.ts';

const group = 'reductions';

/** 1e-5 of the sum of magnitudes: the project's promise for sums. */
const sums = { relative: 1e-5, scale: 'magnitudes' } as const;

export function reductions(): Case[] {
  return [...long, ...layouts(), ...integers, ...special];
}

const many = 3_000_000;

const long: Case[] = [
  {
    group,
    name: 'a million times 0.1',
    run: (backend) => {
      // Runs of 64 and stages keep the error of a million additions below that of a single rounding in ten.
      const wanted = [1e6 * Math.fround(0.1)];
      const stored = made([1_000_000], 1, () => 0.1);
      return missed(backend, [
        { what: 'stored', tensor: stored.sum(), wanted, relative: 1e-6 },
        { what: 'in no memory', tensor: full([1_000_000], 0.1).sum(), wanted, relative: 1e-6 },
        { what: 'mean', tensor: stored.mean(), wanted: [Math.fround(0.1)], relative: 1e-6 },
      ]);
    },
  },
  {
    group,
    name: 'three million elements',
    run: (backend) => {
      const x = made([many], 2);
      const values = x.dataSync();
      let [sum, most, least] = [0, 0, 0];
      values.forEach((v, i) => {
        sum += v;
        if (v > values[most]!) most = i;
        if (v < values[least]!) least = i;
      });
      // The errors of 3,000,000 additions in stages are far below 1e-6 of the sum of magnitudes, which is
      // `many`.
      return missed(backend, [
        { what: 'sum', tensor: x.sum(), wanted: [sum], relative: 1e-6, scale: many },
        { what: 'mean', tensor: x.mean(), wanted: [sum / many], relative: 1e-6, scale: 1 },
        { what: 'max', tensor: x.max(), wanted: [values[most]!] },
        { what: 'min', tensor: x.min(), wanted: [values[least]!] },
        { what: 'argmax', tensor: x.argmax(), wanted: [most] },
        { what: 'argmin', tensor: x.argmin(), wanted: [least] },
      ]);
    },
  },
  {
    group,
    name: 'the first of many winners, and NaN before all else',
    run: (backend) => {
      const places = [77, 1_000_003, 2_999_999];
      const winners = made([many], 3, (random, i) => (places.includes(i) ? 9 : random()));
      const losers = made([many], 4, (random, i) => (places.includes(i) ? -9 : random()));
      const undefineds = made([many], 5, (random, i) =>
        i > 2_000_000 && i % 500_001 === 0 ? Number.NaN : random(),
      );
      const first = 4 * 500_001;
      return missed(backend, [
        { what: 'argmax', tensor: winners.argmax(), wanted: [77] },
        { what: 'argmin', tensor: losers.argmin(), wanted: [77] },
        { what: 'argmax of all equal', tensor: full([many], 2).argmax(), wanted: [0] },
        { what: 'argmax with NaN', tensor: undefineds.argmax(), wanted: [first] },
        { what: 'argmin with NaN', tensor: undefineds.argmin(), wanted: [first] },
        { what: 'max with NaN', tensor: undefineds.max(), wanted: [Number.NaN] },
        { what: 'min with NaN', tensor: undefineds.min(), wanted: [Number.NaN] },
        { what: 'sum with NaN', tensor: undefineds.sum(), wanted: [Number.NaN] },
      ]);
    },
  },
];

/** A tensor of a shape that lies in its memory in some way. */
const arrangements: Record<string, (shape: readonly number[], element?: () => number) => Tensor> = {
  contiguous: (shape) => made(shape, 6, signed),
  transposed: (shape) => made([...shape].reverse(), 7, signed).transpose(),
  broadcast: (shape) => made([1, ...shape.slice(1)], 8, signed).broadcastTo(shape),
  'broadcast along rows': (shape) => made([...shape.slice(0, -1), 1], 9, signed).broadcastTo(shape),
  flipped: (shape) => made(shape, 10, signed).flip(),
  'every third': (shape) =>
    made([...shape.slice(0, -1), 3 * shape.at(-1)!], 11, signed).slice(...shape.slice(1).map(() => null), [
      1,
      null,
      3,
    ]),
};

const signed = (random: () => number): number => 4 * random() - 2;

function layouts(): Case[] {
  // Short and long rows, few and many of them; one thread to a point, or several with parts in either order.
  const shapes = [
    [50, 3],
    [3, 50],
    [200, 300],
    [2, 5000],
    [5000, 3],
    [3, 400, 5],
  ];
  return Object.entries(arrangements).map(([name, arrange]) => ({
    group,
    name: `rows and columns, ${name}`,
    run: (backend) => {
      let turn = name.length;
      const goals = shapes.flatMap((shape) => {
        const x = arrange(shape);
        // Powers of 2 of either sign have exact products.
        const powers = x.less(0).cast('float32').mul(3).sub(1);
        return shape.flatMap((_, axis): Goal[] => {
          const what = `[${shape}] over axis ${axis}`;
          const all: Goal[] = [
            { what: `sum of ${what}`, tensor: x.sum(axis), ...sums },
            { what: `argmax of ${what}`, tensor: x.floor().argmax(axis) },
            { what: `mean of ${what}`, tensor: x.exp().mean(axis), ...sums },
            { what: `max of ${what}`, tensor: x.max(axis) },
            { what: `argmin of ${what}`, tensor: x.argmin(axis) },
            { what: `prod of ${what}`, tensor: powers.slice([0, 60]).prod(axis) },
          ];
          // Half of them, each kind in turn.
          turn++;
          return all.filter((_, i) => i % 2 === turn % 2);
        });
      });
      return missed(backend, goals);
    },
  }));
}

const integers: Case[] = [
  {
    group,
    name: 'int32 beyond 24 bits',
    run: (backend) => {
      const goals = [[100_003], [300, 401], [40, 9]].flatMap((shape) => {
        const x = made(shape, 12, anyInteger, 'int32');
        // Sums and products that fit int32.
        const terms = made(shape, 12, (random) => Math.floor(random() * 17_000), 'int32');
        const factors = made(
          shape,
          12,
          (random, i) => (i % 20_000 === 0 ? 20 : random() < 0.5 ? -1 : 1),
          'int32',
        );
        return [undefined, ...shape.keys()].flatMap((axis): Goal[] => {
          const what = `[${shape}] over ${axis}`;
          return [
            { what: `sum of ${what}`, tensor: terms.sum(axis) },
            { what: `prod of ${what}`, tensor: factors.prod(axis) },
            { what: `max of ${what}`, tensor: x.max(axis) },
            { what: `min of ${what}`, tensor: x.min(axis) },
            { what: `argmax of ${what}`, tensor: x.argmax(axis) },
            { what: `argmin of ${what}`, tensor: x.argmin(axis) },
            { what: `mean of ${what}`, tensor: x.mean(axis), relative: 1e-5, scale: 2 ** 31 },
          ];
        });
      });
      return missed(backend, goals);
    },
  },
  {
    group,
    name: 'bytes and bools',
    run: (backend) => {
      const bytes = made([3, 5001], 13, whole(0, 255), 'uint8');
      const bools = made([5001, 3], 14, (random) => (random() < 0.001 ? 1 : 0), 'bool');
      return missed(
        backend,
        [bytes, bools].flatMap((x): Goal[] =>
          [undefined, 0, 1].flatMap((axis): Goal[] => [
            { what: `sum over ${axis}`, tensor: x.sum(axis) },
            { what: `max over ${axis}`, tensor: x.max(axis) },
            { what: `min over ${axis}`, tensor: x.min(axis) },
            { what: `argmax over ${axis}`, tensor: x.argmax(axis) },
            { what: `any over ${axis}`, tensor: x.any(axis) },
            { what: `all over ${axis}`, tensor: x.all(axis) },
          ]),
        ),
      );
    },
  },
];

const special: Case[] = [
  {
    group,
    name: 'infinities, NaN and zeros of either sign in long rows',
    run: (backend) => {
      const values = [Number.NaN, Infinity, -Infinity, -0, 3e38, -3e38];
      // Row r holds value number r at a place of its own among zeros.
      const x = made([values.length, 1000], 15, (_, i) =>
        i % 1000 === 500 + 7 * Math.floor(i / 1000) ? values[Math.floor(i / 1000)]! : 0,
      );
      const both = made([1000], 16, (_, i) => (i === 3 ? Infinity : i === 997 ? -Infinity : 1));
      return missed(backend, [
        ...(['sum', 'mean', 'max', 'min', 'prod', 'argmax', 'argmin'] as const).map(
          (name): Goal => ({ what: name, tensor: x[name](1), relative: 1e-6 }),
        ),
        { what: 'sum of both infinities', tensor: both.sum(), wanted: [Number.NaN] },
      ]);
    },
  },
  {
    group,
    name: 'with work before and after, several at once',
    run: (backend) => {
      const x = made([70, 900], 17);
      const centred = x.sub(x.mean(1, { keepDims: true }));
      const variance = centred.square().mean(1, { keepDims: true });
      return missed(backend, [
        { what: 'softmax', tensor: x.softmax(1), relative: 1e-5 },
        { what: 'log softmax', tensor: x.logSoftmax(1), relative: 1e-5 },
        { what: 'variance', tensor: variance, relative: 1e-5 },
        { what: 'normalised', tensor: centred.div(variance.add(1e-5).sqrt()), relative: 1e-5, scale: 2 },
        { what: 'sum of squares', tensor: x.square().sum(), relative: 1e-5 },
        { what: 'log of sum of exponentials', tensor: x.logSumExp(0), relative: 1e-5 },
      ]);
    },
  },
];
