import { describe, expect, it } from 'vitest';
import {
  Adam,
  Dense,
  Generator,
  loadModel,
  loadWeights,
  ones,
  Sequential,
  saveModel,
  saveWeights,
  tensor,
  zeros,
} from '../../src/index.ts';
import {
  readSafetensors,
  saveModelFiles,
  saveWeightFiles,
  shardedSource,
  writeSafetensors,
  writeShardedSafetensors,
} from '../../src/io.ts';
import { NonFiniteError, ValueError } from '../../src/ir/errors.ts';
import { MemoryStore } from './memory-store.ts';
import { errorOf } from './support.ts';

const INDEX = 'model.safetensors.index.json';
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const utf8 = (string: string): Uint8Array => new TextEncoder().encode(string);
const tensors = {
  b: tensor([1, 2, 3]),
  a: tensor([[1], [2]]),
  labels: tensor([4, 5], { dtype: 'int32' }),
  flags: tensor([true, false, true], { dtype: 'bool' }),
  large: zeros([10]),
  none: zeros([0, 3]),
};

/** Files as Hugging Face's libraries write them (`huggingface_hub`, `save_torch_state_dict`): two shards, and an index. */
async function hugging(): Promise<Record<string, Uint8Array>> {
  const metadata = { format: 'pt' };
  return {
    'model-00001-of-00002.safetensors': await writeSafetensors(
      { 'fc.weight': tensor([[1, 2]]), 'fc.bias': tensor([3]) },
      { metadata },
    ),
    'model-00002-of-00002.safetensors': await writeSafetensors(
      { 'out.weight': tensor([[4]]) },
      { metadata, dtype: 'float16' },
    ),
    [INDEX]: utf8(`{
  "metadata": {
    "total_parameters": 4,
    "total_size": 14
  },
  "weight_map": {
    "fc.bias": "model-00001-of-00002.safetensors",
    "fc.weight": "model-00001-of-00002.safetensors",
    "out.weight": "model-00002-of-00002.safetensors"
  }
}
`),
  };
}
const storeOf = (files: Record<string, Uint8Array>): MemoryStore => {
  const store = new MemoryStore();
  for (const [name, bytes] of Object.entries(files)) store.files.set(name, bytes);
  return store;
};

describe('writeShardedSafetensors writes', () => {
  it('one file if everything fits', async () => {
    const store = new MemoryStore();
    await writeShardedSafetensors(store, tensors, { metadata: { a: 'b' } });
    expect([...store.files.keys()]).toEqual(['model.safetensors']);
    expect(store.files.get('model.safetensors')).toEqual(
      await writeSafetensors(tensors, { metadata: { a: 'b' } }),
    );
  });

  it('files of limited size, and an index at the end', async () => {
    const store = new MemoryStore();
    await writeShardedSafetensors(store, tensors, { name: 'net', shardBytes: 20, metadata: { a: 'b' } });
    expect(store.calls).toEqual([
      'write net-00001-of-00003.safetensors',
      'write net-00002-of-00003.safetensors',
      'write net-00003-of-00003.safetensors',
      'write net.safetensors.index.json',
    ]);
    expect(text(store.files.get('net.safetensors.index.json'))).toBe(`{
  "metadata": {
    "total_size": 71
  },
  "weight_map": {
    "b": "net-00001-of-00003.safetensors",
    "a": "net-00001-of-00003.safetensors",
    "labels": "net-00002-of-00003.safetensors",
    "flags": "net-00002-of-00003.safetensors",
    "large": "net-00003-of-00003.safetensors",
    "none": "net-00003-of-00003.safetensors"
  }
}
`);
    // Each shard is a file of its own.
    const second = await readSafetensors(store.files.get('net-00002-of-00003.safetensors')!);
    expect([...second.entries.keys()]).toEqual(['labels', 'flags']);
    expect(second.metadata).toEqual({ a: 'b' });
  });

  it('over older sets, which are never mixed with the new one', async () => {
    const store = new MemoryStore();
    await writeShardedSafetensors(store, tensors, { shardBytes: 1 });
    expect(store.files.size).toBe(6);
    store.files.set('model-00001-of-00002.safetensors.txt', utf8('another'));
    store.files.set('another-00001-of-00002.safetensors', utf8('another'));
    store.calls.length = 0;
    await writeShardedSafetensors(store, tensors, { shardBytes: 20 });
    expect(store.calls.slice(0, 6)).toEqual([
      `remove ${INDEX}`,
      'write model-00001-of-00003.safetensors',
      'write model-00002-of-00003.safetensors',
      'write model-00003-of-00003.safetensors',
      `write ${INDEX}`,
      'remove model-00001-of-00005.safetensors',
    ]);
    expect(store.files.size).toBe(6);
    store.calls.length = 0;
    await writeShardedSafetensors(store, tensors);
    expect(store.calls.slice(0, 2)).toEqual(['write model.safetensors', `remove ${INDEX}`]);
    expect(store.files.size).toBe(3);
    store.calls.length = 0;
    await writeShardedSafetensors(store, tensors, { shardBytes: 20 });
    expect(store.calls.at(-1)).toBe('remove model.safetensors');
  });

  it('nothing but errors for wrong arguments', async () => {
    const store = new MemoryStore();
    const cases: [object, RegExp][] = [
      [{ shardBytes: 0 }, /got shardBytes 0, wanted a whole number of bytes from 1 up/],
      [{ shardBytes: 1.5 }, /got shardBytes 1.5/],
      [{ name: '../a' }, /got the file name '..\/a-0/],
      [{ name: 3 }, /got name 3, wanted a string/],
      [{ dtype: 'float64' }, /got dtype 'float64'/],
      [{ metadata: { a: 1 } }, /got 1 for 'a' in metadata/],
    ];
    for (const [options, message] of cases) {
      const error = await errorOf(() => writeShardedSafetensors(store, tensors, options));
      expect(error).toBeInstanceOf(ValueError);
      expect(error.message).toMatch(message);
    }
    const error = await errorOf(() => writeShardedSafetensors({ write: 1 } as never, tensors));
    expect(error.message).toBe(
      '[writeShardedSafetensors] got store an object, wanted a Store such as folderStore(path) or opfsStore().',
    );
    const infinite = { x: tensor([1e6]) };
    expect(
      await errorOf(() => writeShardedSafetensors(store, infinite, { dtype: 'float16' })),
    ).toBeInstanceOf(NonFiniteError);
    expect(store.files.size).toBe(0);
  });
});

describe('shardedSource reads', () => {
  it.each([1, 20, 30, 1000])('what was written with shardBytes %d', async (shardBytes) => {
    const store = new MemoryStore();
    await writeShardedSafetensors(store, tensors, { shardBytes, metadata: { a: 'b' } });
    const file = await readSafetensors(await shardedSource(store));
    expect(file.metadata).toEqual({ a: 'b' });
    expect([...file.entries.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, wanted] of Object.entries(tensors)) {
      const got = await file.read(name);
      expect([got.shape, got.dtype, await got.toArray()]).toEqual([
        wanted.shape,
        wanted.dtype,
        await wanted.toArray(),
      ]);
    }
  });

  it('the files of Hugging Face, from a store or a function', async () => {
    const files = await hugging();
    const openers = [
      shardedSource(storeOf(files)),
      shardedSource(async (name) => files[name] ?? null),
      shardedSource(async (name) => files[name]!, INDEX),
    ];
    for (const source of openers) {
      const file = await readSafetensors(await source);
      expect(file.metadata).toEqual({ format: 'pt' });
      expect(await (await file.read('fc.weight')).toArray()).toEqual([[1, 2]]);
      expect(await (await file.read('out.weight')).toArray()).toEqual([[4]]);
      expect(file.entries.get('out.weight')).toMatchObject({ dtype: 'F16', shape: [1, 1] });
    }
  });

  it('headers, and then only what is asked for', async () => {
    const store = new MemoryStore();
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`t${i}`, zeros([1000])]));
    await writeShardedSafetensors(store, many, { shardBytes: 4000 });
    store.calls.length = 0;
    const file = await readSafetensors(await shardedSource(store));
    expect(store.calls).toHaveLength(22);
    expect(store.bytesRead).toBeLessThan(20 * 150 + 3000);
    const before = store.bytesRead;
    await file.read('t7');
    expect(store.bytesRead).toBe(before + 4000);
  });

  it('across shards', async () => {
    const store = new MemoryStore();
    await writeShardedSafetensors(store, tensors, { shardBytes: 1 });
    const source = await shardedSource(store);
    const whole = await source.read(0, source.size);
    for (const [from, length] of [
      [0, 0],
      [source.size, 0],
      [0, 9],
      [source.size - 60, 55],
      [source.size - 71, 71],
    ] as const)
      expect([...(await source.read(from, length))]).toEqual([...whole.subarray(from, from + length)]);
    expect((await readSafetensors(whole)).entries.size).toBe(6);
  });

  it('bytes that the caller may change afterwards', async () => {
    const files = await hugging();
    const file = await readSafetensors(await shardedSource(async (name) => files[name] ?? null));
    const read = await file.read('fc.bias');
    for (const bytes of Object.values(files)) bytes.fill(0);
    expect(await read.toArray()).toEqual([3]);
  });

  const first = 'model-00001-of-00002.safetensors';
  const change = (file: string, from: string, to: string) => (files: Record<string, Uint8Array>) => ({
    ...files,
    [file]: utf8(text(files[file]).replaceAll(from, to)),
  });
  it.each<[string, (files: Record<string, Uint8Array>) => Record<string, Uint8Array | undefined>, RegExp]>([
    [
      'no index',
      (f) => ({ ...f, [INDEX]: undefined }),
      /no file 'model.safetensors', wanted it or 'model.safet/,
    ],
    [
      'a missing shard',
      (f) => ({ ...f, [first]: undefined }),
      /no file 'model-00001-of-00002.safetensors', wanted/,
    ],
    [
      'a damaged shard',
      (f) => ({ ...f, [first]: f[first]!.slice(0, -1) }),
      /\[shardedSource\] model-00001.*: got a/,
    ],
    [
      'another shard',
      (f) => ({ ...f, [first]: f['model-00002-of-00002.safetensors'] }),
      /'out.weight' in 'model-0/,
    ],
    [
      'a tensor that the index lacks',
      change(INDEX, '"fc.bias"', '"fc.other"'),
      /got 'fc.bias' in 'model-00001/,
    ],
    [
      'a tensor that a shard lacks',
      change(INDEX, '"fc.bias"', '"fc.more": "model-00001-of-00002.safetensors", "fc.bias"'),
      /got no 'fc.more' in 'model-00001-of-00002.safetensors', wanted it there/,
    ],
    [
      'a path in the index',
      change(INDEX, 'model-00002', '../model-00002'),
      /got '\.\.\/model-00002.*beside it/,
    ],
    [
      'a name twice',
      change(INDEX, '"fc.weight"', '"fc.bias"'),
      /got a text in 'model.safetensors.index.json' that can't be read, wanted JSON with each name once/,
    ],
    ['no JSON', (f) => ({ ...f, [INDEX]: utf8('{"weight_map":') }), /a text in 'model.*' that can't be read/],
    [
      'no map',
      (f) => ({ ...f, [INDEX]: utf8('{"weight_map":[]}') }),
      /a text in 'model.*' that can't be read/,
    ],
    [
      'deep JSON',
      (f) => ({ ...f, [INDEX]: utf8('{"a":'.repeat(1e5)) }),
      /a text in 'model.*' that can't be read/,
    ],
  ])('with an error for %s', async (_what, damage, message) => {
    const files = damage(await hugging());
    const error = await errorOf(() => shardedSource(async (name) => files[name] ?? null));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[shardedSource\] /);
    expect(error.message).toMatch(message);
  });
});

describe('saveModelFiles', () => {
  it.each([30, 1e9])('writes files of %d bytes that loadModel reads', async (shardBytes) => {
    const store = new MemoryStore();
    const model = new Sequential([new Dense(5, 4), new Dense(4, 3, { activation: 'relu' })]);
    const optimizer = new Adam(model.parameters());
    await optimizer.minimize(model.call(ones([2, 5])).sum());
    await saveModelFiles(model, store, { optimizer, shardBytes, name: 'net' });
    const loaded = await loadModel(await shardedSource(store, 'net.safetensors'));
    expect(await saveModel(loaded.model)).toEqual(await saveModel(model));
    expect(loaded.optimizerState).toEqual(await optimizer.getState());
    if (shardBytes > 1000)
      expect(store.files.get('net.safetensors')).toEqual(await saveModel(model, { optimizer }));
    else expect(store.files.size).toBeGreaterThan(3);
  });
});

describe('saveWeightFiles', () => {
  const model = (seed: number): Sequential => {
    const rng = new Generator(seed);
    return new Sequential([new Dense(5, 4, { rng }), new Dense(4, 3, { rng })]) as never;
  };
  const valuesOf = (of: Sequential) => Promise.all(of.parameters().map((p) => p.data()));

  it.each([30, 1e9])('writes files of %d bytes that loadWeights reads', async (shardBytes) => {
    const store = new MemoryStore();
    const [from, to] = [model(1), model(2)];
    await saveWeightFiles(from, store, { shardBytes, name: 'net' });
    await loadWeights(to, await shardedSource(store, 'net.safetensors'));
    expect(await valuesOf(to)).toEqual(await valuesOf(from));
    if (shardBytes > 1000) expect(store.files.get('net.safetensors')).toEqual(await saveWeights(from));
    else expect(store.files.size).toBeGreaterThan(3);
  });

  it('writes half floats', async () => {
    const store = new MemoryStore();
    await saveWeightFiles(model(1), store, { dtype: 'bfloat16' });
    expect(store.files.get('model.safetensors')).toEqual(await saveWeights(model(1), { dtype: 'bfloat16' }));
  });
});
