import {
  BYTES_PER_IMAGE,
  type DigitSet,
  decodeShard,
  joined,
  type Manifest,
  type ShardEntry,
} from './format.ts';

/** What has arrived. */
export interface Progress {
  /** Bytes of the files. */
  readonly loaded: number;
  readonly total: number;
  /** How many training shards are complete, from the first one on. */
  readonly shards: number;
}

export interface LoadDigitsOptions {
  /** The number of training shards of 5,000 images, from 1 to 12; by default `defaultShards()`. */
  readonly shards?: number;
  onProgress?(progress: Progress): void;
  /**
   * When it is fulfilled, loading ends with the training shards that are complete, but at least one. The others still
   * load, for a later call.
   */
  readonly enough?: Promise<void>;
}

export interface Digits {
  readonly train: DigitSet;
  /** 10,000 images beside all training shards, else 5,000. */
  readonly test: DigitSet;
  /** The number of training shards. */
  readonly shards: number;
}

/** How many files are loaded at the same time. The first ones should come first, since training can start with them. */
const AT_ONCE = 3;

/** Loads the digits of a folder, shard by shard, and keeps them for later calls. */
export class DigitLoader {
  readonly #folder: string;
  readonly #shards = new Map<string, Promise<DigitSet>>();
  /** How many bytes of each file have arrived. */
  readonly #arrived = new Map<string, number>();
  /** Tells the latest call of `load` that something has arrived. */
  #report = (): void => {};

  /** @param base the folder of the files; by default `digits/` beside the page. */
  constructor(base: string | URL = new URL('digits/', document.baseURI)) {
    this.#folder = String(base).replace(/\/?$/, '/');
  }

  /** @throws Error if a file is missing or damaged. */
  async load(options: LoadDigitsOptions = {}): Promise<Digits> {
    const response = await request(`${this.#folder}manifest.json`, 'no-cache');
    const manifest = (await response.json()) as Manifest;
    const shards = Math.min(options.shards ?? defaultShards(), manifest.train.shards.length);
    const testShards = shards === manifest.train.shards.length ? manifest.test.shards.length : 1;

    const [first, ...others] = manifest.test.shards.slice(0, testShards);
    const entries = [first!, ...manifest.train.shards.slice(0, shards), ...others];
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    let complete = 0;
    this.#report = () => {
      const loaded = entries.reduce((sum, { file }) => sum + (this.#arrived.get(file) ?? 0), 0);
      options.onProgress?.({ loaded, total, shards: complete });
    };

    const sets: Promise<DigitSet>[] = [];
    for (const entry of entries) sets.push(this.#shard(entry, sets.at(-AT_ONCE)));
    const training = sets.slice(1, 1 + shards);
    const testing = [sets[0]!, ...sets.slice(1 + shards)];
    const all = (async () => {
      await testing[0];
      for (const set of training) {
        await set;
        complete++;
        this.#report();
      }
      await Promise.all(testing);
    })();
    await Promise.race([all, Promise.all([testing[0], training[0], options.enough ?? all])]);
    if (complete === shards) await all;
    const used = Math.max(complete, 1);
    return {
      train: joined(await Promise.all(training.slice(0, used))),
      test: joined(await Promise.all(testing.slice(0, used === shards ? testShards : 1))),
      shards: used,
    };
  }

  /** @param after is waited for if the file must be requested. */
  #shard(entry: ShardEntry, after: Promise<unknown> = Promise.resolve()): Promise<DigitSet> {
    const { file } = entry;
    const onBytes = (bytes: number): void => {
      this.#arrived.set(file, (this.#arrived.get(file) ?? 0) + bytes);
      this.#report();
    };
    const loading = this.#shards.get(file) ?? after.then(() => loadShard(this.#folder, entry, onBytes));
    this.#shards.set(file, loading);
    // The call that waits for the file throws the error. A later one requests the file again.
    loading.catch(() => {
      this.#shards.delete(file);
      this.#arrived.delete(file);
    });
    return loading;
  }
}

/** All 12 training shards; on phones, and where the user saves data, 4. */
export function defaultShards(): number {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  const isPhone = matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) < 600;
  return isPhone || connection?.saveData ? 4 : 12;
}

async function request(url: string, cache: RequestCache): Promise<Response> {
  const response = await fetch(url, { cache });
  if (response.ok) return response;
  throw new Error(
    `[DigitLoader] got status ${response.status} for ${url}, wanted 200. Build the digits first.`,
  );
}

async function loadShard(
  folder: string,
  { file, count, sha256 }: ShardEntry,
  onBytes: (bytes: number) => void,
): Promise<DigitSet> {
  // Its name contains the hash, so a cached file is never out of date.
  const { body } = await request(folder + file, 'force-cache');
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
      `[DigitLoader] ${file} is damaged: got SHA-256 ${hash}, wanted ${sha256}. Load the page again.`,
    );
  return decodeShard(bytes);
}

/** SHA-256; null on insecure pages, where browsers have no cryptography. The checksum of gzip is verified there too. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
