import { jsBackend } from '../../../src/backends/js/index.ts';
import { Storage } from '../../../src/ir/storage.ts';
import { full, scalar } from '../../../src/tensor/creation.ts';
import { gradients } from '../../../src/tensor/gradients.ts';
import { overwriteSlice, setSlice } from '../../../src/tensor/ops/arrangement/set-slice.ts';
import {
  concat,
  oneHot,
  scatterAdd,
  slidingWindows,
  stack,
  take,
  where,
} from '../../../src/tensor/ops/index.ts';
import { Parameter } from '../../../src/tensor/parameter.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { compilePlan } from '../../compiler/plans.ts';
import type { Case } from './case.ts';
import { firstMiss } from './compare.ts';
import { anyInteger, made, whole } from './data.ts';
import { type Goal, missed } from './evaluate.ts';

const group = 'values of all kinds';

const integers = (shape: readonly number[], seed: number): Tensor => made(shape, seed, anyInteger, 'int32');
const indices = (count: number, size: number, seed: number): Tensor =>
  made([count], seed, whole(-size, size - 1), 'int32');

/** 1e-5 of the sum of magnitudes, the project's promise for sums. */
const sums = { relative: 1e-5, scale: 'magnitudes' } as const;

const exactly = (tensors: Record<string, Tensor>): Goal[] =>
  Object.entries(tensors).map(([what, tensor]) => ({ what, tensor }));

export const valueCases: Case[] = [
  {
    group,
    name: 'a part that replaces elements, of a Parameter too',
    run: (backend) => {
      const [x, part] = [made([3, 7, 4], 1), made([3, 2, 4], 2)];
      const { value } = overwriteSlice(new Parameter(x), part.neg(), 1, 5);
      return missed(backend, exactly({ setSlice: setSlice(x, part, 1, 4), overwriteSlice: value }));
    },
  },
  {
    group,
    name: 'int32 arithmetic wraps',
    run: (backend) => {
      const [a, b] = [integers([1000], 1), integers([1000], 2)];
      const edges = [0, 1, -1, 2147483647, -2147483648, 65536, 46341];
      const left = made([7, 1], 0, (_, i) => edges[i]!, 'int32');
      const right = made([7], 0, (_, i) => edges[i]!, 'int32');
      return missed(
        backend,
        [
          [a, b],
          [left, right],
        ].flatMap(([x, y]) =>
          exactly({
            add: x!.add(y!),
            sub: x!.sub(y!),
            mul: x!.mul(y!),
            mod: x!.mod(y!),
            neg: x!.neg(),
            abs: x!.abs(),
            square: x!.square(),
            pow: x!.pow(3),
            maximum: x!.maximum(y!),
            minimum: x!.minimum(y!),
            less: x!.less(y!),
            equal: x!.equal(y!),
            sign: x!.sign(),
            'cast to uint8': x!.cast('uint8'),
            'cast to bool': x!.cast('bool'),
          }),
        ),
      );
    },
  },
  {
    group,
    name: 'int32 beyond 24 bits through every path',
    run: (backend) => {
      const x = integers([37, 11], 3);
      const at = indices(50, 37, 4);
      return missed(
        backend,
        exactly({
          transpose: x.transpose().add(0),
          flip: x.flip(1).add(0),
          slice: x.slice([3, 30, 4], -2),
          broadcast: x.slice(0).broadcastTo([5, 11]).add(0),
          concat: concat([x, x.neg(), x], 1),
          stack: stack([x, x.mul(3)], 1),
          pad: x
            .slice([0, 3])
            .add(0)
            .maximum(x.slice([1, 4])),
          take: take(x, at, 0),
          'take of columns': take(x, indices(9, 11, 5), 1),
          scatterAdd: scatterAdd(x, at, integers([50, 11], 6), 0),
          oneHot: oneHot(made([9], 7, whole(0, 6), 'int32'), 7, 'int32').mul(2147483647),
          where: where(x.greater(0), x, -2147483648),
          windows: slidingWindows(x, [3], { axes: [0] }).add(0),
        }),
      );
    },
  },
  {
    group,
    name: 'bytes and bools in stores',
    run: (backend) => {
      const bytes = made([5, 77], 8, whole(0, 255), 'uint8');
      const bools = made([5, 77], 9, whole(0, 1), 'bool');
      const floats = made([5, 77], 10, (random) => 600 * random() - 300);
      return missed(
        backend,
        exactly({
          'uint8 + uint8': bytes.add(bytes.flip(1)),
          'uint8 * uint8': bytes.mul(bytes.flip(0)),
          'uint8 - number': bytes.sub(77),
          'float32 as uint8': floats.cast('uint8'),
          'float32 as bool': floats.cast('bool'),
          'float32 as int32': floats.cast('int32'),
          'bool as float32': bools.cast('float32'),
          'bool + uint8': bools.add(bytes),
          xor: bools.logicalXor(bytes.greater(128)),
          not: bools.logicalNot(),
          'transposed bool': bools.transpose().logicalNot(),
          'taken uint8': take(bytes, indices(9, 77, 11), 1),
        }),
      );
    },
  },
  {
    group,
    name: 'embeddings: repeated and negative indices',
    run: (backend) => {
      const table = made([50, 8], 12);
      const at = indices(300, 50, 13);
      const rows = take(table, at, 0);
      const columns = take(table, indices(20, 8, 14), 1);
      const slope = (y: Tensor) => gradients(y.mul(made(y.shape, 15)).sum(), [table])[0]!;
      const one = made([200], 16, () => -1, 'int32');
      return missed(backend, [
        { what: 'rows', tensor: rows },
        { what: 'columns', tensor: columns },
        { what: 'gradient of rows', tensor: slope(rows), ...sums },
        { what: 'gradient of columns', tensor: slope(columns), ...sums },
        { what: 'all into one row', tensor: scatterAdd(table, one, made([200, 8], 17), 0), ...sums },
        { what: 'no index', tensor: scatterAdd(table, one.slice([0, 0]), made([0, 8], 18), 0) },
        { what: 'indices that are computed', tensor: take(table, at.add(50).mod(50), 0) },
      ]);
    },
  },
  {
    group,
    name: 'more inputs than a device takes',
    run: (backend) => {
      const parts = Array.from({ length: 40 }, (_, i) => made([6, 5], 20 + i));
      const total = parts.reduce((a, b) => a.add(b));
      const mixed = parts.map((t, i) => (i % 3 === 0 ? t.cast('int32') : t));
      const whole = mixed.filter((t) => t.dtype === 'int32').reduce((a, b) => a.mul(3).add(b));
      const product = parts.slice(0, 12).reduce((a, b) => a.mul(b));
      const chosen = parts.reduce((a, b, i) => (i % 2 === 0 ? where(b.less(a), a, b) : a.maximum(b)));
      // Rounding errors of sums of forty numbers below 2.
      const relative = { relative: 1e-6, scale: 80 };
      return missed(backend, [
        { what: 'sum of all', tensor: total, ...relative },
        { what: 'sum of the sum', tensor: total.sum(0), ...relative, scale: 480 },
        { what: 'integers', tensor: whole },
        { what: 'product', tensor: product, relative: 2e-6 },
        { what: 'chosen', tensor: chosen },
        {
          what: 'after a product',
          tensor: total.matmul(parts[0]!.transpose()).add(parts[1]!.sum()),
          relative: 1e-5,
          scale: 800,
        },
        { what: 'concat of all', tensor: concat(parts, 1) },
        {
          what: 'concat of all, with work before',
          tensor: concat(
            parts.map((t) => t.mul(2)),
            0,
          ),
        },
        { what: 'concat of integers and floats', tensor: concat(mixed.slice(0, 9), 0) },
        { what: 'stack of all', tensor: stack(parts, 2) },
      ]);
    },
  },
  {
    group,
    name: 'empty tensors and scalars',
    run: (backend) => {
      const none = made([0, 3], 61);
      const two = scalar(2);
      return missed(backend, [
        ...exactly({
          'add of nothing': none.add(1),
          'sum of nothing': none.sum(),
          'rows of nothing': none.sum(0),
          'columns of nothing': none.sum(1),
          'product of nothing': none.prod(),
          'all of nothing': none.all(),
          'concat with nothing': concat([none, made([2, 3], 62), none], 0),
          'matmul over nothing': none.transpose().matmul(none),
          'rows taken from nothing': take(none, made([0], 0, undefined, 'int32'), 0),
          scalar: two.add(1),
          'scalar, integer': scalar(2147483647, 'int32').add(1),
          'scalar, bool': two.greater(1),
          'scalar by vector': two.mul(made([5], 63)),
          'scalar by nothing': two.mul(none),
          filled: full([3, 3], 7, 'int32'),
        }),
        { what: 'scalar functions', tensor: two.exp().add(two.log()), relative: 1e-5 },
        { what: 'dot of scalars', tensor: two.reshape([1]).matmul(two.reshape([1])) },
      ]);
    },
  },
  {
    group,
    name: 'several results of one kernel',
    run: (backend) => {
      const x = made([300, 7], 64);
      const large = made([1000], 65, anyInteger, 'int32');
      return missed(backend, [
        ...exactly({
          'x + 1': x.greater(0),
          floor: x.floor(),
          round: x.round(),
          sign: x.sign(),
          neg: x.neg(),
        }),
        ...exactly({ abs: x.abs(), relu: x.relu(), int: x.cast('int32'), byte: x.abs().cast('uint8') }),
        ...exactly({
          large: large.add(1),
          'large times 3': large.mul(3),
          'large as float': large.cast('float32'),
        }),
        { what: 'exp', tensor: x.exp(), relative: 1e-5 },
        { what: 'sum of exp', tensor: x.exp().sum(1), relative: 1e-5 },
      ]);
    },
  },
  {
    group,
    name: 'one plan with other numbers: slices, operands and draws',
    run: async (backend) => {
      const x = made([100, 8], 66);
      const rows = integers([100, 3], 67);
      const at = (start: number, s: number): Tensor[] => [
        x.slice([start, start + 20]).mul(s),
        rows.slice([start, start + 20]).add(Math.trunc(1e8 * s)),
        x
          .slice([start, start + 20])
          .transpose()
          .matmul(x.slice([start + 1, start + 21])),
        x.slice([start, start + 20], 3).sum(),
      ];
      const numbers = [
        [0, 1],
        [79, -2.5],
        [13, 1e-3],
      ] as const;
      const compiled = numbers.map(([start, s]) =>
        compilePlan(
          at(start, s).map((t) => t.node),
          { limits: backend.limits },
        ),
      );
      const executable = backend.compile(compiled[0]!.plan);
      const wanted = jsBackend.compile(compilePlan(at(0, 1).map((t) => t.node)).plan);
      const said: (string | null)[] = [];
      for (const { graph, values, wanted: nodes } of compiled) {
        const bound = graph.leaves.map((leaf) => leaf.storage!);
        const [mine, reference] = [0, 1].map(() => nodes.map((n) => Storage.forResult(n.dtype, n.size)));
        await executable.run({ values, bound, results: mine! });
        await wanted.run({ values, bound, results: reference! });
        for (const [i, storage] of mine!.entries()) {
          const got = await backend.read(storage);
          const scale = new Float64Array(got.length).fill(i < 2 ? 0 : 80);
          said.push(firstMiss(got, [reference![i]!.array], { relative: 1e-6, scale }));
        }
      }
      executable.release();
      return said.find((miss) => miss !== null) ?? null;
    },
  },
];
