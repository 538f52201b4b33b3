// What the tests of stores call in a page.
import { Dense, Generator, type Layer, loadWeights, Sequential, saveWeights } from 'ndgrad';
import { blobSource, download, indexedDbStore, opfsStore, urlSource } from 'ndgrad/browser';
import type { Store } from 'ndgrad/io';

const stores = { opfs: opfsStore, indexedDb: indexedDbStore };
export type Kind = keyof typeof stores;
const make = (kind: Kind, name: string): Store => stores[kind](name);
/** What a call gives: its result, or the name and the message of its error. */
const outcome = async <T>(work: () => Promise<T>): Promise<T | string> => {
  try {
    return await work();
  } catch (error) {
    return `${(error as Error).name} ${(error as Error).message}`;
  }
};
const contentOf = async (store: Store, name: string): Promise<number[] | null> => {
  const source = await store.read(name);
  return source && [...(await source.read(0, source.size))];
};

/** Uses all methods of a store, and returns what they gave. */
export async function useStore(kind: Kind): Promise<Record<string, unknown>> {
  const store = make(kind, 'all');
  const seen: Record<string, unknown> = {
    name: store.name,
    empty: await store.list(),
    none: await store.read('a'),
  };
  await store.remove('a');
  await store.write('b', [Uint8Array.of(1, 2), Uint8Array.of(3).subarray(0, 1)]);
  await store.write('a.bin', []);
  seen.listed = await store.list();
  seen.written = await contentOf(store, 'b');
  const old = (await store.read('b'))!;
  seen.part = [...(await old.read(1, 1))];
  await store.write(
    'b',
    (async function* () {
      seen.during = await contentOf(store, 'b');
      seen.listedDuring = await store.list();
      yield Uint8Array.of(9);
    })(),
  );
  seen.replaced = await contentOf(store, 'b');
  // The old content, or an error that says that the file has changed.
  seen.old = await outcome(async () => [...(await old.read(0, 3))]);
  seen.failed = await outcome(() =>
    store.write(
      'b',
      (function* () {
        yield Uint8Array.of(7);
        throw new Error('from the caller');
      })(),
    ),
  );
  seen.kept = await contentOf(store, 'b');
  seen.fileEmpty = await contentOf(store, 'a.bin');
  seen.badName = await outcome(() => store.write('../b', []));
  seen.badPart = await outcome(() => store.write('b', ['text'] as never));
  await store.remove('a.bin');
  seen.end = await store.list();
  return seen;
}

/** Begins to write a file and never ends. */
export async function writeForever(kind: Kind): Promise<void> {
  const begun = new Promise<void>((resolve) => {
    const parts = (async function* () {
      yield new Uint8Array(1000);
      resolve();
      await new Promise(() => {});
    })();
    void make(kind, 'killed').write('file', parts);
  });
  await begun;
}

/** All names in the folder of an OPFS store, temporary ones included. */
export async function allNames(folder: string): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle(folder, { create: true });
  const names: string[] = [];
  for await (const name of directory.keys()) names.push(name);
  return names.sort();
}

export const writeFile = (kind: Kind, folder: string, name: string, content: number[]): Promise<void> =>
  make(kind, folder).write(name, [Uint8Array.from(content)]);
export const readFile = (kind: Kind, folder: string, name: string): Promise<number[] | null> =>
  contentOf(make(kind, folder), name);
export const listFiles = (kind: Kind, folder: string): Promise<readonly string[]> =>
  make(kind, folder).list();

/** Writes more than the quota allows. */
export async function fill(kind: Kind, bytes: number, attempts: number): Promise<unknown> {
  const store = make(kind, 'full');
  await store.write('file', [Uint8Array.of(1)]);
  const errors = new Set<unknown>();
  for (let i = 0; i < attempts; i++)
    errors.add(await outcome(() => store.write('file', [new Uint8Array(bytes)])));
  return { errors: [...errors], kept: (await store.read('file'))!.size, listed: await store.list() };
}

const model = (seed: number): Layer => new Sequential([new Dense(3, 2, { rng: new Generator(seed) })]);
const kernel = (of: Layer): Promise<Float32Array> => of.parameters()[0]!.data() as Promise<Float32Array>;

/** Whether the weights of a model come back from a store. */
export async function weights(kind: Kind): Promise<boolean> {
  const store = make(kind, 'weights');
  const [from, to] = [model(1), model(2)];
  await store.write('model.safetensors', [await saveWeights(from)]);
  await loadWeights(to, (await store.read('model.safetensors'))!);
  return `${await kernel(from)}` === `${await kernel(to)}`;
}

/** Whether a worker can use a store; `script` is the text of this file, bundled. */
export function inWorker(script: string, kind: Kind): Promise<unknown> {
  const code = `${script}\ntests.useStore('${kind}').then((seen) => postMessage(seen), (e) => postMessage(String(e)));`;
  const worker = new Worker(URL.createObjectURL(new Blob([code])));
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

export const downloaded = (name: string): Promise<void> =>
  download([Uint8Array.of(1, 2), Uint8Array.of(3)], name);

/** A model loaded from a file that a user has chosen. */
export async function chosenFile(): Promise<unknown> {
  const [from, to] = [model(1), model(2)];
  const file = new File([(await saveWeights(from)) as Uint8Array<ArrayBuffer>], 'model.safetensors');
  await loadWeights(to, blobSource(file));
  return `${await kernel(from)}` === `${await kernel(to)}`;
}

/** The content of a file on a server, in two parts. */
export const fromUrl = (url: string): Promise<unknown> =>
  outcome(async () => {
    const source = await urlSource(url);
    const half = source.size >> 1;
    const parts = [await source.read(0, half), await source.read(half, source.size - half)];
    return { size: source.size, sum: parts.flatMap((part) => [...part]).reduce((a, b) => a + b, 0) };
  });
