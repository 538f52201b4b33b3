import { unzipSync, zipSync } from 'fflate';
import { loadKeras } from 'ndgrad/keras';
import { expect, test } from 'vitest';
import { fixture, messageOf } from './support.ts';

const message = (file: Uint8Array): Promise<string> => messageOf(() => loadKeras(file));
const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

test('files of other kinds are refused', async () => {
  expect(await message(Uint8Array.of())).toBe(
    '[loadKeras] got a file of 0 bytes that is neither zip nor HDF5, wanted a .keras or .h5 file.',
  );
  expect(await message(text({ modelTopology: {} }))).toMatch(
    'model.json of TensorFlow.js is read by loadTfjs.',
  );
});

test('zip files without a configuration or weights, or with damaged ones, are refused', async () => {
  const parts = unzipSync(fixture('functional.keras'));
  const { 'model.weights.h5': weights, ...others } = parts;
  expect(await message(zipSync(others))).toMatch(
    "got a zip file with 'metadata.json', 'config.json', wanted config.json and model.weights.h5. Save the model with",
  );
  expect(await message(zipSync({ ...others, 'model.weights.npz': weights! }))).toMatch(
    "Its weights are a pickle; save the model with weights_format='h5', the default.",
  );
  expect(await message(zipSync({ ...parts, 'config.json': text('{"a":') }))).toMatch(
    'got config.json that is no JSON',
  );
  expect(await message(zipSync({ ...parts, 'config.json': Uint8Array.of(0xff) }))).toMatch(
    'config.json that is no JSON',
  );
  expect(await message(zipSync({ ...parts, 'config.json': text('null') }))).toMatch(
    'got a model of the class undefined',
  );
  expect(await message(zipSync({ ...parts, 'config.json': new Uint8Array(16_000_001) }))).toMatch(
    'got config.json with 16000001 bytes, wanted at most 16000000',
  );
  expect(await message(zipSync({ ...parts, 'model.weights.h5': weights!.subarray(0, 2000) }))).toMatch(
    /got an HDF5 file that can't be read|data beyond the end of the file/,
  );
});

test('weights of another model are listed', async () => {
  const small = unzipSync(fixture('functional.keras'));
  const large = unzipSync(fixture('sequential.keras'));
  const file = zipSync({ ...large, 'model.weights.h5': small['model.weights.h5']! });
  expect(await message(file)).toMatch(
    "got weights that don't fit the layers: 'first' has 0 weights under layers/conv2d/vars, wanted 2 weights; 'second' has",
  );
});

test('compressed data and other files of weights are refused', async () => {
  expect(await message(fixture('compressed.h5'))).toBe(
    "[loadKeras] got 'kernel:0' with data in pieces, wanted data in one piece. Write it without chunks and compression.",
  );
  const weights = unzipSync(fixture('functional.keras'))['model.weights.h5']!;
  expect(await message(weights)).toMatch(
    'got an HDF5 file without model_config and model_weights, wanted a whole model',
  );
});

test('every file that ends too early is refused or complete', async () => {
  for (const name of ['functional.h5', 'latest.h5']) {
    const file = fixture(name);
    for (let length = 0; length < file.length; length += 211) {
      const got = await loadKeras(file.subarray(0, length)).then(
        () => 'a model',
        (error: Error) => error.message,
      );
      expect(got, `${name}, ${length} bytes`).toMatch(/^(a model$|\[loadKeras\] got )/);
    }
  }
});

test('addresses that lead in circles end with an error', async () => {
  for (const name of ['functional.h5', 'latest.h5']) {
    const file = fixture(name);
    const view = new DataView(file.buffer);
    const isAddress = (at: number): boolean => {
      const value = view.getBigUint64(at, true);
      return value >= 48n && value < BigInt(file.length);
    };
    // Version 2 of the format does not align them.
    const step = name === 'latest.h5' ? 1 : 8;
    const places: number[] = [];
    for (let at = 0; at + 8 <= file.length && places.length < 150; at += step)
      if (isAddress(at)) places.push(at);
    const addresses = places.map((at) => view.getBigUint64(at, true));
    expect(places.length).toBeGreaterThan(10);
    for (const [i, at] of places.entries()) {
      const changed = file.slice();
      new DataView(changed.buffer).setBigUint64(at, addresses[(i * 7) % addresses.length]!, true);
      await loadKeras(changed).catch((error: Error) => {
        if (!/^\[loadKeras\] /.test(error.message)) throw error;
      });
    }
  }
});
