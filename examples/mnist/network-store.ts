import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bitsVersion } from 'ndgrad';
import manifest from '../../package.json' with { type: 'json' };
import type { BackendDescription } from './backend.ts';
import { type Data, type Split, splitSizes } from './data.ts';
import type { Flags } from './flags.ts';
import type { Network } from './models.ts';
import { writeAtomically } from './output.ts';

/** Version of ndgrad. */
export const { version } = manifest;

/** Everything that determines the bits of a trained network. */
export interface Configuration extends Split {
  readonly model: string;
  readonly seed: number;
  readonly dataset: string;
  /** SHA-256 of the images and labels. */
  readonly dataHash: string;
  readonly epochs: number;
  readonly batchSize: number;
  /** Into how many shards batches are cut, if they are. */
  readonly shards?: number;
  /** The source text of the model and its recipe. */
  readonly recipe: string;
  /** Version of ndgrad, and of the numbers that it gives. */
  readonly version: string;
  readonly bits: number;
  /** The API and the GPU, if a GPU trains it, since GPUs differ in bits; all CPU backends give the same bits. */
  readonly device?: string;
}

/** The configuration of a network for flags, data and a backend. */
export function configure(
  model: string,
  { build, recipe }: Network,
  seed: number,
  flags: Flags<unknown>,
  { hash, train }: Pick<Data, 'hash' | 'train'>,
  { backend, adapter }: BackendDescription,
): Configuration {
  const { optimizer, augment, labelSmoothing, averageDecay } = recipe;
  return {
    model,
    seed,
    dataset: flags.dataset,
    dataHash: hash,
    ...splitSizes(train.count, flags.limit, flags.validation ?? recipe.validation[flags.mode]),
    epochs: flags.epochs ?? recipe.epochs[flags.mode],
    batchSize: flags.batchSize ?? recipe.batchSize,
    ...(flags.shards > 1 && { shards: flags.shards }),
    recipe: [build, optimizer, JSON.stringify({ augment, labelSmoothing, averageDecay })].join('\n'),
    version,
    bits: bitsVersion,
    ...(adapter !== undefined && { device: `${backend}, ${adapter}` }),
  };
}

/** A trained network, as it is stored. */
export interface TrainedNetwork {
  readonly configuration: Configuration;
  /** Number of trained values. */
  readonly parameters: number;
  /** Seconds of training, without validation and evaluation, and until the validation accuracy was 99 %. */
  readonly seconds: number;
  readonly secondsTo99?: number | undefined;
  /** Date of the training, ISO 8601. */
  readonly date: string;
  /** One number per epoch for each loss and metric. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Cross-entropy on the test images, and the probabilities of their classes, row by row. */
  readonly testLoss: number;
  readonly probabilities: Float32Array;
  /** The kernel of the first layer. */
  readonly firstLayer: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** See `parametersHash`. */
  readonly parametersHash: string;
}

/** A folder of trained networks, one file for each. */
export class NetworkStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The path of a network's file. The name has the data set, the model, the seed and a hash of the configuration. */
  path(configuration: Configuration): string {
    const { dataset, model, seed } = configuration;
    return join(
      this.#dir,
      `${dataset}-${model}-${seed}-${sha256(JSON.stringify(configuration)).slice(0, 8)}.json`,
    );
  }

  /** The folder for the checkpoints of a network's training, which is removed when the network is stored. */
  checkpoints(configuration: Configuration): string {
    return this.path(configuration).replace(/json$/, 'checkpoints');
  }

  async save(trained: TrainedNetwork): Promise<void> {
    const contents = JSON.stringify(trained, encode);
    await writeAtomically(this.path(trained.configuration), `${sha256(contents)}\n${contents}\n`);
  }

  /** The network with exactly this configuration; undefined if there is none or its file is damaged. */
  async load(configuration: Configuration): Promise<TrainedNetwork | undefined> {
    const file = await readFile(this.path(configuration), 'utf8').catch(() => '');
    const [hash, contents = ''] = file.split('\n');
    if (hash !== sha256(contents)) return undefined;
    const trained: TrainedNetwork = JSON.parse(contents, decode);
    return JSON.stringify(trained.configuration) === JSON.stringify(configuration) ? trained : undefined;
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Stores float arrays in JSON as base64 of their bytes, which is short and exact. */
function encode(_key: string, value: unknown): unknown {
  if (!(value instanceof Float32Array)) return value;
  return { float32: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

function decode(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('float32' in value)) return value;
  return new Float32Array(Uint8Array.from(Buffer.from(String(value.float32), 'base64')).buffer);
}
