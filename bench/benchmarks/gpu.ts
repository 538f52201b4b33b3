import { isSoftware } from '../../src/gpu/choice.ts';
import { CardLoop } from '../card-loop.ts';
import { card } from '../contestants.ts';
import { gpuInFlight } from '../library.ts';
import { timing } from '../measure.ts';
import type { ContestantProcess } from '../process.ts';
import { aligned, printTable, type Row, significant } from '../report.ts';
import type { Session } from '../session.ts';
import {
  type ConvnetTask,
  type ExampleNetwork,
  flops,
  type Product,
  type Task,
  type TrainingTask,
} from '../task.ts';
import { firstSteps, firstStepTask, milliseconds } from './first-step.ts';

/** How large everything is. */
const sizes = {
  card: {
    squares: [256, 512, 1024, 2048, 4096],
    rectangle: { m: 512, k: 784, n: 512 },
    /** Rows and columns of what maps, reductions and the copy go over. */
    side: 4096,
    /** Threads of the loop in registers. */
    threads: 2 ** 20,
    batch: { mlp: 512, convnet: 128, reference: 512, lenet: 256, cnn: 128 },
    /** Batches of an epoch of `fit`. */
    batches: 20,
  },
  software: {
    squares: [32, 64],
    rectangle: { m: 32, k: 48, n: 40 },
    side: 128,
    threads: 2 ** 8,
    batch: { mlp: 16, convnet: 2, reference: 16, lenet: 4, cnn: 4 },
    batches: 2,
  },
};

/** The CPU only computes the results of larger products, which the others are compared with. */
const largestOnCpu = 1024;

/** What the parts of the benchmark have. */
interface Gpu {
  readonly session: Session;
  readonly processes: readonly ContestantProcess[];
  readonly loop: CardLoop;
  readonly size: (typeof sizes)['card'];
  print(line: string): void;
}

/**
 * ndgrad on the GPU beside ndgrad on the CPU and others on the GPU, and beside what the GPU can do at best.
 */
export async function benchGpu(session: Session): Promise<void> {
  const loop = await CardLoop.start();
  try {
    const software = isSoftware(loop.about);
    const print = (line: string) =>
      console.log(software && line !== '' ? `${line}  [software adapter: no figure of a GPU]` : line);
    print('');
    print(`GPU: ${loop.about}`);
    const size = sizes[software ? 'software' : 'card'];
    await session.withProcesses(['matmul', 'training'], async (processes) => {
      const gpu = { session, processes, loop, size, print };
      await products(gpu);
      await memory(gpu);
      await issuing(gpu);
      await training(gpu);
    });
    await starting(session, size.batch.mlp, print);
  } finally {
    await loop.stop();
  }
}

async function products({ session, processes, loop, size, print }: Gpu): Promise<void> {
  const all: Product[] = [
    ...size.squares.map((n) => ({ m: n, k: n, n })),
    ...[false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) => ({ ...size.rectangle, transposeA, transposeB })),
    ),
  ];
  await loop.preparePeak(size.threads);
  await timed(
    { session, loop, print },
    'Matrix product, float32, in GFLOP/s: median (best); Aᵀ and Bᵀ lie transposed in memory',
    'a loop of multiplications and additions in registers, in GFLOP/s, and what part of it is reached',
    'peak',
    all.map((product) => ({
      label: describe(product),
      work: flops([product]),
      time: (label, between) =>
        session.time(
          'gpu',
          label,
          processes,
          { kind: 'matmul', products: [product], resident: true },
          { between, isTimed: ({ gpu }) => gpu === true || product.n <= largestOnCpu },
        ),
    })),
  );
}

async function memory({ session, processes, loop, size, print }: Gpu): Promise<void> {
  const { side } = size;
  const count = side ** 2;
  const floats = `${count.toLocaleString('en-US')} floats`;
  const sum = { kind: 'reduction', rows: side, columns: side, resident: true } as const;
  const map = { kind: 'elementwise', size: count, resident: true } as const;
  const rows: readonly (readonly [label: string, bytes: number, task: Task])[] = [
    [`(x · a + b).relu(), ${floats}`, 8, { ...map, last: 'relu' }],
    [`(x · a + b).tanh(), ${floats}`, 8, { ...map, last: 'tanh' }],
    [`sum of all of them`, 4, { ...sum, over: 'all' }],
    [`sums of ${side} rows`, 4, { ...sum, over: 'columns' }],
    [`sums of ${side} columns`, 4, { ...sum, over: 'rows' }],
  ];
  await loop.prepareCopy(count);
  await timed(
    { session, loop, print },
    'Maps and reductions in GB/s (4 bytes a float read, and 4 written where it is a map): median (best)',
    'a copy in the memory of the GPU, in GB/s, and what part of it is reached',
    'copy',
    rows.map(([label, bytes, task]) => ({
      label,
      work: bytes * count,
      time: (label, between) => session.time('gpu', label, processes, task, { between }),
    })),
  );
}

/**
 * Times workloads in units of 1e9 a second, with the loop between the rounds, and what part of its rate they
 * reach.
 */
async function timed(
  { session, loop, print }: Pick<Gpu, 'session' | 'loop' | 'print'>,
  title: string,
  subtitle: string,
  limit: string,
  workloads: readonly {
    label: string;
    work: number;
    time(label: string, between: () => Promise<void>): Promise<Row['timings']>;
  }[],
): Promise<void> {
  const rows: Row[] = [];
  const rates: number[] = [];
  for (const { label, work, time } of workloads) {
    const timings = await time(label, loop.measure);
    const { seconds, rate } = loop.take();
    session.record('gpu', `${limit} during ${label}`, card, seconds);
    rates.push(rate);
    rows.push({ label, timings, figure: (seconds) => work / seconds / 1e9 });
  }
  printTable(title, session.contestants, rows, print);
  const shown = session.contestants.filter(({ gpu }) => gpu);
  const lines = rows.map(({ label, timings, figure }, i) => [
    label,
    significant(rates[i]! / 1e9),
    ...shown.map(({ key }) => {
      const timing = timings.get(key);
      return timing === undefined ? '-' : `${((1e11 * figure(timing.median)) / rates[i]!).toFixed(1)} %`;
    }),
  ]);
  print(`In the same rounds ${subtitle}: medians`);
  for (const line of aligned([['', limit, ...shown.map((one) => one.title)], ...lines])) print(line);
}

/** Steps with so little to compute that asking for them takes the time. */
async function issuing({ session, processes, print }: Gpu): Promise<void> {
  const task = { kind: 'training', layers: [64, 64, 10], dropout: 0, batch: 32, batches: 64 } as const;
  const rows: Row[] = [];
  for (const awaited of [false, true]) {
    const label = awaited ? 'each one awaited' : `up to ${gpuInFlight} asked for ahead`;
    const timings = await session.time(
      'gpu',
      `steps of 64-64-10, ${label}`,
      processes,
      { ...task, ...(awaited && { awaited }) },
      { same: { task, times: 3 } },
    );
    rows.push({ label, timings, figure: (seconds) => 1 / seconds });
  }
  printTable(
    `Training 64-64-10 (relu, Adam, batch ${task.batch}) in steps a second: median (best)`,
    session.contestants,
    rows,
    print,
  );
}

async function training({ session, processes, size, print }: Gpu): Promise<void> {
  const rows: Row[] = [];
  for (const layers of [
    [784, 128, 128, 10],
    [784, 512, 512, 10],
  ]) {
    const batch = size.batch.mlp;
    const task: TrainingTask = { kind: 'training', layers, dropout: 0.2, batch, batches: 8 };
    const label = `${layers.join('-')}, batch ${batch}`;
    const same = { task: { ...task, dropout: 0 }, times: 3 };
    const timings = await session.time('gpu', label, processes, task, { same });
    rows.push({ label, timings, figure: (seconds) => batch / seconds });
  }
  const batch = size.batch.convnet;
  const convnet = (batch: number): ConvnetTask => ({
    kind: 'convnet',
    size: 28,
    channels: [1, 32, 64],
    kernelSize: 3,
    classes: 10,
    batch,
    batches: 4,
  });
  const label = `3x3 convolutions of 32 and 64, batch ${batch}`;
  const options = { batch, few: 2, times: 3 };
  const timings = await session.timeBatches('gpu', label, processes, convnet, options);
  rows.push({ label, timings, figure: (seconds) => batch / seconds });
  printTable(
    'Steps of training (relu, Dropout 0.2 in the networks without convolutions, Adam) in images a second: median (best)',
    session.contestants,
    rows,
    print,
  );

  const networks: readonly ExampleNetwork[] = ['reference', 'lenet', 'cnn'];
  const fits: Row[] = [];
  for (const network of networks) {
    const batch = size.batch[network];
    const { batches } = size;
    const task = { kind: 'fit', network, batch, batches } as const;
    const label = `fit of ${network}, batch ${batch}`;
    const same = { task: { ...task, batch: Math.min(batch, 16), batches: 2 }, times: 1 };
    const timings = await session.time('gpu', label, processes, task, { same });
    fits.push({ label, timings, figure: (seconds) => (batch * batches) / seconds });
  }
  printTable(
    `fit over epochs of ${size.batches} batches, as the MNIST example does without augmentation, in images a second: median (best)`,
    session.contestants,
    fits,
    print,
  );
}

/** Until a new process has trained its first step: kernels are made and compiled. */
async function starting(session: Session, batch: number, print: (line: string) => void): Promise<void> {
  const task = { ...firstStepTask, batch };
  const columns = ['first step', 'second step', 'first - second'];
  const lines: string[][] = [];
  for (const contestant of session.contestants) {
    const rounds: number[][] = [];
    for (let i = 0; i < session.settings.rounds; i++) {
      const [, ...times] = (await firstSteps(contestant, task)) ?? [];
      if (times.length > 0) rounds.push(times);
    }
    if (rounds.length === 0) continue;
    const timings = columns.map((_, i) => timing(rounds.map((times) => times[i]!)));
    timings.forEach((t, i) => {
      session.record('gpu', `new process, ${columns[i]}`, contestant, t);
    });
    lines.push([contestant.title, ...timings.map(milliseconds)]);
  }
  print('');
  print(
    `New process, training ${task.layers.join('-')} (relu, Dropout ${task.dropout}, Adam, batch ${batch}), in ms: median (best); ` +
      'a driver may keep compiled kernels from one process to the next',
  );
  for (const line of aligned([['', ...columns], ...lines])) print(line);
}

function describe({ m, k, n, transposeA, transposeB }: Product): string {
  return `[${m}, ${k}]${transposeA ? 'ᵀ' : ''} · [${k}, ${n}]${transposeB ? 'ᵀ' : ''}`;
}
