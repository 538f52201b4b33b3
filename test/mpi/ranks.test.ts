import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BatchNorm,
  type Callback,
  Dense,
  Dropout,
  earlyStopping,
  type FitOptions,
  fit,
  Generator,
  RocAuc,
  Sequential,
  SGD,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  WeightAverage,
  type World,
} from '../../src/index.ts';
import { KnownShapes } from '../../src/mpi/known-shapes.ts';
import { isRank } from '../../src/mpi/launcher.ts';
import { type Koffi, MpiLibrary } from '../../src/mpi/library.ts';
import { pack, unpack } from '../../src/mpi/message.ts';
import { oneProcess } from '../../src/mpi/one-process.ts';
import { MESSAGE_BYTES } from '../../src/mpi/opening.ts';
import { ReusedMemory } from '../../src/mpi/reused-memory.ts';
import { roundToBfloat16, sumFormats } from '../../src/mpi/sum-formats.ts';
import { sumVectors, type VectorNode } from '../../src/mpi/sum-vectors.ts';
import { ownShards, ShardTree } from '../../src/train/shards.ts';
import { communicators, together } from './meeting.ts';

const random = new Generator(1);
const x = random.normal([68, 3]);
const samples = {
  x,
  y: x.square().sum(1).greater(2.4).cast('int32'),
  // The first shards of the second batch are empty.
  sampleWeights: Float32Array.from({ length: 68 }, (_, i) => (i >= 34 && i < 46 ? 0 : 1 + (i % 3))),
};

async function train(world: World | undefined, options: Partial<FitOptions> = {}, data: object = samples) {
  const init = new Generator(3);
  const model = new Sequential([
    new Dense(3, 8, { activation: 'relu', rng: init }),
    new BatchNorm(8),
    new Dropout(0.3),
    new Dense(8, 2, { rng: init }),
  ]);
  const parameters = model.parameters();
  const history = await fit(model, data as typeof samples, {
    loss: softmaxCrossEntropy,
    optimizer: new SGD(parameters, { learningRate: 0.1, momentum: 0.9, clip: { globalNorm: 0.5 } }),
    average: new WeightAverage(parameters, { decay: 0.8 }),
    metrics: [new RocAuc()],
    validationData: samples,
    epochs: 4,
    batchSize: 34,
    accumulate: 8,
    seed: 5,
    progress: false,
    callbacks: [earlyStopping({ patience: 1 })],
    ...(world && { world }),
    ...options,
  });
  const bits = [];
  for (const p of parameters) bits.push([...new Uint32Array((await p.data()).slice().buffer)]);
  return { bits, history: history.history, epochs: [...history.epochs], stopped: history.stopped };
}

const messages = (ends: PromiseSettledResult<unknown>[]): string[] =>
  ends.map((end) => (end.status === 'rejected' ? (end.reason as Error).message : 'no error'));

test('any number of ranks gives the bits of one process', async () => {
  const alone = await train(undefined);
  expect(await train(oneProcess)).toEqual(alone);
  for (const size of [2, 3, 8]) {
    for (const end of await together(size, (world) => train(world)))
      expect(end).toEqual({ status: 'fulfilled', value: alone });
  }
});

test('more ranks than shards are refused', async () => {
  expect(messages(await together(2, (world) => train(world, { accumulate: 1 })))).toEqual([
    '[fit] got accumulate 1, wanted a power of two from the 2 ranks up.',
    '[fit] got accumulate 1, wanted a power of two from the 2 ranks up.',
  ]);
});

describe('failures', () => {
  const onBatch = (action: (rank: number) => void): Callback => ({
    onBatchEnd: ({ batch }, { rank }) => {
      if (batch === 1) action(rank);
    },
  });

  test('of one rank fail the step on all, and each is printed once', async () => {
    const quiet = new Set<unknown>();
    const callbacks = [
      onBatch((rank) => {
        if (rank > 1) throw new TypeError(`no ${rank}`);
      }),
    ];
    const ends = await together(
      4,
      (world) => train(world, { callbacks }),
      (_, error) => quiet.add(error),
    );
    const others = '[fit] ranks 2, 3 of 4 have failed, which ends training: TypeError: no 2';
    expect(messages(ends)).toEqual([others, others, 'no 2', 'no 3']);
    const printed = ends.filter((end) => end.status === 'rejected' && !quiet.has(end.reason));
    expect(messages(printed)).toEqual([others, 'no 2']);
  });

  test('a rank that stops training stops all', async () => {
    const ends = await together(3, (world) => {
      const stop: Callback = {
        onBatchEnd: (_, training) => {
          if (training.rank === 2) training.stop('enough');
        },
      };
      return train(world, { callbacks: [stop] });
    });
    for (const end of ends) expect(end).toMatchObject({ value: { stopped: 'enough', epochs: [] } });
    expect(ends[1]).toEqual(ends[0]);
  });

  test('other samples and other options are named', async () => {
    const other = { ...samples, sampleWeights: new Float32Array(68).fill(1) };
    for (const message of messages(
      await together(2, (world) => train(world, {}, world.rank === 1 ? other : samples)),
    ))
      expect(message).toMatch(
        /^\[fit\] rank 1 has other arguments than rank 0. They differ in the samples \(/,
      );
    for (const message of messages(await together(3, (world) => train(world, { epochs: 3 + world.rank }))))
      expect(message).toMatch(
        /rank 1 has other arguments than rank 0. They differ in epochs \(3, rank 1: 4\)/,
      );
  });

  test('NaN has the same cause as in one process, on whatever rank it is', async () => {
    const values = (await x.data()).slice();
    values[3 * 17] = Number.NaN;
    const broken = { ...samples, x: tensor(values, { shape: [68, 3] }) };
    const [alone] = messages(await Promise.allSettled([train(undefined, {}, broken)]));
    expect(alone).toMatch(/x of the batch contains NaN/);
    expect(messages(await together(3, (world) => train(world, {}, broken)))).toEqual([alone, alone, alone]);
  });
});

test.each([
  ['float32', (values: Float32Array) => values],
  ['bfloat16', roundToBfloat16],
] as const)(
  'pieces of vectors are added in the order of the tree, whatever is missing: %s',
  async (name, rounded) => {
    const size = fc.constantFrom(1, 2, 3, 5, 8);
    const shard = fc.option(
      fc.array(fc.option(fc.float({ noNaN: true }), { nil: null }), { minLength: 3, maxLength: 3 }),
      { nil: null },
    );
    const add = (a: Float32Array, b: Float32Array): Float32Array =>
      rounded(a.map((value, i) => value + b[i]!));
    await fc.assert(
      fc.asyncProperty(size, fc.array(shard, { minLength: 8, maxLength: 8 }), async (ranks, shards) => {
        const lengths = [5, 0, 7];
        const node = (values: (number | null)[] | null): Map<string, Float32Array> | null =>
          values &&
          new Map(
            values.flatMap((value, i) =>
              value === null
                ? []
                : [[`t${i}`, rounded(Float32Array.from({ length: lengths[i]! }, (_, j) => value / (j + 1)))]],
            ),
          );
        const all = shards.map(node);
        const shapes = new Map(
          lengths.flatMap((length, i) => (all.some((own) => own?.has(`t${i}`)) ? [[`t${i}`, [length]]] : [])),
        );
        const nodes: VectorNode[] = Array.from({ length: ranks }, (_, rank) => {
          const [first, end] = ownShards(8, { rank, size: ranks });
          return all.slice(first, end).map((sum, i) => ({ rank, first: first + i, count: 1, sum }));
        }).flat();
        const sums = await Promise.all(
          communicators(ranks).map((communicator) => {
            const own = nodes.filter(({ rank, sum }) => rank === communicator.rank && sum !== null);
            return sumVectors(
              communicator,
              new ReusedMemory(),
              sumFormats[name],
              shapes,
              nodes,
              own.map(({ sum }) => sum as Map<string, Float32Array>),
            );
          }),
        );
        const expected = new Map(
          [...shapes.keys()].map((key) => {
            const tree = new ShardTree<Float32Array>(add);
            for (const own of all) tree.push(own?.get(key) ?? null);
            return [key, tree.sum!];
          }),
        );
        for (const found of sums) expect(found).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  },
);

test('a message may be longer than an opening on some ranks', async () => {
  const texts = [0, MESSAGE_BYTES - 32, MESSAGE_BYTES + 1, 5000].map((length) => 'x'.repeat(length));
  const ends = await together(texts.length, (world) => world.gather('a test', texts[world.rank]!));
  for (const end of ends) expect(end).toEqual({ status: 'fulfilled', value: texts });
});

test('shapes are sent when they change only', () => {
  const outline = (...lengths: (number | null)[]) =>
    lengths.map((length, first) => ({
      ...{ first, count: 1 },
      sum: length === null ? null : { shapes: { a: [length] }, weights: { 0: first }, sizes: {}, values: {} },
    }));
  const ranks = [new KnownShapes(2), new KnownShapes(2)];
  const step = (...outlines: ReturnType<typeof outline>[]): boolean[] => {
    const sent = ranks.map((shapes, rank) => shapes.split(outlines[rank]!));
    const expected = outlines.flatMap((own, rank) => own.map((node) => ({ ...node, rank })));
    for (const shapes of ranks) expect(shapes.join(sent)).toEqual(expected);
    return sent.map(({ shapes }) => shapes !== null);
  };
  expect(step(outline(3, 4), outline(5))).toEqual([true, true]);
  expect(step(outline(3, 4), outline(5))).toEqual([false, false]);
  expect(step(outline(3, null), outline(5))).toEqual([true, false]);
  expect(step(outline(3, 4), outline(5))).toEqual([true, false]);
});

test('messages keep tensors, numbers and missing values', async () => {
  const message = {
    a: [tensor([1, 2]), null, undefined, Number.NaN, -0],
    b: { c: new Uint8Array([3]), d: 'e' },
  };
  const found = unpack(await pack(message)) as typeof message;
  expect([...(await (found.a[0] as Tensor).data())]).toEqual([1, 2]);
  expect(found.a.slice(1)).toEqual([null, undefined, Number.NaN, -0]);
  expect(found.b).toEqual(message.b);
});

describe('what is missing is named', () => {
  const library = (version: string | null): Koffi => ({
    load: (path) => {
      if (version === null) throw new Error(`${path}: cannot open shared object file.`);
      return {
        func: () => (text, length) => {
          const bytes = new TextEncoder().encode(version);
          (text as Uint8Array).set(bytes);
          (length as Int32Array)[0] = bytes.length;
          return 0;
        },
        symbol: () => 1n,
      };
    },
  });
  test.each([
    [
      () => Promise.reject(new Error("Cannot find package 'koffi'\nImported from")),
      /\[mpi\] koffi can't be loaded \(Cannot find package 'koffi'\). Install it: npm i koffi./,
    ],
    [
      async () => library(null),
      /\[mpi\] found no MPI library \(libmpi.so.40: .*; libmpi.so: .*\). Install Open MPI/,
    ],
    [
      async () => library('MPICH Version: 4.0.2'),
      /\[mpi\] got the library 'MPICH Version: 4.0.2', wanted Open MPI/,
    ],
  ])('%#', async (load, message) => {
    await expect(MpiLibrary.open(undefined, 'linux', load)).rejects.toThrow(message);
  });

  test('launchers', () => {
    expect(isRank({})).toBe(false);
    expect(isRank({ OMPI_COMM_WORLD_SIZE: '1' })).toBe(false);
    expect(isRank({ OMPI_COMM_WORLD_SIZE: '2', PMIX_RANK: '0' })).toBe(true);
    expect(isRank({ PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '4' })).toBe(true);
    expect(() => isRank({ SLURM_STEP_NUM_TASKS: '4' })).toThrow('srun --mpi=pmix');
    expect(() => isRank({ PMI_SIZE: '4', PMI_RANK: '1' })).toThrow('another MPI than Open MPI');
  });
});
