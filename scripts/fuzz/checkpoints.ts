// Checkpoints with mutated bytes, as they are and under the checksum that they have then, and with other contents.
import fc from 'fast-check';
import {
  Adam,
  checkpoint,
  Dense,
  earlyStopping,
  fit,
  Generator,
  type Layer,
  loadWeights,
  meanSquaredError,
  WeightAverage,
} from 'ndgrad';
import { MeanSquaredError } from '../../src/metrics/regression.ts';
import { type Content, filePartsOf, readFile } from '../../src/train/checkpoint/file.ts';
import { type StoredTensor, StoredTensors } from '../../src/train/checkpoint/stored-tensor.ts';
import { crc32 } from '../../src/util/crc32.ts';
import { MemoryStore } from '../../test/train/checkpoint/memory-store.ts';
import { expectFinite, read } from './expect.ts';
import { changes, edited, edits, mutated } from './mutations.ts';
import { type Property, property } from './property.ts';

const data = { x: [[1], [2], [3], [4]], y: [[2], [3], [5], [7]] };
const name = 'checkpoint-000001.safetensors';

/** Trains a model, and goes on from the file if there is one. */
async function train(model: Layer, store: MemoryStore): Promise<void> {
  await fit(model, data, {
    loss: meanSquaredError,
    optimizer: new Adam(model.parameters(), { learningRate: 0.1 }),
    average: new WeightAverage(model.parameters(), { decay: 0.5 }),
    metrics: [new MeanSquaredError()],
    callbacks: [earlyStopping({ monitor: 'loss', patience: 5 })],
    batchSize: 2,
    epochs: 2,
    seed: 1,
    progress: false,
    checkpoint: checkpoint(store, { every: { steps: 1 }, keep: 9, monitor: 'loss' }),
    resume: 'auto',
  });
}

const newModel = (): Layer => new Dense(1, 1, { rng: new Generator(1) });

const written = new MemoryStore();
await train(newModel(), written);
/** Checkpoints within an epoch, at its end, and of finished training; no Buffers, whose `slice` makes no copy. */
const files = Array.from(written.files.values(), (bytes) => Uint8Array.from(bytes));

/** Resumes from a file. Warnings about damaged files are not printed. */
async function expectResumed(bytes: Uint8Array): Promise<void> {
  const { warn } = console;
  console.warn = () => {};
  try {
    const model = newModel();
    await read(() => train(model, MemoryStore.of([[name, bytes]])));
    await expectFinite(model.parameters());
    await read(() => loadWeights(newModel(), bytes));
  } finally {
    console.warn = warn;
  }
}

/** The file with the checksum that belongs to its bytes. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const [copy, at] = [bytes.slice(), 8 + '{"__metadata__":{"crc32":"'.length];
  const put = (text: string): void =>
    copy.set(new TextEncoder().encode(text).subarray(0, copy.length - at), at);
  if (copy.length < at + 8) return copy;
  put('00000000');
  put(crc32(copy).toString(16).padStart(8, '0'));
  return copy;
}

const asSource = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: async (at: number, length: number) => bytes.slice(at, at + length),
});

/** The file with edits of its texts and tensors; null if no file can hold that. */
async function withEdits(bytes: Uint8Array, list: Parameters<typeof edited>[1]): Promise<Uint8Array | null> {
  const { tensors, texts } = await readFile(name, asSource(bytes));
  const parsed = Object.entries(texts).map(([key, text]) => [
    key,
    text.startsWith('{') ? JSON.parse(text) : text,
  ]);
  const plain = edited({ texts: Object.fromEntries(parsed), tensors: tensors.sorted() }, list) as {
    texts: Record<string, unknown>;
    tensors: [string, StoredTensor][];
  };
  try {
    const stored = new StoredTensors();
    for (const [key, value] of plain.tensors) stored.set(key, value);
    const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
    const changed = Object.entries(plain.texts).map(([key, value]) => [key, text(value)] as const);
    const content: Content = { tensors: stored, texts: Object.fromEntries(changed) };
    const parts: Uint8Array[] = [];
    for await (const part of filePartsOf(content)) parts.push(part);
    return new Uint8Array(Buffer.concat(parts));
  } catch {
    return null;
  }
}

export const checkpoints: readonly Property[] = [
  property(
    'checkpoint',
    20,
    fc.tuple(fc.constantFrom(...files), changes, fc.boolean()),
    async ([file, list, valid]) => {
      const bytes = mutated(file, list);
      await expectResumed(valid ? withChecksum(bytes) : bytes);
    },
  ),
  property('checkpoint content', 20, fc.tuple(fc.constantFrom(...files), edits), async ([file, list]) => {
    const bytes = await withEdits(file, list);
    if (bytes !== null) await expectResumed(bytes);
  }),
];
