// Everything that reads data from outside, with mutated data: it gives a valid result, or an error of this library that has
// changed nothing.
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import {
  Adam,
  AdamW,
  Dense,
  Generator,
  type Layer,
  LayerNorm,
  Lion,
  loadModel,
  loadWeights,
  meanSquaredError,
  type Optimizer,
  type Parameter,
  Residual,
  RMSprop,
  Sequential,
  SGD,
  saveModel,
  saveWeights,
  type Tensor,
  tensor,
  WeightAverage,
  zeros,
} from 'ndgrad';
import { decodeIdx, decodeMnist, type IdxArray, readIdx } from 'ndgrad/data';
import {
  readNpy,
  readNpz,
  readSafetensors,
  saveWeightFiles,
  shardedSource,
  writeNpy,
  writeNpz,
  writeSafetensors,
} from 'ndgrad/io';
import { kerasLayers, loadKeras, loadTfjs } from 'ndgrad/keras';
import {
  type Journal,
  randomSearch,
  type SearchResults,
  search,
  successiveHalving,
  uniform,
} from 'ndgrad/search';
import { MemoryStore } from '../../test/io/memory-store.ts';
import { Memory } from '../../test/search/support.ts';
import { expectFinite, read } from './expect.ts';
import { changes, edited, edits, mutated } from './mutations.ts';
import { type Property, property } from './property.ts';

function expectArray({ shape, data }: IdxArray): void {
  const size = shape.reduce((product, d) => product * d, 1);
  if (data.length !== size) throw new Error(`${data.length} elements for the shape [${shape}]`);
}

/** IDX files: type code, bytes of an element, shape. */
const kinds = [
  [8, 1, [3]],
  [9, 1, [2, 3]],
  [11, 2, [4, 2]],
  [12, 4, [2, 2, 2]],
  [13, 4, [5]],
  [14, 8, [3, 1]],
  [8, 1, [0, 4]],
  [8, 1, []],
] as const;

function idx([type, width, shape]: (typeof kinds)[number]): Uint8Array {
  const bytes = [0, 0, type, shape.length];
  for (const d of shape) bytes.push(0, 0, 0, d);
  const count = shape.reduce<number>((product, d) => product * d, width);
  for (let i = 0; i < count; i++) bytes.push((i * 37) & 255);
  return Uint8Array.from(bytes);
}

const files = kinds.map(idx);

function mnist(count: number): { images: Uint8Array; labels: Uint8Array } {
  const images = new Uint8Array(16 + 784 * count).map((_, i) => (i * 7) & 255);
  images.set([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28]);
  const labels = new Uint8Array(8 + count).map((_, i) => i % 10);
  labels.set([0, 0, 8, 1, 0, 0, 0, count]);
  return { images, labels };
}

const [train, test] = [mnist(3), mnist(2)];
const mnistFiles = {
  trainImages: train.images,
  trainLabels: train.labels,
  testImages: test.images,
  testLabels: test.labels,
};
const mnistNames = Object.keys(mnistFiles) as (keyof typeof mnistFiles)[];

const strategies = [() => randomSearch({ trials: 5 }), () => successiveHalving({ trials: 4, maxEpochs: 4 })];

const searchWith = (
  journal: Journal,
  strategy: (typeof strategies)[number],
): Promise<SearchResults<unknown>> =>
  search({
    space: { x: uniform(0, 1) },
    strategy: strategy(),
    objective: { minimize: 'score' },
    trial: async ({ x }) => ({ score: (x - 0.3) ** 2 }),
    journal,
    seed: 3,
    progress: false,
  });

const optimizers: ((p: readonly Parameter[]) => Optimizer)[] = [
  (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9 }),
  (p) => new Adam(p, { learningRate: 0.01 }),
  (p) => new AdamW(p, { learningRate: () => 0.01 }),
  (p) => new RMSprop(p, { learningRate: 0.01, centered: true }),
  (p) => new Lion(p, { learningRate: 0.01 }),
];

const model = () => new Sequential([new Dense(2, 2, { rng: new Generator(1) })]);
const x = tensor([
  [1, 2],
  [3, -1],
]);

/** Sets an edited state. If it is refused, nothing has changed; if not, training goes on with finite values. */
async function restore<S>(
  target: { getState(): Promise<S>; setState(state: S): Promise<void> },
  edit: (state: S) => S,
  goOn: () => Promise<void>,
): Promise<void> {
  const before = await target.getState();
  const taken = await read(async () => {
    await target.setState(edit(before));
    return true;
  });
  if (taken === null) {
    if (!isDeepStrictEqual(await target.getState(), before))
      throw new Error('a refused state has changed something');
  } else await read(goOn);
}

/** The data as it is, or after a way through JSON. */
const throughJson = fc.boolean();
const transported = <S>(state: S, json: boolean): unknown =>
  json ? JSON.parse(JSON.stringify(state)) : state;

type ReadTensors = (bytes: Uint8Array) => Promise<Tensor[]>;

const allOf = (names: Iterable<string>, one: (name: string) => Promise<Tensor>): Promise<Tensor[]> =>
  Promise.all([...names].map(one));
const fromSafetensors: ReadTensors = async (bytes) => {
  const file = await readSafetensors(bytes);
  return allOf(file.entries.keys(), file.read);
};
const fromNpz: ReadTensors = async (bytes) => {
  const file = await readNpz(bytes);
  return allOf(file.names, file.read);
};
const fromNpy: ReadTensors = async (bytes) => [await readNpy(bytes)];

/** Files that NumPy and a script have written, of every element type, order and version. */
const reference = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../test/io/${name}`, import.meta.url), 'utf8'));
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
interface NumpyFiles {
  readonly cases: readonly { readonly file: string }[];
  readonly npz: { readonly file: string };
  readonly compressed: { readonly file: string };
}
const numpy = reference('npy.json') as NumpyFiles;
const safetensors = reference('safetensors.json') as { readonly file: string; readonly unaligned: string };

/** Files of tensors and their readers. */
const tensorFiles: readonly (readonly [file: Uint8Array, read: ReadTensors])[] = [
  ...numpy.cases.map(({ file }) => [fromHex(file), fromNpy] as const),
  [fromHex(numpy.npz.file), fromNpz],
  [fromHex(numpy.compressed.file), fromNpz],
  [fromHex(safetensors.file), fromSafetensors],
  [fromHex(safetensors.unaligned), fromSafetensors],
  [
    await writeSafetensors({ x, y: x.greater(0) }, { dtype: 'bfloat16', metadata: { a: 'b' } }),
    fromSafetensors,
  ],
  [await saveWeights(model()), fromSafetensors],
  [await saveWeights(model(), { dtype: 'float16' }), fromSafetensors],
  [await writeNpy(x), fromNpy],
  [await writeNpz({ x, y: x.greater(0) }), fromNpz],
  [await writeNpz({ x, y: x.greater(0) }, { compress: true }), fromNpz],
];
const weights = await saveWeights(model());

const savedModel = new Sequential([
  new Residual(new Dense(2, 2, { activation: 'relu', kernelPenalty: { l2: 0.1 } })),
  new LayerNorm(2, { name: 'norm' }),
] as Layer[]) as Layer;
savedModel.freeze();
const modelFile = await saveModel(savedModel, { optimizer: new Adam(savedModel.parameters()) });

interface ModelContent {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function contentOf(file: Uint8Array): Promise<ModelContent> {
  const { metadata, entries, read: readTensor } = await readSafetensors(file);
  const tensors = new Map<string, Tensor>();
  for (const name of entries.keys()) tensors.set(name, await readTensor(name));
  return { metadata, tensors };
}

const modelContent = await contentOf(modelFile);
const keys = Object.keys(modelContent.metadata).filter((key) => modelContent.metadata[key]!.startsWith('{'));

/** The JSON of a model file under one key with the edits. */
async function editedModel(
  { metadata, tensors }: ModelContent,
  key: string,
  list: Parameters<typeof edited>[1],
): Promise<Uint8Array> {
  const text = JSON.stringify(edited(JSON.parse(metadata[key]!), list)) ?? '';
  return writeSafetensors(tensors, { metadata: { ...metadata, [key]: text } });
}

/** A model that was loaded computes finite values and has the optimizer's state. */
async function expectModel(bytes: Uint8Array, input = x): Promise<void> {
  const loaded = await read(() => loadModel(bytes, { layers: kerasLayers }));
  if (loaded === null) return;
  await expectFinite(loaded.model.parameters());
  await read(async () => loaded.model.call(input).data());
  await read(() => saveModel(loaded.model));
}
const kerasFile = (name: string): Uint8Array =>
  readFileSync(new URL(`../../test/keras/fixtures/${name}`, import.meta.url));
const kerasFiles = ['sequential.keras', 'functional.keras', 'sequential.h5', 'functional.h5'].map(kerasFile);
const kerasModel = await loadKeras(kerasFiles[1]!);
const kerasContent = await contentOf(await saveModel(kerasModel));
const tfjsModels = JSON.parse(new TextDecoder().decode(kerasFile('tfjs.json'))).cases.map(
  ({ modelJson, shards }: { modelJson: object; shards: Record<string, string> }) =>
    [
      modelJson,
      new Map(Object.entries(shards).map(([path, data]) => [path, Buffer.from(data, 'base64')])),
    ] as const,
) as [modelJson: object, shards: ReadonlyMap<string, Uint8Array>][];
const shards = new MemoryStore();
await saveWeightFiles(model(), shards, { shardBytes: 10 });
const shardNames = [...shards.files.keys()];

export const readers: readonly Property[] = [
  property('idx', 500, fc.tuple(fc.constantFrom(...files), changes), async ([file, list]) => {
    const array = await read(async () => readIdx(mutated(file, list)));
    if (array !== null) expectArray(array);
  }),
  property(
    'gzip',
    100,
    fc.tuple(fc.constantFrom(...files), changes, changes),
    async ([file, inner, outer]) => {
      const compressed = new Uint8Array(gzipSync(mutated(file, inner)));
      const array = await read(() => decodeIdx(mutated(compressed, outer)));
      if (array !== null) expectArray(array);
    },
  ),
  property(
    'mnist',
    20,
    fc.tuple(fc.constantFrom(...mnistNames), changes, fc.boolean()),
    async ([name, list, zip]) => {
      const bytes = mutated(mnistFiles[name], list);
      const data = await read(() =>
        decodeMnist({ ...mnistFiles, [name]: zip ? new Uint8Array(gzipSync(bytes)) : bytes }),
      );
      for (const part of data === null ? [] : [data.train, data.test]) {
        const { images, labels } = part;
        if (images.data.length !== 784 * labels.data.length)
          throw new Error('images and labels differ in number');
        if (!labels.data.every((label) => label < 10)) throw new Error('a label above 9');
      }
    },
  ),
  property(
    'tensor files',
    500,
    fc.tuple(fc.constantFrom(...tensorFiles), changes),
    async ([[file, from], list]) => {
      for (const t of (await read(() => from(mutated(file, list)))) ?? []) {
        if ((await t.data()).length !== t.size)
          throw new Error(`${t.size} elements for the shape [${t.shape}]`);
      }
    },
  ),
  property('keras', 50, fc.tuple(fc.constantFrom(...kerasFiles), changes), async ([file, list]) => {
    const loaded = await read(() => loadKeras(mutated(file, list)));
    await expectFinite(loaded?.parameters() ?? []);
  }),
  property(
    'keras in zip',
    50,
    fc.tuple(fc.constantFrom(...kerasFiles.slice(0, 2)), edits, changes),
    async ([file, list, inner]) => {
      const parts = unzipSync(file);
      const config = JSON.parse(new TextDecoder().decode(parts['config.json']));
      const changed = zipSync({
        ...parts,
        'config.json': new TextEncoder().encode(JSON.stringify(edited(config, list))),
        'model.weights.h5': mutated(parts['model.weights.h5']!, inner),
      });
      const loaded = await read(() => loadKeras(changed));
      await expectFinite(loaded?.parameters() ?? []);
    },
  ),
  property(
    'tfjs',
    50,
    fc.tuple(fc.constantFrom(...tfjsModels), edits, changes),
    async ([[modelJson, shards], list, inner]) => {
      const readShard = async (path: string) => mutated(shards.get(path) ?? Uint8Array.of(), inner);
      const loaded = await read(() => loadTfjs(edited(modelJson, list) as object, readShard));
      await expectFinite(loaded?.parameters() ?? []);
    },
  ),
  property('shards', 300, fc.tuple(fc.constantFrom(...shardNames), changes), async ([name, list]) => {
    const open = async (file: string): Promise<Uint8Array | null> => {
      const bytes = shards.files.get(file) ?? null;
      return bytes !== null && file === name ? mutated(bytes, list) : bytes;
    };
    const tensors = await read(async () => {
      const file = await readSafetensors(await shardedSource(open));
      return allOf(file.entries.keys(), file.read);
    });
    for (const t of tensors ?? [])
      if ((await t.data()).length !== t.size) throw new Error(`shape [${t.shape}]`);
  }),
  property('weights', 100, fc.tuple(changes, fc.boolean()), async ([list, strict]) => {
    const layers = model();
    const before = await Promise.all(layers.parameters().map((p) => p.data()));
    if ((await read(() => loadWeights(layers, mutated(weights, list), { strict }))) === null) {
      const after = await Promise.all(layers.parameters().map((p) => p.data()));
      if (!isDeepStrictEqual(after, before)) throw new Error('a refused file has changed something');
    }
    await expectFinite(layers.parameters());
  }),
  property('model', 100, changes, (list) => expectModel(mutated(modelFile, list))),
  property('model configuration', 100, fc.tuple(fc.constantFrom(...keys), edits), async ([key, list]) =>
    expectModel(await editedModel(modelContent, key, list)),
  ),
  property('saved keras model', 20, edits, async (list) =>
    expectModel(await editedModel(kerasContent, 'model', list), zeros([2, ...kerasModel.inputShape()!])),
  ),
  property('journal', 10, fc.tuple(fc.constantFrom(...strategies), changes), async ([strategy, list]) => {
    const journal = new Memory();
    const first = await searchWith(journal, strategy);
    const text = new TextDecoder().decode(mutated(new TextEncoder().encode(journal.text), list));
    const again = await read(() => searchWith(new Memory(text), strategy));
    if (again === null) return;
    for (const { error, metrics } of again.runs)
      if (error === null && !Number.isFinite(metrics.score)) throw new Error(`a score of ${metrics.score}`);
    if (list.length === 0 && !isDeepStrictEqual(again.runs, first.runs)) throw new Error('other results');
  }),
  property(
    'optimizer state',
    10,
    fc.tuple(fc.constantFrom(...optimizers), edits, throughJson),
    async ([make, list, json]) => {
      const layers = model();
      const optimizer = make(layers.parameters());
      const step = () => optimizer.minimize(meanSquaredError(layers.call(x), x));
      await step();
      await restore(
        optimizer,
        (state) => edited(transported(state, json), list) as typeof state,
        async () => {
          await step();
          await step();
        },
      );
      await expectFinite(layers.parameters());
    },
  ),
  property('average state', 10, fc.tuple(edits, throughJson), async ([list, json]) => {
    const layers = model();
    const optimizer = new SGD(layers.parameters(), { learningRate: 0.1 });
    const average = new WeightAverage(layers.parameters(), { decay: 0.9 });
    const step = () => optimizer.minimize(meanSquaredError(layers.call(x), x), { average });
    await step();
    await restore(average, (state) => edited(transported(state, json), list) as typeof state, step);
    await expectFinite(layers.parameters());
  }),
  property('generator state', 200, edits, async (list) => {
    const generator = new Generator(5);
    const before = generator.getState();
    const taken = await read(async () => {
      generator.setState(edited(before, list) as typeof before);
      return true;
    });
    if (taken === null && !isDeepStrictEqual(generator.getState(), before)) throw new Error('changed');
    if (!(await generator.uniform([3]).data()).every((u) => u >= 0 && u < 1))
      throw new Error('not in [0, 1)');
  }),
];
