import { isSoftware } from '../../src/gpu/adapters.ts';
import { GpuLoop } from '../gpu-loop.ts';
import { gpuKernels } from '../libraries.ts';
import type { LibraryProcess } from '../library-process.ts';
import { gpuInFlight } from '../library-program.ts';
import { timing } from '../measure.ts';
import type { Session } from '../session.ts';
import { alignColumns, printTable, type Row, threeDigits } from '../tables.ts';
import {
  type ConvnetTask,
  type ExampleNetwork,
  flops,
  type Product,
  type Task,
  type TrainingTask,
} from '../task.ts';
import { firstSteps, firstStepTask, milliseconds } from './first-step.ts';

/** The sizes of all workloads, for a GPU and for a software adapter. */
const sizes = {
  gpu: {
    squares: [256, 512, 1024, 2048, 4096],
    rectangle: { m: 512, k: 784, n: 512 },
    /** Rows and columns of the matrix for maps, reductions and the copy. */
    side: 4096,
    /** Threads of the loop in registers. */
    threads: 2 ** 20,
    batch: { mlp: 512, convnet: 128, reference: 512, lenet: 256, cnn: 128 },
    /** Batches per epoch of `fit`. */
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

/** Larger products are not timed on the CPU, which only computes their results for comparison. */
const largestOnCpu = 1024;

/** What the parts of the benchmark share. */
interface Gpu {
  readonly session: Session;
  readonly processes: readonly LibraryProcess[];
  readonly loop: GpuLoop;
  readonly size: (typeof sizes)['gpu'];
  print(line: string): void;
}

/** ndgrad on the GPU, compared with ndgrad on the CPU, other libraries on the GPU, and the limits of the GPU. */
export async function benchGpu(session: Session): Promise<void> {
  const loop = await GpuLoop.start();
  try {
    const software = isSoftware(loop.about);
    const print = (line: string) =>
      console.log(software && line !== '' ? `${line}  [software adapter: not the speed of a GPU]` : line);
    print('');
    print(`GPU: ${loop.about}`);
    const size = sizes[software ? 'software' : 'gpu'];
    await session.withProcesses(['matmul', 'training'], async (processes) => {
      const gpu = { session, processes, loop, size, print };
      await products(gpu);
      await memory(gpu);
      await smallSteps(gpu);
      await training(gpu);
    });
    await firstStep(session, size.batch.mlp, print);
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
    'Matrix product, float32, in GFLOP/s: median (best); Aᵀ and Bᵀ are stored transposed',
    'a loop of multiplications and additions in registers, in GFLOP/s, and the percentage of it that is reached',
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
    'Maps and reductions in GB/s (4 bytes read per float, and for maps 4 written): median (best)',
    'a copy in GPU memory, in GB/s, and the percentage of it that is reached',
    'copy',
    rows.map(([label, bytes, task]) => ({
      label,
      work: bytes * count,
      time: (label, between) => session.time('gpu', label, processes, task, { between }),
    })),
  );
}

/** Times workloads in units of 1e9 per second, with the loop between the rounds, and prints the percentage of its rate. */
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
    session.record('gpu', `${limit} during ${label}`, gpuKernels, seconds);
    rates.push(rate);
    rows.push({ label, timings, figure: (seconds) => work / seconds / 1e9 });
  }
  printTable(title, session.libraries, rows, print);
  const shown = session.libraries.filter(({ gpu }) => gpu);
  const lines = rows.map(({ label, timings, figure }, i) => [
    label,
    threeDigits(rates[i]! / 1e9),
    ...shown.map(({ key }) => {
      const timing = timings.get(key);
      return timing === undefined ? '-' : `${((1e11 * figure(timing.median)) / rates[i]!).toFixed(1)} %`;
    }),
  ]);
  print(`In the same rounds ${subtitle}: medians`);
  for (const line of alignColumns([['', limit, ...shown.map((one) => one.title)], ...lines])) print(line);
}

/** Training steps so small that issuing them dominates their time. */
async function smallSteps({ session, processes, print }: Gpu): Promise<void> {
  const task = { kind: 'training', layers: [64, 64, 10], dropout: 0, batch: 32, batches: 64 } as const;
  const rows: Row[] = [];
  for (const awaited of [false, true]) {
    const label = awaited ? 'each one awaited' : `up to ${gpuInFlight} in flight`;
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
    session.libraries,
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
    session.libraries,
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
    session.libraries,
    fits,
    print,
  );
}

/** The first training step of a new process, which generates and compiles shaders. */
async function firstStep(session: Session, batch: number, print: (line: string) => void): Promise<void> {
  const task = { ...firstStepTask, batch };
  const columns = ['first step', 'second step', 'first - second'];
  const lines: string[][] = [];
  for (const library of session.libraries) {
    const rounds: number[][] = [];
    for (let i = 0; i < session.settings.rounds; i++) {
      const [, ...times] = (await firstSteps(library, task)) ?? [];
      if (times.length > 0) rounds.push(times);
    }
    if (rounds.length === 0) continue;
    const timings = columns.map((_, i) => timing(rounds.map((times) => times[i]!)));
    timings.forEach((t, i) => {
      session.record('gpu', `new process, ${columns[i]}`, library, t);
    });
    lines.push([library.title, ...timings.map(milliseconds)]);
  }
  print('');
  print(
    `New process, training ${task.layers.join('-')} (relu, Dropout ${task.dropout}, Adam, batch ${batch}), in ms: median (best); ` +
      'a driver may cache compiled shaders across processes',
  );
  for (const line of alignColumns([['', ...columns], ...lines])) print(line);
}

function describe({ m, k, n, transposeA, transposeB }: Product): string {
  return `[${m}, ${k}]${transposeA ? 'ᵀ' : ''} · [${k}, ${n}]${transposeB ? 'ᵀ' : ''}`;
}
