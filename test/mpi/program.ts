import { createHash } from 'node:crypto';
import { augmentImages } from '../../src/data.ts';
import {
  Accuracy,
  Adam,
  BatchNorm,
  backendInfo,
  type Callback,
  Conv2D,
  checkpoint,
  Dense,
  Dropout,
  defaultGenerator,
  earlyStopping,
  type FitOptions,
  Flatten,
  fit,
  Generator,
  MaxPool2D,
  Reshape,
  RocAuc,
  Sequential,
  SGD,
  schedules,
  seed,
  setThreads,
  softmaxCrossEntropy,
  stopOnNaN,
  WeightAverage,
} from '../../src/index.ts';
import { mpi } from '../../src/mpi.ts';
import { folderStore } from '../../src/node.ts';

// Trains two models by all ranks, and prints a hash of everything that each rank ends with. The settings tell when a rank fails.

/**
 * How a rank fails: it throws, aborts, is killed, blocks its thread, or waits for something that does not come. `nan` is a sample of
 * its own, `samples` are other samples than those of the others, and `stop` ends training.
 */
type Failure = 'abort' | 'block' | 'kill' | 'nan' | 'samples' | 'stop' | 'throw' | 'wait';

export interface Settings {
  readonly threads: number;
  /** undefined: without a world. */
  readonly timeoutSeconds?: number;
  readonly fail?: {
    readonly rank: number;
    readonly event: number;
    readonly how: Failure;
    /** Milliseconds after the event, for `kill`; 0 by default. */
    readonly delay?: number;
  };
  /** The folder of checkpoints. */
  readonly store?: string;
  readonly progress?: boolean;
  /** The options of `fit` that need a world. */
  readonly options?: Pick<FitOptions, 'reduceDType' | 'shardOptimizerState'>;
  /** Whether the initial values of the ranks differ until training begins. */
  readonly unseeded?: boolean;
}

export interface End {
  readonly hashes: readonly string[];
  readonly events: number;
  readonly epochs: readonly number[];
  readonly stopped: readonly (string | undefined)[];
  readonly history: readonly object[];
}

const { fail, options, progress, store, threads, timeoutSeconds, unseeded } = JSON.parse(
  process.argv[2]!,
) as Settings;
const world = timeoutSeconds === undefined ? undefined : await mpi({ timeoutSeconds });
setThreads(threads);
const controller = new AbortController();

let events = 0;
async function event(): Promise<void> {
  if (++events !== fail?.event || world?.rank !== fail.rank) return;
  if (fail.how === 'throw') throw new TypeError('the callback has failed');
  if (fail.how === 'kill') {
    const kill = (): boolean => process.kill(process.pid, 'SIGKILL');
    if (fail.delay) setTimeout(kill, fail.delay);
    else kill();
  }
  if (fail.how === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (fail.how === 'wait') await new Promise((resolve) => setTimeout(resolve, 1e8));
  if (fail.how === 'abort') controller.abort(new Error('the user has had enough'));
}
const counting: Callback = {
  onTrainBegin: event,
  async onBatchEnd(_, training) {
    await event();
    if (events === fail?.event && training.rank === fail.rank && fail.how === 'stop')
      training.stop('this rank has seen enough');
  },
  onEpochEnd: event,
  onTrainEnd: event,
};
const saving = (name: string) =>
  store === undefined
    ? {}
    : {
        checkpoint: checkpoint(folderStore(`${store}/${name}`), { every: { steps: 3 } }),
        resume: 'auto' as const,
      };

seed(unseeded && world?.rank === 1 ? 2 : 1);
const random = new Generator(5);
const count = 150;
const x = random.normal([count, 12, 12]);
const y = x.mean([1, 2]).greater(0).cast('int32');
const sampleWeights = Float32Array.from({ length: count }, (_, i) => 0.5 + (i % 4) / 4);
// The second batch has some samples without weight: the first shards of it are empty.
sampleWeights.fill(0, 44, 55);
if (fail?.how === 'nan') sampleWeights.fill(1);
const values = await x.data();
if (fail?.how === 'nan') values[144 * 60] = Number.NaN;
if (fail?.how === 'samples' && world?.rank === fail.rank) values[0] = 7;

const mlp = new Sequential([
  new Flatten(),
  new Dense(144, 32, { activation: 'relu' }),
  new Dropout(0.4),
  new Dense(32, 2),
]);
const shared = {
  loss: softmaxCrossEntropy,
  accumulate: 8,
  progress: progress ?? false,
  signal: controller.signal,
  ...(world && { world, ...options }),
};
const first = await fit(
  mlp,
  { x: { data: values, shape: [count, 12, 12] }, y, sampleWeights },
  {
    ...shared,
    optimizer: new SGD(mlp.parameters(), { learningRate: 0.05, momentum: 0.9, clip: { globalNorm: 0.5 } }),
    batchSize: 44,
    epochs: 3,
    metrics: [new Accuracy()],
    callbacks: fail?.how === 'nan' ? [stopOnNaN(), counting] : [counting],
    ...saving('mlp'),
  },
);

const convolutional = new Sequential([
  new Reshape([12, 12, 1]),
  new Conv2D(1, 4, 3, { bias: false }),
  new BatchNorm(4),
  new MaxPool2D(2),
  new Flatten(),
  new Dropout(0.2),
  new Dense(100, 2),
]);
const second = await fit(
  convolutional,
  augmentImages({ x, y, sampleWeights }, { batchSize: 40, shift: 0.1, rotation: 10, workers: 0 }),
  {
    ...shared,
    optimizer: new Adam(convolutional.parameters(), {
      learningRate: schedules.oneCycle({ peak: 0.02, steps: 30 }),
      clip: { globalNorm: 1 },
    }),
    average: new WeightAverage(convolutional.parameters(), { decay: 0.8 }),
    metrics: [new Accuracy(), new RocAuc()],
    epochs: 6,
    validationData: { x, y },
    callbacks: [earlyStopping({ monitor: 'val_loss', patience: 1 }), counting],
    ...saving('convolutional'),
  },
);

const hash = createHash('sha256');
for (const p of [...mlp.parameters(), ...convolutional.parameters()])
  hash.update(new Uint8Array(p.dataSync().buffer));
hash.update(JSON.stringify([first, second, defaultGenerator().getState()]));
const own = hash.digest('hex');
const hashes = (await world?.gather('the end', own)) ?? [own];
if ((world?.rank ?? 0) === 0) {
  const end: End = {
    hashes,
    events,
    epochs: [first.epochs.length, second.epochs.length],
    stopped: [first.stopped, second.stopped],
    history: [first.history, second.history],
  };
  console.log(JSON.stringify(end));
}
if (backendInfo().name !== 'wasm') throw new Error('not on WebAssembly');
