import {
  BYTES_PER_IMAGE,
  type DigitSet,
  decodeShard,
  joined,
  type Manifest,
  type ShardEntry,
} from './format.ts';

/** How many bytes of the files have arrived. */
export interface Progress {
  readonly loaded: number;
  readonly total: number;
}

export interface LoadDigitsOptions {
  /** The number of training shards of 5,000 images, from 1 to 12; by default `defaultShards()`. */
  readonly shards?: number;
  /** The number of test shards of 5,000 images, 1 or 2; by default 2 with all training shards, else 1. */
  readonly testShards?: number;
  /** The folder of the files; by default `digits/` beside the page. */
  readonly base?: string | URL;
  onProgress?(progress: Progress): void;
  /** Stops loading. */
  readonly signal?: AbortSignal;
}

export interface Digits {
  readonly train: DigitSet;
  readonly test: DigitSet;
}

/**
 * Loads digits. Training can start with one shard; a later call with more of them takes the first ones from the browser's
 * cache.
 *
 * @throws Error if a file is missing or damaged.
 */
export async function loadDigits(options: LoadDigitsOptions = {}): Promise<Digits> {
  const { base = new URL('digits/', document.baseURI), onProgress, signal = null } = options;
  const folder = String(base).replace(/\/?$/, '/');
  const response = await request(`${folder}manifest.json`, { cache: 'no-cache', signal });
  const { train, test } = (await response.json()) as Manifest;
  const shards = Math.min(options.shards ?? defaultShards(), train.shards.length);
  const testShards = options.testShards ?? (shards === train.shards.length ? test.shards.length : 1);
  const [training, testing] = [train.shards.slice(0, shards), test.shards.slice(0, testShards)];

  const total = [...training, ...testing].reduce((sum, { bytes }) => sum + bytes, 0);
  let loaded = 0;
  const count = (bytes: number): void => {
    loaded += bytes;
    onProgress?.({ loaded, total });
  };
  const load = async (entries: readonly ShardEntry[]): Promise<DigitSet> =>
    joined(await Promise.all(entries.map((entry) => loadShard(folder, entry, count, signal))));
  const [trainSet, testSet] = await Promise.all([load(training), load(testing)]);
  return { train: trainSet, test: testSet };
}

/** All 12 training shards; on phones, and where the user saves data, 4. */
export function defaultShards(): number {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  const isPhone = matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) < 600;
  return isPhone || connection?.saveData ? 4 : 12;
}

async function request(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (response.ok) return response;
  throw new Error(
    `[loadDigits] got status ${response.status} for ${url}, wanted 200. Build the digits first.`,
  );
}

async function loadShard(
  folder: string,
  { file, count, sha256 }: ShardEntry,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | null,
): Promise<DigitSet> {
  // Its name contains the hash, so a cached file is never out of date.
  const { body } = await request(folder + file, { cache: 'force-cache', signal });
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      onBytes(chunk.length);
      controller.enqueue(chunk);
    },
  });
  const plain = body!.pipeThrough(counted).pipeThrough(new DecompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(plain).arrayBuffer());
  const hash = await hashOf(bytes);
  if (bytes.length !== count * BYTES_PER_IMAGE || (hash ?? sha256) !== sha256)
    throw new Error(
      `[loadDigits] ${file} is damaged: got SHA-256 ${hash}, wanted ${sha256}. Load the page again.`,
    );
  return decodeShard(bytes);
}

/** SHA-256; null on insecure pages, where browsers have no cryptography. The checksum of gzip is verified there too. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
